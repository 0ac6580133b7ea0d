"""Which facts meet which rules, in as few scans of the log as the rules allow."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from embudo.core import condition
from embudo.core.condition import ALWAYS, Condition
from embudo.core.definition import Rule
from embudo.engines import sql_condition
from embudo.engines.predicate import given_kind
from embudo.engines.sql_condition import ValueOf, text

Numbered = tuple[int, Rule]  # a rule and its place in the definition


@dataclass(slots=True)
class _Lane:
    reads_body: bool
    kinds: set[str] = field(default_factory=set)  # empty: any
    rules: list[Numbered] = field(default_factory=list)

    def takes(self, kinds: frozenset[str], reads_body: bool) -> bool:
        return bool(self.kinds) and not self.kinds & kinds and self.reads_body == reads_body


def matched(rules: Sequence[Numbered], at: int) -> str:
    """Return the query of (subject, at, rule): one row for each rule that a human fact up to the instant meets."""
    return "\nUNION ALL ".join(scan for lane in lanes(rules) for scan in _scans(lane, at))


def lanes(rules: Sequence[Numbered]) -> list[list[Numbered]]:
    """Share the rules out so that no two of a lane can meet the same row: one scan then serves the lane.

    Rules that read the body have lanes of their own, so that no other scan reads it.
    """
    found: list[_Lane] = []
    for place, rule in rules:
        kinds, reads_body = condition.kinds(rule.when), sql_condition.reads_body(rule.when)
        lane = next((each for each in found if kinds and each.takes(kinds, reads_body)), None)
        if lane is None:
            lane = _Lane(reads_body)
            found.append(lane)
        lane.kinds |= kinds or set()
        lane.rules.append((place, rule))
    return [each.rules for each in found]


def _scans(lane: Sequence[Numbered], at: int) -> list[str]:
    """A lane's scan; odd rows, whose columns do not tell all, are looked at apart, through their body."""
    where = f"verdict = 'human' AND \"at\" <= {at}"
    if not any(sql_condition.reads_columns(rule.when) for _, rule in lane):
        return [_scan(lane, where, sql_condition.of_row)]
    return [
        _scan(lane, f"{where} AND NOT odd", sql_condition.of_row),
        _scan(lane, f"{where} AND odd", sql_condition.of_odd_row),
    ]


def _scan(lane: Sequence[Numbered], where: str, value_of: ValueOf) -> str:
    if len(lane) == 1:
        place, rule = lane[0]
        return f'SELECT subject, "at", {place} AS rule FROM facts WHERE {where} AND {_meets(rule, value_of)}'
    kinds = frozenset(kind for _, rule in lane for kind in condition.kinds(rule.when) or ())
    cases = " ".join(f"WHEN {_meets(rule, value_of)} THEN {place}" for place, rule in lane)
    return (
        f'SELECT subject, "at", rule FROM (SELECT subject, "at", CASE {cases} END AS rule FROM facts '
        f"WHERE {where} AND kind IN ({_texts(kinds)})) AS met WHERE rule IS NOT NULL"
    )


def _meets(rule: Rule, value_of: ValueOf) -> str:
    """The condition of a rule with its kinds first, which the columns' statistics and dictionaries know."""
    kinds = condition.kinds(rule.when)
    if kinds is None:
        return f"({sql_condition.holds(rule.when, value_of)})"
    if not kinds:
        return "FALSE"
    rest = _rest(rule.when, kinds)
    further = "" if rest == ALWAYS else f" AND ({sql_condition.holds(rest, value_of)})"
    return f"kind IN ({_texts(kinds)}){further}"


def _rest(when: Condition, kinds: Iterable[str]) -> Condition:
    """What a condition still asks of a fact of one of these kinds."""
    left = {given_kind(when, kind) for kind in kinds}
    return left.pop() if len(left) == 1 else when


def _texts(values: Iterable[str]) -> str:
    return ", ".join(text(each) for each in sorted(values))
