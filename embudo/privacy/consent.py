"""How an answer to a purpose becomes a fact of the log, and what somebody's facts say today.

A receipt is the fact itself: purpose, wording (version, language, hash), act, form, how, and its time.
Which answer is in force is a rule of core/consent.py; it is asked of the person's facts each time, so that merges,
unmerges, late facts and erasures need nothing of their own here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from embudo.core.consent import CONSENT_GIVEN, CONSENT_WITHDRAWN, agreed, in_force
from embudo.core.event import Door, Event, Verdict, subject_of
from embudo.eventlog import Log, Outcome, Receipt
from embudo.leads.clock import EPOCH, now
from embudo.leads.history import counted
from embudo.leads.record import APP, NotRecorded, the_log
from embudo.privacy.models import NoWording, Purpose, Wording

MINUTE = timedelta(minutes=1)  # so exactly people write down when they were told


class Act(StrEnum):
    """What somebody did to agree or to withdraw."""

    TICKED = "ticked"  # a box of a form, which was empty before
    LINK = "link"  # the page of the person's own link
    ONE_CLICK = "one_click"  # the button of their mail program (RFC 8058)
    STAFF = "staff"  # somebody here wrote down what the person said
    IMPORTED = "imported"  # another system had it
    BROWSER = "browser"  # the consent call of a page


ACTS: dict[str, Promise] = {
    Act.TICKED: _("ticked a box"),
    Act.LINK: _("on the page of their link"),
    Act.ONE_CLICK: _("with the button of their mail program"),
    Act.STAFF: _("told somebody here"),
    Act.IMPORTED: _("came with an import"),
    Act.BROWSER: _("in the browser, on a page"),
}

HOW: dict[str, Promise] = {
    "phone": _("on the phone"),
    "in_person": _("in person"),
    "mail": _("in a mail"),
    "paper": _("on paper"),
    "other": _("otherwise"),
}


def given(wording: Wording, identifier: str, *, act: Act, id: str, **details: Any) -> Event:
    """Return the fact that somebody agreed, for those who append it together with others; details: see `fact`."""
    props = {
        "purpose": wording.purpose.code,
        "wording_version": wording.version,
        "wording_language": wording.language,
        "wording_hash": wording.hash,
    }
    return fact(CONSENT_GIVEN, props, identifier, act=act, id=id, **details)


def withdrawn(purpose: Purpose | str, identifier: str, *, act: Act, id: str, **details: Any) -> Event:
    """Return the fact that somebody takes their consent to a purpose back; an empty purpose: to all of them."""
    code = purpose if isinstance(purpose, str) else purpose.code
    props = {"purpose": code} if code else {}
    return fact(CONSENT_WITHDRAWN, props, identifier, act=act, id=id, **details)


def imported(purpose: str, identifier: str, *, yes: bool, id: str, **details: Any) -> Event:
    """Return the fact that another system had an answer; in which words they were asked there nobody knows here."""
    kind = CONSENT_GIVEN if yes else CONSENT_WITHDRAWN
    return fact(kind, {"purpose": purpose}, identifier, act=Act.IMPORTED, id=id, **details)


def written_down(
    purpose: Purpose, identifier: str, *, yes: bool, language: str, at: int, id: str, **details: Any
) -> Event:
    """Return the fact that somebody told us at `at` whether they agree: to the words that were in use in that minute.

    Before there were any, in which words they were asked nobody knows here.
    """
    details |= {"act": Act.STAFF, "at": at, "id": id}
    if not yes:
        return withdrawn(purpose, identifier, **details)
    try:
        wording = purpose.wording(language, before=EPOCH + timedelta(microseconds=at) + MINUTE)
    except NoWording:
        return fact(CONSENT_GIVEN, {"purpose": purpose.code}, identifier, **details)
    return given(wording, identifier, **details)


def fact(
    kind: str,
    props: dict[str, Any],
    identifier: str,
    *,
    act: Act,
    id: str,
    at: int | None = None,
    form: str = "",
    how: str = "",
    note: str = "",
    file: str = "",
    row: int = 0,
    by: Any = None,
    source: str = APP,
    door: Door = Door.APP,
    verdict: Verdict = Verdict.HUMAN,
    **columns: Any,
) -> Event:
    """Return the fact of an answer: whose (`identifier`, as "person:42" or "mail:ana@norte.mx"), when, by which act.

    `form` is the form's public id; `how` (phone, paper ...), `note` and the user `by` are of somebody here who wrote it
    down; `file` and `row` of an import, whose `note` says how they had agreed; `columns` are further ones of the event,
    such as anonymous_id, site and context.
    """
    moment = now()
    details = {"form": form, "how": how, "note": note, "file": file, "row": row}
    said = {**props, "act": act.value, **{name: value for name, value in details.items() if value}}
    author = {"by": by.pk, "by_name": str(by)} if by is not None else {}
    context = {**columns.pop("context", {}), **author}
    return Event(
        source=source, id=id, kind=kind, at=moment if at is None else at, received_at=moment, known_at=moment,
        identifier=identifier, subject=subject_of(identifier), door=door, verdict=verdict, props=said, context=context,
        **columns,
    )  # fmt: skip


def give(wording: Wording, identifier: str, *, act: Act, id: str, log: Log | None = None, **details: Any) -> Receipt:
    """Record that somebody agreed to these words and return where the fact stands; a repeat of the id counts once.

    Raises NotRecorded, or LogUnavailable: then nothing was kept.
    """
    return keep(given(wording, identifier, act=act, id=id, **details), log)


def withdraw(
    purpose: Purpose | str, identifier: str, *, act: Act, id: str, log: Log | None = None, **details: Any
) -> Receipt:
    """Record that somebody takes a consent back (an empty purpose: all of them); raises like `give`."""
    return keep(withdrawn(purpose, identifier, act=act, id=id, **details), log)


def keep(event: Event, log: Log | None = None) -> Receipt:
    """Record an answer; raises like `give`."""
    (receipt,) = (log or the_log()).append([event])
    if receipt.outcome not in (Outcome.ACCEPTED, Outcome.DUPLICATE):
        raise NotRecorded(receipt.outcome)
    return receipt


# -- what the facts say ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """One purpose as one person has answered it: yes, no, or not asked (`said` is None), with every answer, newest
    first."""

    code: str
    purpose: Purpose | None  # None: a purpose that only the facts know
    given: bool
    said: Event | None
    answers: tuple[tuple[bool, Event], ...]


def standings(history: Iterable[Event]) -> list[Standing]:
    """Return every purpose as the person of this history stands to it: those in use, then what else was answered."""
    facts = counted(history)
    force = in_force(facts)
    known = {purpose.code: purpose for purpose in Purpose.objects.prefetch_related("wordings")}
    codes = [code for code, purpose in known.items() if not purpose.archived or code in force]
    codes += sorted(code for code in force if code not in known)
    return [_standing(code, known.get(code), force.get(code), facts) for code in codes]


def has_consent(history: Iterable[Event], purpose: str) -> bool:
    """Return whether the person of this history agrees to a purpose now."""
    answer = in_force(counted(history)).get(purpose)
    return answer is not None and answer[0]


def _standing(code: str, purpose: Purpose | None, force: tuple[bool, Event] | None, facts: list[Event]) -> Standing:
    answers = []
    for event in sorted(facts, key=lambda each: each.order, reverse=True):
        told = agreed(event)
        if told is not None and force and (not told or code in told):
            answers.append((told.get(code, False), event))
    return Standing(code, purpose, bool(force and force[0]), force[1] if force else None, tuple(answers))
