"""What the attributes of a person become in the tables: columns for the list, words for search, rows for filters."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

COLUMNS = {  # column of Person -> attribute, longest text kept
    "mail": ("email", 320),
    "phone": ("phone", 64),
    "title": ("title", 300),
    "company_name": ("company", 300),
    "industry": ("industry", 300),
    "country": ("country", 100),
    "city": ("city", 300),
    "language": ("language", 35),
}
PERSONAL = frozenset({"name", "first_name", "last_name", "email", "phone"})  # found by search, not by filter
VALUE_LENGTH = 200
LARGEST = 1e300  # numbers beyond are kept, but found by no filter
SEARCH_LENGTH = 600  # an index entry of PostgreSQL holds 2,700 bytes
NUL = rb"\u0000"  # as JSON writes it
DIGITS = re.compile(r"\D+")
WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Value:
    """One value of one attribute, as filters find it."""

    attribute: str
    text: str
    number: float | None


def storable(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes without the one character that PostgreSQL can keep neither as text nor as JSON."""
    if NUL not in msgspec.json.encode(attributes):
        return dict(attributes)
    return {_without_nul(name): _without_nul(value) for name, value in attributes.items()}


def columns(attributes: Mapping[str, Any]) -> dict[str, str]:
    """Return the columns of Person that show these attributes."""
    found = {column: _text(attributes.get(name))[:length] for column, (name, length) in COLUMNS.items()}
    found["name"] = name_of(attributes)[:300]
    return found


def name_of(attributes: Mapping[str, Any]) -> str:
    """Return the name to show: the full one, else its two parts."""
    whole = _text(attributes.get("name"))
    parts = (_text(attributes.get("first_name")), _text(attributes.get("last_name")))
    return whole or " ".join(part for part in parts if part)


def search_text(shown: Mapping[str, str]) -> str:
    """Return the folded words that search looks in, with a space between each: name, mail, company, phone.

    A phone is found by its digits with and without the codes of country and area (up to six digits).
    """
    digits = DIGITS.sub("", shown["phone"])
    numbers = (digits[cut:] for cut in range(7) if len(digits[cut:]) > 5 or cut == 0)
    text = " ".join((shown["name"], shown["mail"], shown["company_name"], *numbers))
    return " ".join(words(folded(text)))[:SEARCH_LENGTH]


def words(text: str) -> list[str]:
    """Return the words of a folded text: letters and digits without anything between them."""
    return WORD.findall(text)


@lru_cache(maxsize=65536)
def folded(text: str) -> str:
    """Return a text without case and accents, as search compares it."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def values(attributes: Mapping[str, Any]) -> frozenset[Value]:
    """Return the rows by which filters find a person with these attributes; several choices are several rows."""
    rows = set()
    for name, value in attributes.items():
        if name not in PERSONAL:
            for each in value if isinstance(value, list | tuple) else (value,):
                if (row := _value(name[:100], each)) is not None:
                    rows.add(row)
    return frozenset(rows)


def _value(name: str, value: Any) -> Value | None:
    match value:
        case bool():
            return Value(name, "true" if value else "false", None)
        case int() | float() if abs(value) < LARGEST:
            return Value(name, f"{value:g}" if isinstance(value, float) else str(value), float(value))
        case str() if value:
            return Value(name, value[:VALUE_LENGTH], None)
        case _:
            return None


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()


def _without_nul(value: Any) -> Any:
    match value:
        case str():
            return value.replace("\0", "")
        case list() | tuple():
            return [_without_nul(each) for each in value]
        case dict():
            return {_without_nul(name): _without_nul(each) for name, each in value.items()}
        case _:
            return value
