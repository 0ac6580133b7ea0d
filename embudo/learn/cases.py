"""People whose outcome is known, as `discovery` compares them: those who bought with those who did not."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Id = int
NOTHING: tuple[Any, ...] = (None, "", [], ())  # values that say nothing


@dataclass(frozen=True, slots=True)
class Case:
    """One person: the attributes, since when each is known, and when they bought (None: they did not).

    Instants are microseconds since 1970. An attribute that stands in `values` and not in `known_at` was always known.
    """

    id: Id
    values: Mapping[str, Any]
    known_at: Mapping[str, int]
    bought_at: int | None = None

    def value(self, name: str) -> Any:
        """Return what was known of an attribute while the outcome was open, or None."""
        return None if self.is_late(name) else self.values.get(name)

    def is_late(self, name: str) -> bool:
        """Whether an attribute became known only when they had bought: it can have told nobody that they would."""
        at = self.known_at.get(name)
        return self.bought_at is not None and at is not None and at >= self.bought_at

    def has(self, name: str) -> bool:
        """Whether anything is known of an attribute, however late."""
        return self.values.get(name) not in NOTHING


class Leak(StrEnum):
    """Why an attribute may give the outcome away instead of telling of it beforehand."""

    AFTER = "after"  # of most customers it became known when they had bought
    CUSTOMERS_ONLY = "customers_only"  # hardly anybody else has it
    TELLS = "tells"  # some values are the outcome by another name


MOST_LATE = 0.5  # share of the customers who have it
HARDLY = 0.05  # of others who have it, for each customer who does
