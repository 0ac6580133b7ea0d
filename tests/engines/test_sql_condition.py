"""A comparison in SQL says what core says, also of numbers that a DOUBLE cannot tell apart."""

import json
from itertools import product

import duckdb
import pytest

from embudo.core.condition import Compare, Op, holds
from embudo.engines.sql_condition import Column, Json, compare

EDGE = 2**53
VALUES = (EDGE - 1, EDGE, EDGE + 1, float(EDGE), -EDGE - 1, 2**63, 1e17, 1e300, -1e300, 0.5, 0, "x", [EDGE, 1])
WANTED = (EDGE, EDGE + 1, float(EDGE), -EDGE, 2**63 - 1, 10**17, 10**30)


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


@pytest.mark.parametrize("op", [Op.IS, Op.AT_LEAST, Op.AT_MOST, Op.ONE_OF])
def test_whole_numbers_beyond_2_to_the_53_are_compared_exactly(connection: duckdb.DuckDBPyConnection, op: Op) -> None:
    for value, each in product(VALUES, WANTED):
        wanted = (7, each, "x y") if op is Op.ONE_OF else each
        expected = holds(Compare("n", op, wanted), {"n": value}.get)
        found = [compare(Json(f"CAST('{json.dumps(value)}' AS JSON)"), op, wanted)]
        if isinstance(value, float) or value in (EDGE, 0):
            found.append(compare(Column(f"CAST({float(value)!r} AS DOUBLE)", "number"), op, wanted))
        for sql in found:
            assert bool(connection.execute(f"SELECT {sql}").fetchall()[0][0]) is expected, (value, wanted, sql)
