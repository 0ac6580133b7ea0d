"""How values of attributes in JSON become what the log keeps: by the kind of the attribute, checked as in the app."""

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.contrib.auth import get_user_model

from embudo.doors.api.problem import invalid
from embudo.leads.attribute import catalogue
from embudo.leads.checking import checked
from embudo.leads.models import Attribute
from embudo.leads.showing import LONGEST, BadValue

MOST_CHOICES = 100
EXPECTED = {
    "text": "a text", "choice": "a text", "choices": "a list of texts", "number": "a number", "money": "a number",
    "date": "a date such as 2026-03-02", "boolean": "true or false",
}  # fmt: skip


def stated(
    given: Mapping[str, Any], known: Mapping[str, Any], attributes: Mapping[str, Attribute], *, all_of_it: bool = False
) -> dict[str, Any]:
    """Return the attributes of a request as they are stated; raises BadValue, which names the one that is wrong.

    `known` are those the person has by now: what is the same already is left out, unless `all_of_it` is stated.
    """
    found = {}
    for name, value in given.items():
        if name not in attributes:
            words = f"there is no attribute “{name[:80]}”; GET /api/v1/attributes lists those there are"
            raise BadValue(f"attributes: {words}")
        try:
            new = checked(attributes[name], _of_kind(attributes[name], value), {**known, **found})
        except BadValue as error:
            raise BadValue(f"attributes.{name}: {error}") from error
        if all_of_it or new != known.get(name):
            found[name] = new
    return found


def owner_of(mail: str | None, place: str = "body.owner") -> Any:
    """Return the user whom a request names as owner, None for nobody; raises Problem."""
    if mail is None:
        return None
    found = get_user_model().objects.filter(email=mail.strip().lower(), is_active=True).first()
    if found is None:
        raise invalid(place, "nobody with this mail address works here")
    return found


def changed(given: Mapping[str, Any], known: Mapping[str, Any], *, all_of_it: bool) -> dict[str, Any]:
    """Return the attributes of the body of a change as they are stated; raises Problem."""
    try:
        return stated(given, known, catalogue(), all_of_it=all_of_it)
    except BadValue as error:
        place, _colon, words = str(error).partition(": ")
        raise invalid(f"body.{place}", words) from error


def _of_kind(attribute: Attribute, value: Any) -> Any:
    if value is None or value == "" or value == []:
        return None
    fits = {
        "number": _is_number, "money": _is_number, "boolean": lambda each: isinstance(each, bool),
        "date": _is_day, "choices": _is_texts,
    }.get(attribute.kind, _is_text)  # fmt: skip
    if not fits(value):
        raise BadValue(f"it takes {EXPECTED[attribute.kind]}, of at most {LONGEST} signs")
    if isinstance(value, str):
        return value.strip() or None
    return int(value) if isinstance(value, float) and value == int(value) else value


def _is_number(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and abs(value) < 10**15


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MOST_CHOICES and all(map(_is_text, value)) and all(value)


def _is_day(value: Any) -> bool:
    try:
        return isinstance(value, str) and len(value) == 10 and bool(date.fromisoformat(value))
    except ValueError:
        return False
