"""A definition as SQL: the engagement of everybody at an instant, from the relations `facts` and `identity`.

`facts` has the log's columns (eventlog/columns.py), each key once, with verdicts as revised; `identity`
maps a subject to its surviving person where that is another (subject, person). The statements are
DuckDB's and keep to what sqlglot can transpile. A limit needs only the instants of
facts: whichever of a tie it keeps, the instant is the same, and so is what it is worth.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

from embudo.core.curve import FORGOTTEN
from embudo.core.definition import Definition, Rule
from embudo.engines.sql_calendar import Calendar
from embudo.engines.sql_condition import number
from embudo.engines.sql_matching import Numbered, matched, odd_facts

AT = '"at"'
Steps = dict[str, str]
NOTHING = "SELECT CAST(NULL AS BIGINT) AS person, 0 AS rule, 0e0 AS worth WHERE FALSE"


@dataclass(frozen=True, slots=True)
class Query:
    """A statement in named steps, each a query over the steps before it: any of them can be run and looked at."""

    steps: Mapping[str, str]
    result: str

    @property
    def sql(self) -> str:
        """The whole statement."""
        steps = ",\n".join(f"{name} AS (\n{step}\n)" for name, step in self.steps.items())
        return f"WITH {steps}\n{self.result}" if steps else self.result


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked: a definition, an instant (microseconds), and the calendar of the definition's zone."""

    definition: Definition
    at: int
    calendar: Calendar

    @property
    def oldest(self) -> int:
        """Fading contributions from before this instant are zero."""
        return self.at - FORGOTTEN * self.definition.half_life

    def weight(self, instant: str) -> str:
        """Return what is left at `at` of one point of that instant."""
        return f"exp(({instant} - {self.at}) * {number(log(2) / self.definition.half_life)})"


def engagement(asked: Asked) -> Query:
    """Return the query of (person, engagement, g0, g1, ...): the score and each group's raw sum, in points, unrounded.

    People for whom no rule counted anything are left out.
    """
    rules = list(enumerate(asked.definition.rules))
    steps = {"odd_facts": odd_facts(asked.at), "met": matched(rules, asked.at)} if rules else {}
    steps |= _counted(rules, asked) if rules else {"counted": NOTHING}
    steps["raw"] = _raw(asked.definition)
    groups = range(len(asked.definition.groups))
    columns = ", ".join(["person", f"{_capped(asked.definition)} AS engagement", *(f"g{place}" for place in groups)])
    return Query(steps, f"SELECT {columns} FROM raw")


def _counted(rules: Sequence[Numbered], asked: Asked) -> Steps:
    """Limits over a window of each person and rule: a row is cut when the one N rows before is of its period."""
    limited = [(place, rule) for place, rule in rules if rule.limit]
    periods = [
        f"WHEN rule IN ({places}) THEN {asked.calendar.bucket(AT, per)}"
        for per, places in _grouped(limited, lambda rule: rule.limit and rule.limit.per).items()
    ]
    before = [
        f"WHEN rule IN ({places}) THEN lag(period, {count}) OVER (PARTITION BY person, rule ORDER BY period, {AT})"
        for count, places in _grouped(limited, lambda rule: rule.limit and rule.limit.count).items()
    ]
    whose = f"SELECT coalesce(i.person, m.subject) AS person, rule, {AT}"
    owned = "FROM met AS m LEFT JOIN identity AS i ON i.subject = m.subject"
    counted = f"SELECT person, rule, sum({_worth(rules, asked)}) AS worth FROM"
    if not limited:
        return {"owned": f"{whose} {owned}", "counted": f"{counted} owned GROUP BY person, rule"}
    return {
        "owned": f"{whose}, CASE {' '.join(periods)} END AS period {owned}",
        "placed": f"SELECT person, rule, {AT}, period, CASE {' '.join(before)} END AS earlier FROM owned",
        "counted": f"{counted} placed WHERE earlier IS NULL OR earlier <> period GROUP BY person, rule",
    }


def _worth(rules: Sequence[Numbered], asked: Asked) -> str:
    """What one row gives, in units of its rule's points."""
    fading = ", ".join(str(place) for place, rule in rules if rule.fading)
    if not fading:
        return "1e0"
    faded = f"CASE WHEN {AT} >= {asked.oldest} THEN {asked.weight(AT)} ELSE 0e0 END"
    if all(rule.fading for _, rule in rules):
        return faded
    return f"CASE WHEN rule IN ({fading}) THEN {faded} ELSE 1e0 END"


def _raw(definition: Definition) -> str:
    sums = "".join(f", {_sum_of(definition, group.name)} AS g{place}" for place, group in enumerate(definition.groups))
    return f"SELECT person{sums} FROM counted GROUP BY person"


def _sum_of(definition: Definition, group: str) -> str:
    rules = [(place, rule) for place, rule in enumerate(definition.rules) if rule.group == group]
    cases = " ".join(f"WHEN {place} THEN {number(rule.points / 1000)}" for place, rule in rules)
    return f"coalesce(sum(worth * CASE rule {cases} ELSE 0e0 END), 0e0)" if cases else "0e0"


def _capped(definition: Definition) -> str:
    return " + ".join(
        f"g{place}" if group.cap is None else f"least(g{place}, {number(group.cap / 1000)})"
        for place, group in enumerate(definition.groups)
    ) or "0e0"  # fmt: skip


def _grouped(rules: Iterable[Numbered], key: Callable[[Rule], Any]) -> dict[Any, str]:
    found: dict[Any, list[str]] = {}
    for place, rule in rules:
        found.setdefault(key(rule), []).append(str(place))
    return {each: ", ".join(places) for each, places in found.items()}
