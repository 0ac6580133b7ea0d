"""A definition as SQL: the engagement of everybody at an instant, from the relations `facts` and `identity`.

First `instants`: when each subject did what each rule counts. Then `engagement`: limits, fading and caps by person.

`facts` has the log's columns (eventlog/columns.py), each key once, with verdicts as revised; `identity`
maps a subject to its surviving person where that is another (subject, person). The statements are
DuckDB's and keep to what sqlglot can transpile. A limit needs only the instants of
facts: whichever of a tie it keeps, the instant is the same, and so is what it is worth.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

from embudo.core.curve import FORGOTTEN
from embudo.core.definition import Definition
from embudo.core.event import DAY
from embudo.core.window import Limit, Period
from embudo.engines.sql_calendar import Calendar
from embudo.engines.sql_condition import number
from embudo.engines.sql_matching import Numbered, matched, matched_odd

AT = '"at"'
INSTANTS = "instants"
LONGEST = {Period.DAY: 3 * DAY, Period.WEEK: 9 * DAY, Period.MONTH: 33 * DAY}  # no period is longer, whatever clocks do
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


def instants(asked: Asked, *, odd: bool = False, subjects: str = "TRUE") -> Query:
    """Return the query of (subject, rule, instants): when these subjects did what each rule counts, in no order.

    It reads the facts that are not odd (eventlog/columns.py), or with `odd` the others. A subject and rule may have
    several lists. Whose the facts are is asked for once a list, not once a fact.
    """
    rules = list(enumerate(asked.definition.rules))
    if not rules:
        return Query(
            {}, "SELECT CAST(NULL AS BIGINT) AS subject, 0 AS rule, CAST([] AS BIGINT[]) AS instants WHERE FALSE"
        )
    where = f"verdict = 'human' AND {AT} <= {asked.at} AND {subjects}"
    return Query({}, matched_odd(rules, where) if odd else matched(rules, where))


def engagement(asked: Asked, people: str = "TRUE") -> Query:
    """Return the query of (person, engagement, g0, g1, ...): the score and each group's raw sum, in points, unrounded.

    It reads the relation `instants`, which the query of that name gives. People for whom no rule counted anything are
    left out, as are those for whom `people` does not hold.
    """
    rules = list(enumerate(asked.definition.rules))
    steps = _counted(rules, asked, people) if rules else {"counted": NOTHING}
    steps["raw"] = _raw(asked.definition)
    groups = range(len(asked.definition.groups))
    columns = ", ".join(["person", f"{_capped(asked.definition)} AS engagement", *(f"g{place}" for place in groups)])
    return Query(steps, f"SELECT {columns} FROM raw")


def _counted(rules: Sequence[Numbered], asked: Asked, people: str) -> Steps:
    """What each rule gives each person: the sum over the instants that its limit keeps."""
    whose = f"SELECT coalesce(i.person, s.subject) AS person, rule, instants FROM {INSTANTS} AS s"
    steps = {
        "whose": f"SELECT person, rule, instants FROM ({whose} LEFT JOIN identity AS i ON i.subject = s.subject) AS o "
        f"WHERE {people}",
        "owned": "SELECT person, rule, flatten(list(instants)) AS instants FROM whose GROUP BY person, rule",
    }
    counted = f"SELECT person, rule, sum({_worth(rules, asked)}) AS worth FROM"
    limits = {place: rule.limit for place, rule in rules if rule.limit}
    if not limits:
        spread = f"SELECT person, rule, unnest(instants) AS {AT} FROM owned"
        return steps | {"kept": spread, "counted": f"{counted} kept GROUP BY person, rule"}
    return steps | _limited(limits, asked) | {"counted": f"{counted} kept GROUP BY person, rule"}


def _limited(limits: Mapping[int, Limit], asked: Asked) -> Steps:
    """Limits of rules N: an instant in order of time is cut when the one N places before is of its period.

    Each list is laid beside itself, N places later, and both are read together. Most instants lie too far apart for
    that; only of the others periods are compared.
    """
    most = max(limit.count for limit in limits.values())
    counts = _cases({place: str(limit.count) for place, limit in limits.items()}, otherwise="0")
    before = f"list_slice(CAST([{', '.join(['NULL'] * most)}] AS BIGINT[]), 1, {counts})"
    free = f"rule NOT IN ({', '.join(map(str, limits))})"
    per = {place: limit.per for place, limit in limits.items()}
    period, of_earlier = (
        _cases({place: asked.calendar.bucket(name, each) for place, each in per.items()}) for name in (AT, "earlier")
    )
    longest = _cases({place: str(LONGEST[each]) for place, each in per.items() if each in LONGEST})
    pairs = f"unnest(list_zip(instants, list_concat({before}, instants)))"
    return {
        "ordered": f"SELECT person, rule, {_in_order(per, asked)} AS instants FROM owned",
        "placed": f"SELECT person, rule, {pairs} AS pair FROM ordered",
        "pairs": f"SELECT person, rule, pair[1] AS {AT}, pair[2] AS earlier FROM placed",
        "kept": f"SELECT person, rule, {AT} FROM pairs WHERE {AT} IS NOT NULL "
        f"AND ({free} OR earlier IS NULL OR {AT} - earlier > {longest} OR {period} <> {of_earlier})",
    }


def _in_order(per: Mapping[int, Period], asked: Asked) -> str:
    """The instants in the order of time, or where clocks set back at midnight repeat a day's end, of periods."""
    if asked.calendar.advances:
        return "list_sort(instants)"
    period = _cases({place: asked.calendar.bucket("x", each) for place, each in per.items()})
    return f"list_transform(list_sort(list_transform(instants, x -> {{'p': {period}, 'x': x}})), y -> y.x)"


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


def _cases(values: Mapping[int, str], *, otherwise: str = "NULL") -> str:
    """The value that belongs to a rule."""
    alike: dict[str, list[str]] = {}
    for place, value in values.items():
        alike.setdefault(value, []).append(str(place))
    cases = [f"WHEN rule IN ({', '.join(places)}) THEN {value}" for value, places in alike.items()]
    return f"CASE {' '.join(cases)} ELSE {otherwise} END" if cases else otherwise
