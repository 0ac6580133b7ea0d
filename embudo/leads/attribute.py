"""Which attributes people may have: those that were ever stated, each of a kind."""

import re
from collections.abc import Mapping
from typing import Any

from embudo.core.attributes import STANDARD
from embudo.leads import sql

KINDS = {  # of standard attributes whose first value says too little
    "budget": "money",
    "company_size": "number",
    "industry": "choice",
    "country": "choice",
    "language": "choice",
    "gender": "choice",
    "interests": "choices",
    "birthday": "date",
}
DATE = re.compile(r"\d{4}-\d\d-\d\d(T.*)?")


def kind_of(name: str, value: Any) -> str:
    """Return the kind of an attribute, as its first value suggests it."""
    if name in KINDS:
        return KINDS[name]
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case list() | tuple():
            return "choices"
        case str() if DATE.fullmatch(value):
            return "date"
        case _:
            return "text"


def declare(kinds: Mapping[str, str]) -> None:
    """Add the attributes of these names that are not there yet."""
    if not kinds:
        return
    there = {name for (name,) in sql.rows("SELECT name FROM leads_attribute")}
    columns = ("name", "label", "kind", "options", "standard")
    sql.many(
        f"{sql.insert('leads_attribute', columns)} ON CONFLICT (name) DO NOTHING",
        [(name[:100], "", kinds[name], "[]", name in STANDARD) for name in sorted(kinds) if name[:100] not in there],
    )
