import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embudo.eventlog import Cursor, Log, LogDamaged, Row
from embudo.eventlog.columns import COLUMNS
from tests.cast import MONDAY
from tests.eventlog.facts import PEOPLE, fact, facts

pytestmark = pytest.mark.usefixtures("tiny")

steps = st.lists(
    st.tuples(st.just("append"), st.integers(1, 12))
    | st.tuples(st.just("again"), st.integers(1, 12))
    | st.tuples(st.just("seal"), st.integers(1, 6))
    | st.tuples(st.just("compact"), st.integers(2, 3))
    | st.tuples(st.just("read"), st.integers(1, 9))
    | st.tuples(st.just("erase"), st.integers(0, PEOPLE - 1)),
    max_size=25,
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps, st.integers(1, 3))
def test_a_reader_sees_every_event_once_whatever_happens_between(
    fresh: Callable[..., Log], given_steps: list[tuple[str, int]], shards: int
) -> None:
    log = fresh(shards=shards)
    cursor, seen, erasures, sent = Cursor(), list[Row](), list[tuple[int, int, int]](), 0
    for step, number in given_steps:
        if step == "append":
            log.append(facts(sent, sent + number))
            sent += number
        elif step == "again":
            log.append(facts(max(0, sent - number), sent))
        elif step == "seal":
            log.seal(at_least=number)
        elif step == "compact":
            log.compact(fewest=number)
        elif step == "read":
            rows, cursor = log.read(cursor, number)
            seen += rows
        else:
            subject = fact(0, who=number).subject
            erasures.append((subject, len(seen), fact(sent).at))
            log.erase([subject], by="ada", why="asked", at=fact(sent).at)
    while not cursor.passed(log.end()):
        rows, cursor = log.read(cursor, 4)
        seen += rows

    places = [(row.shard, row.offset) for row in seen]
    assert len(set(places)) == len(places)
    for shard in range(shards):
        assert (mine := [offset for s, offset in places if s == shard]) == sorted(mine)
    ids = [row.event.id for row in seen]
    assert len(set(ids)) == len(ids)
    gone = {subject for subject, _, _ in erasures}
    lasting = {event.id for event in facts(0, sent) if event.subject not in gone}
    assert lasting <= set(ids) <= {event.id for event in facts(0, sent)}
    for subject, before, at in erasures:
        assert all(row.event.at > at for row in seen[before:] if row.event.subject == subject)
        assert log.history([subject], until=at) == []
    kept = sorted((e for e in facts(0, sent) if e.subject not in gone), key=lambda event: event.order)
    everybody = {fact(0, who=who).subject for who in range(PEOPLE)}
    assert [e for e in log.history(everybody) if e.subject not in gone] == kept
    assert log.verify() == []


def test_an_empty_log_is_read_to_its_end(log: Log) -> None:
    assert log.read(Cursor(), 10) == ([], Cursor())
    assert log.end() == Cursor()


def test_a_cursor_moves_past_rows_that_were_erased_at_the_end(log: Log) -> None:
    log.append(facts(0, 10))
    _, cursor = log.read(Cursor(), 9)
    log.erase([fact(9).subject], by="ada", why="asked")
    rows, cursor = log.read(cursor, 10)
    assert rows == []
    assert cursor.passed(log.end())


def test_history_stops_at_an_instant_and_knows_only_its_subjects(log: Log) -> None:
    log.append(facts(0, 20))
    log.seal()
    log.append(facts(20, 40))
    mine = [event for event in facts(0, 40) if event.subject == fact(2).subject]
    assert log.history([fact(2).subject]) == mine
    assert log.history([fact(2).subject], until=fact(25).at) == [event for event in mine if event.at <= fact(25).at]
    assert log.history([]) == log.history([12345]) == []


def test_history_can_end_at_a_cursor_in_segments_and_in_the_tail(log: Log) -> None:
    log.append([fact(number, who=1) for number in range(10)])
    log.seal()
    log.append([fact(number, who=1) for number in range(10, 20)])
    for last in (0, 4, 10, 15, 20):
        events = log.history([fact(1).subject], through=Cursor({0: last}))
        assert [event.id for event in events] == [f"fact-{number}" for number in range(last)]


def test_history_is_in_event_order_not_in_order_of_arrival(log: Log) -> None:
    late = [fact(number, who=1) for number in (5, 1, 9, 3)]
    log.append(late[:2])
    log.seal()
    log.append(late[2:])
    assert [event.id for event in log.history([late[0].subject])] == ["fact-1", "fact-3", "fact-5", "fact-9"]


def test_segments_and_tail_table_together_hold_each_row_once(log: Log) -> None:
    import pyarrow.parquet as pq

    log.append(facts(0, 25))
    log.seal()
    log.append(facts(25, 31))
    paths, tail = log.snapshot(("id", "path", "dwell_s"))
    ids = [name for path in paths for name in pq.read_table(path)["id"].to_pylist()] + tail["id"].to_pylist()
    assert sorted(ids) == sorted(event.id for event in facts(0, 31))
    assert tail.column_names == ["id", "path", "dwell_s"]
    assert tail["dwell_s"].to_pylist() == [float(number) for number in range(25, 31)]
    assert log.segments() == paths
    assert tuple(log.tail_table().column_names) == COLUMNS


def without_newer_columns(path: Path) -> None:
    """Make a segment one of before some columns were there."""
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    pq.write_table(table.drop_columns(["outcome", "odd", "traits"]), path)


def test_rows_of_segments_that_lack_a_column_go_with_the_tail_until_they_are_written_anew(log: Log) -> None:
    for start in (0, 9):
        log.append(facts(start, start + 9))
        log.seal(at=MONDAY)
    log.append([fact(18)])
    older, newer = log.segments()
    without_newer_columns(older)
    paths, tail = log.snapshot()
    assert (paths, tail.num_rows) == ([newer], 10)
    assert tuple(tail.column_names) == COLUMNS and not any(tail["odd"].to_pylist())
    log.compact(fewest=9, at=MONDAY)
    paths, tail = log.snapshot()
    assert (len(paths), tail.num_rows) == (2, 1) and older not in paths
    assert sorted(row.event.id for row in log.read(Cursor(), 100)[0]) == sorted(event.id for event in facts(0, 19))


def test_readers_in_other_threads_miss_nothing_while_rows_move(log: Log) -> None:
    total, seen, faults, appended = 150, list[list[str]](), list[Exception](), threading.Event()

    def follow() -> None:
        cursor, mine = Cursor(), list[str]()
        try:
            while len(mine) < total:
                rows, cursor = log.read(cursor, 17)
                mine += [row.event.id for row in rows]
                if not rows:
                    appended.wait(timeout=0.005)
        except Exception as error:
            faults.append(error)
        finally:
            seen.append(mine)
            log.close()

    readers = [threading.Thread(target=follow, daemon=True) for _ in range(2)]
    for reader in readers:
        reader.start()
    for start in range(0, total, 30):
        log.append(facts(start, start + 30))
        appended.set()
        appended.clear()
        log.seal(at_least=20)
        log.compact(fewest=2)
    for reader in readers:
        reader.join(timeout=60)
    assert faults == []
    assert seen == [[f"fact-{number}" for number in range(total)]] * 2


def test_a_segment_that_is_gone_is_told_as_damage(log: Log) -> None:
    log.append(facts(0, 9))
    for path in log.seal():
        path.unlink()
    with pytest.raises(LogDamaged):
        log.read(Cursor(), 10)
