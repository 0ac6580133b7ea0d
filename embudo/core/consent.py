"""What a visitor agreed to, and what a site may record of them then (DESIGN 9.15)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple


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
