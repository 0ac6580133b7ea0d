"""How the text of a cell becomes a value: numbers, money, dates, yes and no, one or several choices."""

import csv
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from embudo.core.money import TOO_MUCH
from embudo.imports.words import marked as _
from embudo.leads.showing import decimal_of, grouped

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SAMPLE = datetime(2026, 1, 31, 13, 45, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
YES = frozenset({"1", "true", "yes", "y", "si", "sí", "sim", "s", "x", "on"})
NO = frozenset({"0", "false", "no", "n", "não", "nao", "off"})
ISO = "iso"  # among formats: as ISO 8601
AMOUNT = re.compile(r"([^0-9]*)([0-9](?:.*[0-9])?)([^0-9]*)", re.S)
EXPONENT = re.compile(r"(?<=[0-9])[eE][-+]?[0-9]{1,3}$")
MULTIPLES = frozenset("k m mm mil mi mio bn tsd".split())  # behind an amount: it is a thousand times what stands there
MINUS = "\N{MINUS SIGN}"
DIGITS = {
    "%Y": "(?P<year>[0-9]{4})", "%m": "(?P<month>[0-9]{2})", "%d": "(?P<day>[0-9]{2})",
    "%H": "(?P<hour>[0-9]{2})", "%M": "(?P<minute>[0-9]{2})", "%S": "(?P<second>[0-9]{2})",
}  # fmt: skip
KINDS = ("text", "number", "money", "choice", "choices", "date", "boolean")


class BadValue(ValueError):
    """A cell cannot be read as its kind; the message quotes it."""


@dataclass(frozen=True, slots=True)
class Conventions:
    """How this file writes dates, numbers and what is missing."""

    zone: str = "UTC"
    dates: tuple[str, ...] = ()
    decimal: str = "."
    missing: frozenset[str] = field(default_factory=frozenset)

    def present(self, text: str | None) -> str | None:
        """Return the text without its margins, or None when it means "not known"."""
        text = (text or "").strip()
        return None if not text or text in self.missing else text

    def instant(self, text: str, formats: Sequence[str] = ()) -> int:
        """Return the microseconds since 1970 of a date; raises BadValue."""
        moment = self._moment(text, formats or self.dates)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(self.zone))
        return (moment - EPOCH) // MICROSECOND

    def _moment(self, text: str, formats: Sequence[str]) -> datetime:
        for form in formats:
            try:
                return datetime.fromisoformat(text) if form == ISO else _read_as(form, text)
            except ValueError:
                continue
        if formats:
            raise BadValue(_is_not_a_date(text, " / ".join(example(form) for form in formats)))
        try:
            return datetime.fromisoformat(text)
        except ValueError as error:
            raise BadValue(_is_not_a_date(text, "2026-01-31 / 2026-01-31T14:30:00")) from error

    def number(self, text: str) -> float | int:
        """Return the number of a text with this file's decimal sign; raises BadValue."""
        thousands = "," if self.decimal == "." else "."
        plain = text.strip().replace(MINUS, "-")
        if plain.isascii() and plain.isdecimal() and len(plain) < 16:
            return int(plain)  # most are; what follows reads them as well
        power = found_power[0] if (found_power := EXPONENT.search(plain)) else ""
        read = grouped(plain.removesuffix(power), point=self.decimal, thousands=(thousands, "'"))
        found = float(f"{decimal_of(read):f}{power}") if read else math.nan
        if not math.isfinite(found):
            raise BadValue(_("“%(text)s” is not a number") % {"text": text})
        if abs(found) >= TOO_MUCH:
            raise BadValue(_("“%(text)s” is too large a number") % {"text": text})
        return int(found) if found.is_integer() else found

    def _money(self, text: str) -> float | int:
        """The amount without its currency, before it or behind; in parentheses it is less than nothing."""
        around = AMOUNT.fullmatch(text.replace(MINUS, "-"))
        if around is None or around[3].strip().casefold() in MULTIPLES:
            raise BadValue(_is_no_money(text))
        before, digits, behind = around.groups()
        if before[-1:] == self.decimal and not before[-2:-1].isalpha() and before[-2:-1] != "/":
            digits = f"{self.decimal}{digits}"  # .50; in "Rs.50" and "S/.50" the point is of the currency
        marked = "-" in (before.strip()[:1], before.strip()[-1:], behind[:1])
        less = marked or ("(" in before and ")" in behind)
        try:
            return -self.number(digits) if less else self.number(digits)
        except BadValue as error:
            raise BadValue(_is_no_money(text)) from error

    def read(self, text: str, kind: str, *, separator: str = ";", values: Mapping[str, Any] | None = None) -> Any:
        """Return the value of a present text as `kind`; raises BadValue."""
        if values is not None and kind != "choices" and text in values:
            return values[text]
        match kind:
            case "number":
                return self.number(text)
            case "money":
                return self._money(text)
            case "boolean":
                return _yes_or_no(text)
            case "date":
                moment = EPOCH + timedelta(microseconds=self.instant(text))
                return moment.astimezone(ZoneInfo(self.zone)).date().isoformat()
            case "choices":
                return [(values or {}).get(each, each) for each in _several(text, separator)]
            case _:
                return text


def example(form: str) -> str:
    """Return a date as it is written in a form."""
    return SAMPLE.date().isoformat() if form == ISO else SAMPLE.strftime(form)


def _read_as(form: str, text: str) -> datetime:
    """The same as strptime, and several times as fast for a date of nothing but digits with their zeros."""
    plain = _digits_of(form)
    if plain is None or (found := plain.fullmatch(text)) is None:
        return datetime.strptime(text, form)
    return datetime(**{name: int(digits) for name, digits in found.groupdict().items()})  # type: ignore[arg-type]


@lru_cache(maxsize=100)
def _digits_of(form: str) -> re.Pattern[str] | None:
    """What a date of digits alone looks like in a form; None for a form that has names, zones or no full date."""
    parts = re.split("(%.)", form)
    named = [part for part in parts if part.startswith("%")]
    if not {"%Y", "%m", "%d"} <= set(named) <= DIGITS.keys() or len(set(named)) < len(named):
        return None
    return re.compile("".join(DIGITS.get(part) or re.escape(part) for part in parts))


def _several(text: str, separator: str) -> list[str]:
    """The choices of one cell; Mailchimp writes them in quotes: "VIP","Blog"."""
    parts = next(csv.reader([text])) if separator == "," and text.startswith('"') else text.split(separator)
    return [each for each in (part.strip().removeprefix("* ") for part in parts) if each]


def _is_not_a_date(text: str, form: str) -> str:
    return _("“%(text)s” is not a date written as %(form)s") % {"text": text, "form": form}


def _is_no_money(text: str) -> str:
    return _("“%(text)s” is not an amount of money") % {"text": text}


def _yes_or_no(text: str) -> bool:
    word = text.casefold()
    if word not in YES | NO:
        raise BadValue(_("“%(text)s” is neither yes nor no") % {"text": text})
    return word in YES
