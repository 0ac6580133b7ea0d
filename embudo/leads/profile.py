"""What the attributes of a person become in the tables: columns for the list, words for search, rows for filters."""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

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
NAMED = ("name", *COLUMNS)  # columns of Person that show attributes
PERSONAL = frozenset({"name", "first_name", "last_name", "email", "phone"})  # found by search, not by filter
SEARCHED = PERSONAL | {"company"}  # attributes whose words search finds
SHOWN = SEARCHED | {name for name, _length in COLUMNS.values()}  # attributes that NAMED shows
VALUE_LENGTH = 200
NAME_LENGTH = 100
LARGEST = 1e300  # numbers beyond are kept, but found by no filter
SEARCH_LENGTH = 600  # an index entry of PostgreSQL holds 2,700 bytes
NUL = rb"\u0000"  # as JSON writes it
STRUCK = str.maketrans(  # letters that Unicode does not take apart, as people type them without their key
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ı": "i", "ŋ": "n", "ƒ": "f", "æ": "ae", "œ": "oe",
     "þ": "th"}
)  # fmt: skip
DIGITS = re.compile(r"\D+")
WORD = re.compile(r"[^\W_]+")


class Value(NamedTuple):
    """One value of one attribute, as filters find it."""

    attribute: str
    text: str
    number: float | None


def storable(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes without the one character that PostgreSQL can keep neither as text nor as JSON."""
    if NUL not in msgspec.json.encode(attributes):
        return dict(attributes)
    return {_without_nul(name): _without_nul(value) for name, value in attributes.items()}


def different(one: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    """Return the names of the attributes that anybody could tell apart; 1 is neither 1.0 nor true."""
    return {name for name in one.keys() | other.keys() if not _alike(one.get(name), other.get(name))}


def columns(attributes: Mapping[str, Any]) -> dict[str, str]:
    """Return the columns of Person that show these attributes, in the order of NAMED."""
    found = {"name": name_of(attributes)[:300]}
    for column, (name, length) in COLUMNS.items():
        found[column] = _text(attributes[name])[:length] if name in attributes else ""
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
    plain = unicodedata.normalize("NFKD", text.casefold()).translate(STRUCK)
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def values(attributes: Mapping[str, Any]) -> frozenset[Value]:
    """Return the rows by which filters find a person with these attributes."""
    return frozenset(row for name, value in attributes.items() for row in values_of(name, value))


def values_of(name: str, value: Any) -> list[Value]:
    """Return the rows of one attribute; several choices are several rows."""
    if name in PERSONAL:
        return []
    each_of = value if isinstance(value, list | tuple) else (value,)
    return [row for each in each_of if (row := _value(name[:NAME_LENGTH], each)) is not None]


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


def _alike(one: Any, other: Any) -> bool:
    if one is other or type(one) is not type(other):
        return one is other
    if isinstance(one, str | int):
        return bool(one == other)
    return msgspec.json.encode(one) == msgspec.json.encode(other)


def _text(value: Any) -> str:
    if type(value) is str:
        return value.strip()
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
