"""How values of attributes are written for people, and how what people typed becomes a value again."""

import math
import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _

from embudo.core.money import TOO_MUCH
from embudo.leads.models import Attribute
from embudo.leads.naming import option_label
from embudo.ui import figures

LONGEST = 1000
SPACES = "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}"
EXAMPLE = Decimal("12000.50")


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


def value_typed(attribute: Attribute, texts: list[str], *, written: bool = False) -> Any:
    """Return the value that was typed or chosen, None when it was cleared; raises BadValue.

    `written`: an address of ours holds it, as `value_written` puts it there, whatever the reader's language. What a
    value of an attribute must be like besides its kind is said in leads/checking.py.
    """
    kept = [text.strip()[:LONGEST] for text in texts if text.strip()]
    if attribute.kind == "choices":
        return kept or None
    if not kept:
        return None
    match attribute.kind:
        case "number" | "money":
            return _number_written(kept[0]) if written else number_typed(kept[0])
        case "boolean":
            if kept[0] not in ("yes", "no"):
                raise BadValue(_("Choose yes, no or unknown."))
            return kept[0] == "yes"
        case "date" if not written:
            if (day := _day(kept[0])) is None:
                words = _("“%(value)s” is no date. Write it as year-month-day, such as 2026-03-02.")
                raise BadValue(words % {"value": kept[0]})
            return day.isoformat()
    return kept[0]


def value_written(value: object) -> str:
    """Return one value as an address holds it: a number as Python writes it, in every language."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def number_typed(text: str) -> int | float:
    """Return the number that was typed in the reader's way; raises BadValue.

    Thousands are set apart by the reader's sign or by spaces, by points, too, where a comma is the decimal sign; in
    groups of three. Anything else is refused: a number of another language ("12.000,50" in English) would else be kept
    as another number. So is a number with three decimals and no thousands, which means thousands elsewhere.
    """
    text = text.strip().replace(figures.MINUS, "-")
    thousands, point = (formats.get_format(f"{name}_SEPARATOR") for name in ("THOUSAND", "DECIMAL"))
    read = grouped(text, point=point, thousands={thousands, *("." if point == "," else "")})
    if read is None:
        raise _no_number()
    if not read["sign"] and _means_two(read["whole"], read["rest"] or ""):
        words = _("“%(value)s” can mean two numbers. Write %(large)s, or %(small)s.")
        raise BadValue(words % {"value": text, "large": text.replace(point, ""), "small": f"{text}0"})
    number = decimal_of(read)
    if abs(number) >= TOO_MUCH:
        raise BadValue(_("This number is too large. Write one below %(most)s.") % {"most": figures.number(TOO_MUCH)})
    return int(number) if number == int(number) else float(number)


def grouped(text: str, *, point: str, thousands: Iterable[str]) -> "re.Match[str] | None":
    """Return the parts of a number with this decimal sign: minus, whole, sign (of thousands), rest; None if it is none.

    Thousands are set apart by one of these signs or by spaces, in groups of three and from the first group on.
    """
    for space in SPACES:
        text = text.replace(space, " ")
    read = _written_with(point, "".join(sorted({*thousands, " "} - {*SPACES, point, ""}))).fullmatch(text)
    return read if read is not None and (read["whole"] or read["rest"]) else None


@lru_cache
def _written_with(point: str, thousands: str) -> "re.Pattern[str]":
    whole = rf"[1-9][0-9]{{0,2}}(?P<sign>[{re.escape(thousands)}])[0-9]{{3}}(?:(?P=sign)[0-9]{{3}})*|[0-9]+"
    return re.compile(rf"(?P<minus>[+-]?) ?(?P<whole>{whole}|)(?:{re.escape(point)}(?P<rest>[0-9]+))?")


def decimal_of(read: "re.Match[str]") -> Decimal:
    """Return the number of the parts that `grouped` found."""
    digits = "".join(each for each in read["whole"] if each.isdigit())
    return Decimal(f"{read['minus']}{digits or 0}.{read['rest'] or 0}")


def number_kept(number: float) -> str:
    """Return a number in the reader's way, as `number_typed` reads it."""
    text = formats.localize_input(number)
    whole, _point, rest = text.lstrip("-").partition(formats.get_format("DECIMAL_SEPARATOR"))
    return f"{text}0" if _means_two(whole, rest) else text


def _means_two(whole: str, rest: str) -> bool:
    """Whether three decimals could be thousands of a reader elsewhere."""
    return whole not in ("", "0") and len(whole) <= 3 and len(rest) == 3


def _number_written(text: str) -> int | float:
    try:
        number = int(text) if re.fullmatch("-?[0-9]{1,18}", text) else float(text)
    except ValueError:
        raise _no_number() from None
    if not math.isfinite(number):
        raise _no_number()
    return number


def _no_number() -> BadValue:
    return BadValue(_("Write a number, such as %(example)s.") % {"example": figures.number(EXAMPLE, 2)})


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text).date()
    except ValueError:
        return None
