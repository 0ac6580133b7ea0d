"""What a visitor agreed to, and what a site may record of them then (DESIGN 9.15)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from embudo.core.profile import snake_case


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


def consent_of(given: object, *, objects: bool) -> Consent:
    """Return what a visitor answered; an objection by the browser (GPC, DNT) is a refusal whatever else is said.

    Understood: {"state": "given"} and Segment's {"categoryPreferences": {"analytics": true}}.
    """
    if objects:
        return Consent.REFUSED
    if isinstance(given, dict):
        if given.get("state") in ("given", "refused"):
            return Consent(given["state"])
        preferences = given.get("categoryPreferences")
        if isinstance(preferences, dict) and preferences:
            return Consent.GIVEN if any(each is True for each in preferences.values()) else Consent.REFUSED
    return Consent.UNASKED


def allows(mode: ConsentMode, answer: Consent) -> bool:
    """Return whether a site of this mode may record a visitor with this answer."""
    return answer is Consent.GIVEN or (answer is Consent.UNASKED and mode is not ConsentMode.REQUIRED)


def receipt(mode: ConsentMode, answer: Consent, given: object, *, objects: bool) -> Mapping[str, Any]:
    """Return what an event keeps of the consent it came with."""
    if answer is Consent.UNASKED and not given:
        return {}
    kept: dict[str, Any] = {"state": answer.value, "mode": mode.value}
    purposes = (given.get("purposes") or given.get("categoryPreferences")) if isinstance(given, dict) else None
    if isinstance(purposes, dict):
        kept["purposes"] = {snake_case(key): value is True for key, value in purposes.items()}
    if objects:
        kept["objects"] = True
    return kept
