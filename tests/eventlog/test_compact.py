from collections.abc import Callable

import pytest

from embudo.core.event import HOUR
from embudo.eventlog import Cursor, Log
from tests.cast import MONDAY
from tests.eventlog.facts import PEOPLE, fact, facts

pytestmark = pytest.mark.usefixtures("tiny")


@pytest.fixture
def log(fresh: Callable[..., Log]) -> Log:
    """A log of six small segments and a tail."""
    made = fresh()
    for start in range(0, 30, 5):
        made.append(facts(start, start + 5))
        made.seal(at=MONDAY)
    made.append(facts(30, 33))
    return made


def test_small_neighbours_become_one_and_nothing_else_changes(log: Log) -> None:
    before, histories = log.read(Cursor(), 100), [log.history([fact(who).subject]) for who in range(PEOPLE)]
    (merged,) = log.compact(fewest=4)
    assert log.segments() == [merged]
    assert log.read(Cursor(), 100) == before
    assert [log.history([fact(who).subject]) for who in range(PEOPLE)] == histories
    assert log.verify() == []


def test_a_merged_segment_is_sorted_like_any_other(log: Log) -> None:
    import pyarrow.parquet as pq

    (merged,) = log.compact(fewest=4)
    table = pq.read_table(merged)
    key = list(zip(table["subject"].to_pylist(), table["at"].to_pylist(), strict=True))
    assert len(key) == 30 and key == sorted(key)


def test_too_few_neighbours_stay_as_they_are(log: Log) -> None:
    assert log.compact(fewest=7) == []
    assert len(log.segments()) == 6


def test_no_merged_segment_grows_beyond_the_limit(log: Log) -> None:
    for start in range(33, 93, 5):
        log.append(facts(start, start + 5))
        log.seal(at=MONDAY)
    merged = log.compact(fewest=2)
    rows = [segment.rows for segment in log._archive.manifest().segments]
    assert len(merged) >= 2 and max(rows) <= 40  # COMPACT_ROWS is 40 here
    assert [row.event.id for row in log.read(Cursor(), 100)[0]] == [event.id for event in facts(0, 93)]


def test_replaced_files_stay_for_an_hour_for_those_who_are_reading_them(log: Log) -> None:
    old = log.segments()
    log.compact(fewest=4, at=MONDAY)
    assert all(path.exists() for path in old)
    log.append(facts(40, 42))
    log.seal(at=MONDAY + 2 * HOUR)
    assert not any(path.exists() for path in old)
    assert log.verify() == []
