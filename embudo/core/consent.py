"""What somebody agreed to: what a site may record of a visitor then, and which consent to a purpose is in force.

The first is asked of each message (DESIGN 9.15), the second of a person's facts (9.9).
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple, Protocol, TypeVar

from embudo.core.event import Event, Verdict

CONSENT_GIVEN, CONSENT_WITHDRAWN = "consent_given", "consent_withdrawn"
EVERYTHING = ""  # where a withdrawal that names no purpose stands
VISITS = "profiling"  # the purpose of a yes that names none: a visitor lets a site record their visits


class _Ordered(Protocol):
    """Something that was said, with its place in the order of facts."""

    @property
    def order(self) -> tuple[int, str, str]: ...


Ordered = TypeVar("Ordered", bound=_Ordered)


class ConsentMode(StrEnum):
    """What a site asks of its visitors before it records them."""

    REQUIRED = "required"  # nothing before consent
    IMPLIED = "implied"  # everything until somebody objects
    COOKIELESS = "cookieless"  # nothing kept in the browser; a visitor is one day's salted hash


class Consent(StrEnum):
    """What this visitor answered."""

    GIVEN = "given"
    REFUSED = "refused"
    UNASKED = "unasked"


class Answer(NamedTuple):
    """What came along about consent: the answer, and to which purposes it was yes."""

    consent: Consent
    purposes: Mapping[str, bool] | None = None


def consent_of(answer: Answer | None, *, objects: bool) -> Consent:
    """Return what a visitor answered; an objection by the browser (GPC, DNT) is a refusal whatever else is said."""
    if objects:
        return Consent.REFUSED
    return answer.consent if answer else Consent.UNASKED


def allows(mode: ConsentMode, consent: Consent) -> bool:
    """Return whether a site of this mode may record a visitor with this answer."""
    return consent is Consent.GIVEN or (consent is Consent.UNASKED and mode is not ConsentMode.REQUIRED)


def receipt(mode: ConsentMode, consent: Consent, answer: Answer | None, *, objects: bool) -> Mapping[str, Any]:
    """Return what an event keeps of the consent it came with."""
    if answer is None and not objects:
        return {}
    kept: dict[str, Any] = {"state": consent.value, "mode": mode.value}
    if answer and answer.purposes is not None:
        kept["purposes"] = answer.purposes
    if objects:
        kept["objects"] = True
    return kept


def agreed(event: Event) -> Mapping[str, bool] | None:
    """Return yes or no to each purpose that a fact answers; empty: no to every purpose; None: it answers none.

    A yes counts when a human said it, a no unless a machine did: a scanner that follows links agrees to nothing.
    """
    if event.kind not in (CONSENT_GIVEN, CONSENT_WITHDRAWN) or event.verdict is Verdict.MACHINE:
        return None
    given = event.kind == CONSENT_GIVEN
    purpose, several = event.props.get("purpose"), event.props.get("purposes")
    if isinstance(purpose, str) and purpose:
        answers = {purpose: given}
    elif isinstance(several, Mapping) and given:
        answers = {str(name): answer is True for name, answer in several.items()}
    else:
        answers = {VISITS: True} if given else {}
    if event.verdict is Verdict.HUMAN or not given:
        return answers
    return {name: answer for name, answer in answers.items() if not answer} or None


def in_force(facts: Iterable[Event]) -> dict[str, tuple[bool, Event]]:
    """Return of each purpose the last answer and the fact that gave it, from the facts of one person in any order.

    Last is by event time, then id. A withdrawal that names no purpose takes back every yes that is
    earlier by that order.
    """
    standing: dict[str, tuple[bool, Event]] = {}
    for event in facts:
        take(standing, agreed(event), event)
    standing.pop(EVERYTHING, None)
    return standing


def take(standing: dict[str, tuple[bool, Ordered]], answers: Mapping[str, bool] | None, said: Ordered) -> None:
    """Let what `agreed` found in one fact more count in what stands of each purpose, whatever came before it.

    The last withdrawal that named no purpose stands under EVERYTHING.
    """
    if answers is None:
        return
    whole = standing.get(EVERYTHING)
    if not answers and (whole is None or said.order > whole[1].order):
        standing[EVERYTHING] = whole = (False, said)
        earlier = [purpose for purpose, (_answer, event) in standing.items() if event.order < said.order]
        standing.update(dict.fromkeys(earlier, whole))
    for purpose, answer in answers.items():
        if purpose == EVERYTHING:
            continue
        if purpose not in standing or said.order > standing[purpose][1].order:
            standing[purpose] = (answer, said) if whole is None or said.order > whole[1].order else whole
