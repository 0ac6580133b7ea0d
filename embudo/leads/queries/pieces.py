"""The pieces of SQL that filters and pages of people are put together from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

LISTED = "p.known AND p.merged_into_id IS NULL"  # as leads.models.LISTED, so that the partial indexes serve
IS_LISTED = "known AND merged_into_id IS NULL"


@dataclass(frozen=True, slots=True)
class Condition:
    """A piece of SQL with its values."""

    sql: str
    values: tuple[Any, ...] = ()


def by_index(name: str) -> str:
    """Return what makes SQLite take this index; without statistics it prefers that of merge pointers, which most share.

    PostgreSQL knows how values are spread and decides by itself.
    """
    return f" INDEXED BY {name}" if connection.vendor == "sqlite" else ""


def unindexed(column: str) -> str:
    """Return the column so that SQLite does not look for an index on it."""
    return f"+{column}" if connection.vendor == "sqlite" else column


def marks(values: Sequence[Any]) -> str:
    """Return the place holders of a list of values."""
    return ", ".join(["%s"] * len(values))


def between(column: str, least: Any, most: Any) -> Condition:
    """Return that a column lies between two values, both included; None leaves a side open."""
    parts = [(f"{column} >= %s", least), (f"{column} <= %s", most)]
    used = [(sql, value) for sql, value in parts if value is not None]
    return Condition(" AND ".join(sql for sql, _value in used) or "1 = 1", tuple(value for _sql, value in used))


def both(one: Condition, other: Condition | None) -> Condition:
    """Return that both hold."""
    return one if other is None else Condition(f"{one.sql} AND {other.sql}", one.values + other.values)


def every(conditions: Sequence[Condition]) -> Condition:
    """Return that all hold; none at all always does."""
    sql = " AND ".join(f"({each.sql})" for each in conditions) or "1 = 1"
    return Condition(sql, tuple(value for each in conditions for value in each.values))
