"""What a definition of a lead says: ideal customer, engagement rules, promotion. One versioned document.

Points are whole thousandths of a point, times whole microseconds. How people write it down is
`embudo/definition/document.py`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from embudo.core import condition
from embudo.core.condition import Condition
from embudo.core.event import DAY
from embudo.core.window import Limit

THOUSAND = 1000


@dataclass(frozen=True, slots=True)
class Criterion:
    """One trait of the ideal customer over attributes. `points` in thousandths, also negative."""

    name: str
    when: Condition
    points: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """Points for one event. `group` is the name of its group."""

    name: str
    group: str
    when: Condition
    points: int
    limit: Limit | None = None
    fading: bool = True


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that share a cap (thousandths of points; None: no cap)."""

    name: str
    cap: int | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """A sales action: something only a person who considers buying does."""

    name: str
    when: Condition


@dataclass(frozen=True, slots=True)
class Promotion:
    """When a person moves on. Lines are thousandths of points, windows microseconds."""

    fit: int = 60 * THOUSAND  # the profile matches from here
    engagement: int = 40 * THOUSAND  # qualified from here, together with fit
    keeps: int = 30 * THOUSAND  # qualified until below here
    actions: tuple[Action, ...] = ()
    within: int = 30 * DAY  # a hand-off needs a sales action this recent
    ambassador: tuple[Action, ...] = ()  # what makes a customer an ambassador


@dataclass(frozen=True)
class Definition:
    """The agreed meaning of a good lead. `half_life` in microseconds."""

    version: int
    name: str
    zone: str
    half_life: int
    criteria: tuple[Criterion, ...]
    disqualifiers: tuple[Criterion, ...]
    groups: tuple[Group, ...]
    rules: tuple[Rule, ...]
    promotion: Promotion

    @cached_property
    def rules_of_kind(self) -> Mapping[str | None, tuple[Rule, ...]]:
        """The rules that can match each event kind; under None those that any kind may match."""
        return _by_kind(self.rules)

    @cached_property
    def actions_of_kind(self) -> Mapping[str | None, tuple[Action, ...]]:
        """The sales actions that an event of each kind can be; under None those that any kind may be."""
        return _by_kind(self.promotion.actions)

    @cached_property
    def recommendations_of_kind(self) -> Mapping[str | None, tuple[Action, ...]]:
        """What makes a customer an ambassador, by event kind in the same way."""
        return _by_kind(self.promotion.ambassador)

    def rules_for(self, kind: str) -> tuple[Rule, ...]:
        """Return the rules an event of this kind may match."""
        return _for(self.rules_of_kind, kind)

    def actions_for(self, kind: str) -> tuple[Action, ...]:
        """Return the sales actions that an event of this kind may be."""
        return _for(self.actions_of_kind, kind)

    def recommendations_for(self, kind: str) -> tuple[Action, ...]:
        """Return the recommendations that an event of this kind may be."""
        return _for(self.recommendations_of_kind, kind)

    @property
    def positive_points(self) -> int:
        """The points a perfect customer would have, in thousandths."""
        return sum(each.points for each in self.criteria if each.points > 0)


Named = TypeVar("Named", bound=Rule | Action)


def _by_kind(every: Iterable[Named]) -> dict[str | None, tuple[Named, ...]]:
    found: dict[str | None, tuple[Named, ...]] = {}
    for each in every:
        for kind in condition.kinds(each.when) or (None,):
            found[kind] = (*found.get(kind, ()), each)
    return found


def _for(by_kind: Mapping[str | None, tuple[Named, ...]], kind: str) -> tuple[Named, ...]:
    return by_kind.get(kind, ()) + by_kind.get(None, ())
