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


def matched(rules: Sequence[Numbered], at: int) -> str:
    """Return the query of (subject, at, rule): one row for each rule that a human fact up to the instant meets."""
    where = f"verdict = 'human' AND \"at\" <= {at} AND odd = FALSE"
    scans = [_scan(lane, "facts", where, sql_condition.of_row) for lane in lanes(rules)]
    scans += [_scan([each], "odd_facts", "TRUE", sql_condition.of_odd_row) for each in rules]
    return "\nUNION ALL ".join(scans)


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


def odd_facts(at: int) -> str:
    """Return the query of the human facts up to the instant whose columns do not tell all, with their bodies."""
    columns = 'subject, "at", kind, site, door, body'
    return f"SELECT {columns} FROM facts WHERE odd = TRUE AND verdict = 'human' AND \"at\" <= {at}"


def _scan(lane: Sequence[Numbered], relation: str, where: str, value_of: ValueOf) -> str:
    if len(lane) == 1:
        place, rule = lane[0]
        return f'SELECT subject, "at", {place} AS rule FROM {relation} WHERE {where} AND {_meets(rule, value_of)}'
    which = _which(lane, value_of)  # it is NULL for other kinds; asking for the kinds first costs more than it saves
    return (
        f'SELECT subject, "at", rule FROM (SELECT subject, "at", {which} AS rule FROM {relation} '
        f"WHERE {where}) AS met WHERE rule IS NOT NULL"
    )


def _which(lane: Sequence[Numbered], value_of: ValueOf) -> str:
    """The rule of a lane that a row meets. Where kinds decide, a list is looked up: once per kind, not per row."""
    decided: list[tuple[str, int]] = []
    cases: list[str] = []
    for place, rule in lane:
        kinds = condition.kinds(rule.when)
        if kinds and _rest(rule.when, kinds) == ALWAYS:
            decided += [(kind, place) for kind in sorted(kinds)]
        else:
            cases.append(f"WHEN {_meets(rule, value_of)} THEN {place}")
    names, places = _texts(kind for kind, _ in decided), ", ".join(str(place) for _, place in decided)
    found = f"list_extract([{places}], list_position([{names}], kind))" if decided else "NULL"
    return f"CASE {' '.join(cases)} ELSE {found} END" if cases else found


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
