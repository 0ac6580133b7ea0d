"""The SQL of definitions: how scans are shared, and that other engines can read it."""

from dataclasses import replace
from pathlib import Path

import pytest
import sqlglot
import yaml
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import ErrorLevel, exp

from embudo.core.condition import parse
from embudo.core.event import DAY
from embudo.core.window import Period, bucket
from embudo.definition import document as definitions_of
from embudo.engines import sql, sql_condition
from embudo.engines.on_duckdb import Facts, opened
from embudo.engines.sql import INSTANTS, Asked, engagement
from embudo.engines.sql_calendar import Calendar
from embudo.engines.sql_fit import fit
from embudo.engines.sql_matching import apart, lanes
from tests.cast import MONDAY, ada
from tests.parity.batch import rows_of
from tests.parity.strategies import ZONES, definitions, instants, parity

SHIPPED = definitions_of.parse(yaml.safe_load((Path(definitions_of.__file__).parent / "shipped/v0.yaml").read_text()))
OUTSIDE = {
    "json_type",
    "list_extract",
    "list_position",
    "list_slice",
    "list_zip",
}  # Spark lacks the first and calls the others otherwise
YEAR = 365 * DAY


def transpiled(sql: str) -> str:
    return sqlglot.transpile(sql, read="duckdb", write="spark", unsupported_level=ErrorLevel.RAISE)[0]


@pytest.mark.parametrize("zone", ["UTC", "America/Sao_Paulo"])
def test_the_shipped_definition_can_be_read_by_spark(zone):
    asked = Asked(replace(SHIPPED, zone=zone), MONDAY, Calendar.of(zone, MONDAY - 3 * YEAR, MONDAY))
    for query in (sql.instants(asked), sql.instants(asked, odd=True), engagement(asked), fit(SHIPPED, MONDAY)):
        again = sqlglot.parse_one(transpiled(query.sql), read="spark")
        unknown = {each.name.lower() for each in again.find_all(exp.Anonymous)}
        assert unknown <= OUTSIDE


@parity
@given(definitions())
def test_any_definition_can_be_read_by_sqlglot(definition):
    asked = Asked(definition, MONDAY, Calendar.of(definition.zone, MONDAY - YEAR, MONDAY))
    for query in (sql.instants(asked), sql.instants(asked, odd=True), engagement(asked), fit(definition, MONDAY)):
        assert transpiled(query.sql).startswith(("WITH", "SELECT"))


def test_every_step_of_the_statements_can_be_run_and_looked_at():
    asked = Asked(SHIPPED, MONDAY, Calendar.of("UTC", MONDAY, MONDAY))
    with opened(Facts(tail=rows_of([]))) as connection:
        connection.execute(f"CREATE TEMP TABLE {INSTANTS} AS {sql.instants(asked).sql}")
        query = engagement(asked)
        names = list(query.steps)
        for count, name in enumerate(names, start=1):
            steps = ", ".join(f"{each} AS ({query.steps[each]})" for each in names[:count])
            assert connection.execute(f"WITH {steps} SELECT * FROM {name}").fetchall() == []


def test_rules_that_no_row_can_both_meet_share_a_scan():
    by_place = {place: rule.name for place, rule in enumerate(SHIPPED.rules)}
    shared = [[by_place[place] for place, _ in lane] for lane in lanes(list(enumerate(SHIPPED.rules)))]
    assert len(shared) == 2
    assert {"Views the pricing page", "Looks at open jobs"} <= set(shared[1])


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"kind": "a"}, {"kind": "b"}, True),
        ({"kind": "a"}, {"kind": ["a", "b"]}, False),
        ({"kind": "a", "path": {"begins_with": "/x"}}, {"kind": "a", "path": {"begins_with": "/y"}}, True),
        ({"kind": "a", "path": {"begins_with": "/x"}}, {"kind": "a", "path": {"begins_with": "/x/y"}}, False),
        ({"kind": "a", "path": {"begins_with": "/x"}}, {"kind": "a", "title": {"begins_with": "/y"}}, False),
        ({"plan": {"begins_with": "x"}}, {"plan": {"begins_with": "y"}}, False),  # may hold several values
        ({"path": "/x"}, {"kind": "a"}, False),
    ],
)
def test_two_rules_are_apart_only_when_that_is_certain(one, other, expected):
    assert apart(parse(one), parse(other)) is expected


@parity
@given(st.sampled_from(ZONES), st.sampled_from(Period), st.data())
def test_periods_in_sql_are_those_of_core(zone, per, data):
    center = data.draw(st.sampled_from((MONDAY, 0, -3 * YEAR, MONDAY - 8 * YEAR)))
    first, second = data.draw(instants(center, 400 * DAY)), data.draw(instants(center, 400 * DAY))
    calendar = Calendar.of(zone, min(first, second), max(first, second))
    with opened(Facts(tail=None)) as connection:
        numbers = connection.execute(
            f"SELECT {calendar.bucket('x', per)} FROM (VALUES (CAST({first} AS BIGINT)), ({second})) AS v(x)"
        ).fetchall()
    same = bucket(first, per, zone) == bucket(second, per, zone)
    assert (numbers[0] == numbers[1]) is same


def test_literals_are_what_they_say():
    assert sql_condition.text("O'Hara") == "'O''Hara'"
    assert sql_condition.number(0.1) == "0.1e0"
    assert sql_condition.number(1e-7) == "1e-07"
    assert sql_condition.pointer(["a/b", "c~d"]) == "/a~1b/c~0d"


def test_a_rule_that_every_fact_meets_is_counted_beside_rules_of_one_kind():
    anything, views = parse({}), parse({"kind": "page_viewed"})
    rules = tuple(
        replace(SHIPPED.rules[0], name=f"r{place}", when=when) for place, when in enumerate((anything, views))
    )
    definition = replace(SHIPPED, rules=rules)
    with opened(Facts(tail=rows_of(ada.visits("/pricing").events))) as connection:
        met = connection.execute(sql.instants(Asked(definition, MONDAY + DAY, Calendar.of("UTC", 0, 1))).sql).fetchall()
    assert {rule for _, rule, _ in met} == {0, 1}
