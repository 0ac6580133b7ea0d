"""How values of attributes are written for people, and how what people typed becomes a value again."""

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _

from embudo.leads.models import Attribute
from embudo.leads.naming import option_label
from embudo.ui import figures

LONGEST = 1000


class BadValue(ValueError):
    """What was typed is no value of this kind; the message says what is expected."""


def value_shown(attribute: Attribute, value: Any) -> str:
    """Return a value as people read it."""
    if value is None or value == "":
        return figures.NONE
    if isinstance(value, list | tuple):
        return ", ".join(value_shown(attribute, each) for each in value) or figures.NONE
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int | float):
        return figures.number(value, 0 if value == int(value) else 2)
    if attribute.kind == "date" and (day := _day(str(value))):
        return formats.date_format(day, "DATE_FORMAT")
    return option_label(attribute.name, value)


def value_typed(attribute: Attribute, texts: list[str]) -> Any:
    """Return the value that was typed or chosen, None when it was cleared; raises BadValue."""
    kept = [text.strip()[:LONGEST] for text in texts if text.strip()]
    if attribute.kind == "choices":
        return kept or None
    if not kept:
        return None
    match attribute.kind:
        case "number" | "money":
            return number_typed(kept[0])
        case "boolean":
            return kept[0] == "yes"
        case "date":
            if _day(kept[0]) is None:
                raise BadValue(_("Write a date as year-month-day, such as 2026-03-02."))
            return kept[0]
    return kept[0]


def number_typed(text: str) -> int | float:
    """Return the number that was typed in the reader's way; raises BadValue."""
    try:
        number = Decimal(_plain("".join(text.split())))
    except InvalidOperation:
        raise BadValue(_("Write a number.")) from None
    if not number.is_finite() or abs(number) >= 10**15:
        raise BadValue(_("Write a number."))
    return int(number) if number == int(number) else float(number)


def _plain(text: str) -> str:
    """A number as Python reads it: "1.250,5" where the comma is decimal, and "5.5" there too: no thousands end so."""
    point = formats.get_format("DECIMAL_SEPARATOR")
    other = "." if point == "," else ","
    if point in text:
        return text.replace(other, "").replace(point, ".")
    groups = text.split(other)
    thousands = len(groups) > 2 or (len(groups) == 2 and len(groups[1]) == 3)
    return text.replace(other, "" if thousands else ".")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text).date()
    except ValueError:
        return None
