"""The pieces of SQL that filters and pages of people are put together from."""

from abc import ABC, abstractmethod
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


def apart() -> str:
    """Return what ends a query within another so that PostgreSQL plans it by itself."""
    return " OFFSET 0" if connection.vendor == "postgresql" else ""


def exists(query: str) -> str:
    """Return that a query, which asks about one row of another, finds anything.

    PostgreSQL would rather collect all it could find, for more rows than will ever be asked.
    """
    return f"EXISTS ({query}{apart()})"


def listed(where: Condition, index: str) -> Condition:
    """Return the people of the list for whom a condition over `p` holds, read by this index."""
    return Condition(f"leads_person p{by_index(index)} WHERE {LISTED} AND {where.sql}", where.values)


class ByColumn(ABC):
    """A filter whose people are found by an index on their own row: `among`, where they stand as `p`."""

    __slots__ = ()

    @property
    @abstractmethod
    def among(self) -> Condition:
        """Its people who stand in the list, as `p`."""

    @property
    def driver(self) -> Condition:
        """A query of the ids of its people."""
        return Condition(f"SELECT p.id FROM {self.among.sql}", self.among.values)


class ByIds(ABC):
    """A filter whose people are found in another table: `driver`, a query of their ids."""

    __slots__ = ()

    @property
    @abstractmethod
    def driver(self) -> Condition:
        """A query of the ids of its people, some of whom may not stand in the list."""

    @property
    def among(self) -> Condition:
        """Its people who stand in the list, as `p`, read in the order of the ids."""
        ids = self.driver
        if connection.vendor == "postgresql":
            person = f"LATERAL (SELECT * FROM leads_person WHERE id = d.id{apart()}) p"  # else it may read everybody
            return Condition(f"({ids.sql}) d CROSS JOIN {person} WHERE {LISTED}", ids.values)
        return Condition(f"({ids.sql}) d CROSS JOIN leads_person p WHERE p.id = d.id AND {LISTED}", ids.values)


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
