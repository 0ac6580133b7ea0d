"""What a value must be like before people here may state it: by the kind of the attribute, and by what it is called.

Phones and mail addresses become what the doors and imports make of them, so that they find the same person.
"""

from collections.abc import Callable, Mapping
from typing import Any

import phonenumbers
from django.utils.translation import gettext as _

from embudo.collector.traits import mail_of
from embudo.leads.countries import country_of
from embudo.leads.models import Attribute
from embudo.leads.phone import international
from embudo.leads.showing import BadValue
from embudo.ui import figures

RANGES = {"company_size": (0, 10_000_000), "age": (0, 130), "budget": (0, None)}
WHOLE = ("company_size", "age")


def checked(attribute: Attribute, value: Any, known: Mapping[str, Any]) -> Any:
    """Return the value as it is kept; raises BadValue. `known` are the attributes the person has by now."""
    if value is None:
        return None
    if attribute.options and attribute.kind in ("choice", "choices"):
        _among(attribute.options, value, known.get(attribute.name))
    if attribute.name in RANGES:
        within(attribute.name, value)
    check = BY_NAME.get(attribute.name)
    return check(value, known) if check else value


def within(name: str, value: Any) -> None:
    """Refuse a number that an attribute of RANGES cannot have; raises BadValue."""
    least, most = RANGES[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    if most is not None and not least <= value <= most:
        ends = {"least": figures.number(least), "most": figures.number(most)}
        raise BadValue(_("Write a number from %(least)s to %(most)s.") % ends)
    if value < least:
        raise BadValue(_("Write a number that is not below zero."))
    if name in WHOLE and value != int(value):
        raise BadValue(_("Write a whole number."))


def _among(options: list[Any], value: Any, held: Any) -> None:
    allowed = {*options, *(held if isinstance(held, list) else [held])}
    for each in value if isinstance(value, list) else [value]:
        if each not in allowed:
            words = _("“%(value)s” is none of the choices. Choose one of: %(choices)s.")
            raise BadValue(words % {"value": each, "choices": ", ".join(map(str, options))})


def _mail(value: Any, known: Mapping[str, Any]) -> str:
    found = mail_of(str(value))
    if found is None:
        words = _("“%(value)s” is no mail address. Write one such as ana@example.com.")
        raise BadValue(words % {"value": value})
    return found


def _phone(value: Any, known: Mapping[str, Any]) -> str:
    """A number without its country is one of the country the person is in."""
    country = country_of(str(known.get("country") or "")) or ""
    found = international(str(value), country)
    if found is None or not _is_possible(found):
        words = _("“%(value)s” is no phone number. Write it with the code of its country, such as +52 81 8123 4567.")
        raise BadValue(words % {"value": value})
    return found


def _is_possible(number: str) -> bool:
    """Whether a number of this length may exist in the country of its code."""
    try:
        return bool(phonenumbers.is_possible_number(phonenumbers.parse(number)))
    except phonenumbers.NumberParseException:
        return False


def _country(value: Any, known: Mapping[str, Any]) -> str:
    code = country_of(str(value))
    if code is None:
        words = _("No country is called “%(value)s”. Write its name, or its code such as MX.")
        raise BadValue(words % {"value": value})
    return code


BY_NAME: Mapping[str, Callable[[Any, Mapping[str, Any]], str]] = {"email": _mail, "phone": _phone, "country": _country}
