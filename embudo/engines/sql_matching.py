"""Which facts meet which rules, in as few scans of the log as the rules allow."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from embudo.core import condition
from embudo.core.condition import ALWAYS, Compare, Condition, Every, Op
from embudo.core.definition import Rule
from embudo.engines import sql_condition
from embudo.engines.predicate import given_kind
from embudo.engines.sql_condition import ValueOf, text
from embudo.eventlog.columns import HOT_TEXT

Numbered = tuple[int, Rule]  # a rule and its place in the definition


@dataclass(slots=True)
class _Lane:
    reads_body: bool
    rules: list[Numbered] = field(default_factory=list)

    def takes(self, rule: Rule) -> bool:
        return self.reads_body == sql_condition.reads_body(rule.when) and all(
            apart(rule.when, other.when) for _, other in self.rules
        )


def matched(rules: Sequence[Numbered], where: str) -> str:
    """Return the query of (subject, rule, instants): when a subject's facts met a rule, in one list or in several.

    `where` says which facts count; odd ones do not. Their columns are read once for all rules, bodies only for rules
    that ask for them.
    """
    scans = []
    for reads_body in (False, True):
        alike = [lane for lane in lanes(rules) if sql_condition.reads_body(lane[0][1].when) == reads_body]
        if alike:
            scans.append(_scan(alike, f"odd = FALSE AND {where}", sql_condition.of_row))
    return "\nUNION ALL ".join(scans)


def matched_odd(rules: Sequence[Numbered], where: str) -> str:
    """Return the same query of the odd facts, the few whose columns do not tell all: each rule reads their bodies."""
    return _scan([[each] for each in rules], f"odd = TRUE AND {where}", sql_condition.of_odd_row)


def lanes(rules: Sequence[Numbered]) -> list[list[Numbered]]:
    """Share the rules out so that no row that is not odd meets two of a lane: one scan then serves the lane.

    Rules that read the body have lanes of their own, so that no other scan reads it.
    """
    found: list[_Lane] = []
    for place, rule in rules:
        lane = next((each for each in found if each.takes(rule)), None)
        if lane is None:
            lane = _Lane(sql_condition.reads_body(rule.when))
            found.append(lane)
        lane.rules.append((place, rule))
    return [each.rules for each in found]


def apart(one: Condition, other: Condition) -> bool:
    """Return whether no row that is not odd can meet both: their kinds differ, or one text cannot begin both ways."""
    kinds, others = condition.kinds(one), condition.kinds(other)
    if kinds is not None and others is not None and not kinds & others:
        return True
    return any(
        mine.name == theirs.name and not (mine.value.startswith(theirs.value) or theirs.value.startswith(mine.value))
        for mine in _beginnings(one)
        for theirs in _beginnings(other)
    )


def _beginnings(when: Condition) -> Iterator[Compare]:
    """How the text of a column must begin for the condition to hold."""
    match when:
        case Compare(name, Op.BEGINS_WITH) if name in HOT_TEXT:
            yield when
        case Every(parts):
            for part in parts:
                yield from _beginnings(part)


def _scan(lanes: Sequence[Sequence[Numbered]], where: str, value_of: ValueOf) -> str:
    """One reading of the facts: each lane says which of its rules a row meets.

    Instants are collected by all that a row meets; only the few lists there are then are told apart by rule.
    """
    columns = [f"l{place}" for place in range(len(lanes))]
    every, some = ", ".join(columns), " OR ".join(f"{each} IS NOT NULL" for each in columns)
    which = ", ".join(f"{_which(lane, value_of)} AS l{place}" for place, lane in enumerate(lanes))
    told = f'SELECT subject, "at", {which} FROM facts WHERE {where}'
    met = f"FROM ({told}) AS told WHERE {some} GROUP BY subject, {every}"
    listed = f'SELECT subject, {every}, list("at") AS instants {met}'
    if len(columns) == 1:
        return f"SELECT subject, l0 AS rule, instants FROM ({listed}) AS listed"
    spread = f"SELECT subject, unnest([{every}]) AS rule, instants FROM ({listed}) AS listed"
    return f"SELECT subject, rule, instants FROM ({spread}) AS spread WHERE rule IS NOT NULL"


def _which(lane: Sequence[Numbered], value_of: ValueOf) -> str:
    """The rule of a lane that a row meets. Kinds are looked up in a list, once per kind and not per row.

    A kind of which a rule asks more stands in that list by a negative number, which leads to the question.
    """
    decided: dict[str, int] = {}
    asking: dict[tuple[str, ...], list[str]] = {}
    cases: list[str] = []
    for place, rule in lane:
        kinds = tuple(sorted(condition.kinds(rule.when) or ()))
        rest = _rest(rule.when, kinds) if kinds else rule.when
        if kinds and rest == ALWAYS:
            decided |= dict.fromkeys(kinds, place)
        elif kinds and rest != rule.when and not any(set(kinds) & set(others) for others in asking if others != kinds):
            asking.setdefault(kinds, []).append(f"WHEN {sql_condition.holds(rest, value_of)} THEN {place}")
        else:
            cases.append(f"WHEN {_meets(rule, value_of)} THEN {place}")
    codes = decided | {kind: -1 - number for number, kinds in enumerate(asking) for kind in kinds}
    places = ", ".join(str(code) for code in codes.values())
    found = f"list_extract([{places}], list_position([{_texts(codes)}], kind))" if codes else "NULL"
    further = [f"WHEN {-1 - number} THEN CASE {' '.join(each)} END" for number, each in enumerate(asking.values())]
    asked = f"CASE {found} {' '.join(further)} ELSE {found} END" if further else found
    return f"CASE {' '.join(cases)} ELSE {asked} END" if cases else asked


def _meets(rule: Rule, value_of: ValueOf) -> str:
    """The condition of a rule with its kinds first, which the columns' statistics and dictionaries know."""
    kinds = condition.kinds(rule.when)
    if kinds is None:
        return f"({sql_condition.holds(rule.when, value_of)})"
    if not kinds:
        return "FALSE"
    rest = _rest(rule.when, kinds)
    further = "" if rest == ALWAYS else f" AND ({sql_condition.holds(rest, value_of)})"
    return f"kind IN ({_texts(sorted(kinds))}){further}"


def _rest(when: Condition, kinds: Iterable[str]) -> Condition:
    """What a condition still asks of a fact of one of these kinds."""
    left = {given_kind(when, kind) for kind in kinds}
    return left.pop() if len(left) == 1 else when


def _texts(values: Iterable[str]) -> str:
    return ", ".join(text(each) for each in values)
