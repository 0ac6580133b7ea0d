"""What a score is: fit (how well they match) and engagement (what they did, fading), each open to its parts.

This is the plain reading: sorted history and an instant in, the answer out. Slow, obvious, the referee
for every engine (`tests/parity`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import floor, fsum
from typing import Any

from embudo.core.condition import holds, names
from embudo.core.curve import FORGOTTEN, Curve, Part, Sum, rounded
from embudo.core.definition import Criterion, Definition, Rule
from embudo.core.event import Event, Verdict
from embudo.core.window import first_of

GRADES = ((80, "A"), (60, "B"), (40, "C"))


@dataclass(frozen=True, slots=True)
class Fit:
    """How well somebody matches the ideal customer.

    `score` is 0 to 100 (None: the profile has no positive points), `known_share` the share of its
    positive points whose attributes are known, `disqualified_by` the first disqualifier that holds.
    """

    score: float | None
    known_share: float
    met: tuple[Criterion, ...] = ()
    disqualified_by: str | None = None

    @property
    def grade(self) -> str:
        """A, B, C, D; empty when unknown."""
        if self.score is None:
            return ""
        return next((grade for line, grade in GRADES if self.score >= line), "D")

    def matches(self, line: int) -> bool:
        """Return whether the profile criterion is met: fit from `line` (thousandths) and no disqualifier."""
        return self.score is not None and self.disqualified_by is None and self.score >= line / 1000


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one event gives by one rule at an instant. `points` is after fading; 0 when the limit cuts it."""

    event: Event
    rule: Rule
    points: float
    cut_by_limit: bool = False


@dataclass(frozen=True, slots=True)
class GroupTotal:
    """What one group gives: the sum of its contributions, and what its cap cuts (zero or negative)."""

    name: str
    points: float
    cut_by_cap: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """A score at an instant and everything that adds up to it."""

    at: int
    score: float
    contributions: tuple[Contribution, ...]
    groups: tuple[GroupTotal, ...]


def fit(attributes: Mapping[str, Any], definition: Definition) -> Fit:
    """Return the fit of a person with these attributes (name -> value, as `attributes.resolve` gives them)."""
    met = tuple(each for each in definition.criteria if holds(each.when, attributes.get))
    available = definition.positive_points
    known = sum(each.points for each in definition.criteria if each.points > 0 and _known(each, attributes))
    score = None
    if available:
        score = rounded(min(100.0, max(0.0, 100 * sum(each.points for each in met) / available)))
    against = next((each.name for each in definition.disqualifiers if holds(each.when, attributes.get)), None)
    return Fit(score, known / available if available else 0.0, met, against)


def field(event: Event, name: str) -> Any:
    """Return the value a rule finds under a name: the event's own columns, then `context.` paths, then props."""
    match name:
        case "kind":
            return event.kind
        case "site":
            return event.site
        case "door":
            return event.door.value
    if name.startswith("context."):
        found: Any = event.context
        for key in name.split(".")[1:]:
            found = found.get(key) if isinstance(found, Mapping) else None
        return found
    return event.props.get(name)


def matching(event: Event, definition: Definition) -> list[Rule]:
    """Return the rules whose condition the event meets; only what humans do counts."""
    if event.verdict is not Verdict.HUMAN:
        return []
    return [rule for rule in definition.rules_for(event.kind) if holds(rule.when, lambda name: field(event, name))]


def explain(history: Iterable[Event], definition: Definition, at: int) -> Explanation:
    """Return the engagement of one person at the instant, with every contribution, from their history in any order.

    Each event may stand in the history once; only events with `event.at <= at` count (DESIGN 9.2).
    """
    matched: dict[str, list[Event]] = {rule.name: [] for rule in definition.rules}
    for event in history:
        if event.at <= at:
            for rule in matching(event, definition):
                matched[rule.name].append(event)
    contributions = [
        each for rule in definition.rules for each in _contributions(rule, matched[rule.name], definition, at)
    ]
    groups = tuple(_total(group.name, group.cap, contributions) for group in definition.groups)
    score = rounded(fsum(each.points + each.cut_by_cap for each in groups))
    contributions.sort(key=lambda each: each.event.order, reverse=True)
    return Explanation(at, score, tuple(contributions), groups)


def curve(history: Iterable[Event], definition: Definition, at: int) -> Curve:
    """Return the engagement from `at` on while nothing new happens; its value at `at` is that of `explain`."""
    fading = {group.name: Sum() for group in definition.groups}
    lasting = {group.name: 0 for group in definition.groups}
    for each in explain(history, definition, at).contributions:
        if each.cut_by_limit:
            continue
        if each.rule.fading:
            kept = fading[each.rule.group]
            fading[each.rule.group] = kept.plus(each.rule.points, each.event.at, definition.half_life)
        else:
            lasting[each.rule.group] += each.rule.points
    parts = tuple(Part(fading[group.name], lasting[group.name], group.cap) for group in definition.groups)
    return Curve(definition.half_life, parts)


def apportion(values: Sequence[float], decimals: int = 1) -> list[float]:
    """Return the values rounded so that they still add up to their rounded sum (largest remainders)."""
    scale = 10**decimals
    floors = [floor(value * scale) for value in values]
    missing = round(fsum(values) * scale) - sum(floors)
    by_remainder = sorted(range(len(values)), key=lambda i: (floors[i] - values[i] * scale, i))
    for i in by_remainder[: max(0, missing)]:
        floors[i] += 1
    return [each / scale for each in floors]


def _known(criterion: Criterion, attributes: Mapping[str, Any]) -> bool:
    return all(attributes.get(name) is not None for name in names(criterion.when))


def _contributions(rule: Rule, events: Sequence[Event], definition: Definition, at: int) -> list[Contribution]:
    kept, cut = first_of(events, rule.limit, definition.zone)
    return [Contribution(event, rule, _points(rule, event.at, definition, at)) for event in kept] + [
        Contribution(event, rule, 0.0, cut_by_limit=True) for event in cut
    ]


def _points(rule: Rule, happened_at: int, definition: Definition, at: int) -> float:
    if not rule.fading:
        return rule.points / 1000
    half_lives = (at - happened_at) / definition.half_life
    return 0.0 if half_lives > FORGOTTEN else rule.points / 1000 * 2.0**-half_lives


def _total(name: str, cap: int | None, contributions: Sequence[Contribution]) -> GroupTotal:
    points = fsum(each.points for each in contributions if each.rule.group == name)
    return GroupTotal(name, points, 0.0 if cap is None else min(0.0, cap / 1000 - points))
