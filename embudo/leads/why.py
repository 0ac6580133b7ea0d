"""Why a score is what it is: the parts that add up to it, rounded so that what is shown adds up too."""

from collections.abc import Sequence
from dataclasses import dataclass

from embudo.core.curve import FORGOTTEN
from embudo.core.definition import Definition
from embudo.core.event import Event
from embudo.core.scoring import Contribution, Explanation, apportion
from embudo.leads.naming import defined


@dataclass(frozen=True, slots=True)
class Line:
    """One contribution as it is shown: points after fading, and before."""

    event: Event
    rule: str
    group: str
    points: float
    base: int  # thousandths
    cut_by_limit: bool
    faded: bool


@dataclass(frozen=True, slots=True)
class Cut:
    """What the cap of a group takes away."""

    group: str
    cap: int
    points: float


@dataclass(frozen=True, slots=True)
class Why:
    """A score with everything that adds up to it; `score` is exactly the sum of what is shown."""

    at: int
    score: float
    lines: list[Line]
    cuts: list[Cut]


@dataclass(frozen=True, slots=True)
class Reason:
    """All contributions of one rule in few words."""

    rule: str
    points: float
    times: int
    latest_at: int


def why(explanation: Explanation, definition: Definition) -> Why:
    """Return the explanation with every part rounded to a tenth so that they add up."""
    capped = [group for group in explanation.groups if group.cut_by_cap]
    exact = [each.points for each in explanation.contributions] + [group.cut_by_cap for group in capped]
    shown = apportion(exact)
    caps = {group.name: group.cap or 0 for group in definition.groups}
    count = len(explanation.contributions)
    lines = [_line(each, points) for each, points in zip(explanation.contributions, shown[:count], strict=True)]
    cuts = [
        Cut(defined(each.name), caps[each.name], points) for each, points in zip(capped, shown[count:], strict=True)
    ]
    return Why(explanation.at, round(sum(shown), 1) + 0.0, lines, cuts)


def reasons(told: Why, most: int = 4) -> tuple[list[Reason], float]:
    """Return the rules that give most, and what all the others give together."""
    by_rule: dict[str, list[Line]] = {}
    for line in told.lines:
        if not line.cut_by_limit:
            by_rule.setdefault(line.rule, []).append(line)
    found = [
        Reason(rule, round(sum(line.points for line in lines), 1), len(lines), max(line.event.at for line in lines))
        for rule, lines in by_rule.items()
    ]
    found.sort(key=lambda each: (-abs(each.points), -each.latest_at))
    shown = [each for each in found[:most] if each.points]
    cut = sum(each.points for each in told.cuts)
    return shown, round(told.score - sum(each.points for each in shown) - cut, 1) + 0.0


def trend(explanation: Explanation, definition: Definition, *, start: int, steps: int) -> list[float]:
    """Return the engagement at equal steps from `start` to the instant of the explanation, both included."""
    span = explanation.at - start
    return scores_at(explanation, definition, [start + span * step // (steps - 1) for step in range(steps)])


def scores_at(explanation: Explanation, definition: Definition, instants: Sequence[int]) -> list[float]:
    """Return the engagement at each instant; after the explanation's own it is what remains if nothing happens.

    A limit keeps the earliest events, so what is kept now was kept whenever it had happened already.
    """
    kept = [each for each in explanation.contributions if not each.cut_by_limit]
    return [_score_at(kept, definition, at) for at in instants]


def _score_at(kept: Sequence[Contribution], definition: Definition, at: int) -> float:
    totals = {group.name: 0.0 for group in definition.groups}
    for each in kept:
        if each.event.at <= at:
            totals[each.rule.group] += _points(each, definition.half_life, at)
    caps = {group.name: group.cap for group in definition.groups}
    return sum(value if caps[name] is None else min(caps[name], value) for name, value in totals.items()) / 1000  # type: ignore[type-var]


def _points(each: Contribution, half_life: int, at: int) -> float:
    if not each.rule.fading:
        return float(each.rule.points)
    half_lives = (at - each.event.at) / half_life
    return 0.0 if half_lives > FORGOTTEN else each.rule.points * 2.0**-half_lives


def _line(each: Contribution, points: float) -> Line:
    return Line(
        event=each.event,
        rule=defined(each.rule.name),
        group=defined(each.rule.group),
        points=points,
        base=each.rule.points,
        cut_by_limit=each.cut_by_limit,
        faded=each.rule.fading and not each.cut_by_limit,
    )
