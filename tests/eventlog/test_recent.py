"""Each key is kept once and each subject is found, on either side of every border: memory, index, restart, seal."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embudo.core.event import DAY
from embudo.eventlog import Cursor, Log, open_log, recent, tail_sql, tail_writing
from embudo.eventlog import log as logs
from embudo.eventlog.position import key_hash
from embudo.eventlog.recent import Sieve, packed, positions_of, subjects_of, unpacked
from tests.cast import MONDAY
from tests.eventlog.facts import PEOPLE, fact, facts

ENTRIES = [(key_hash("site", str(n)), n * 7 - 3, (2 << 48) + 5 + n, MONDAY + n, n % 4 * 1_000) for n in range(9)]


@pytest.fixture(scope="module")
def narrow() -> Iterator[None]:
    """Make portions so small that a few keys cross all the seams, and every batch large enough for a sieve."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tail_sql, "_AT_ONCE", 5)
        patch.setattr(tail_sql, "_SLICE", 2)
        patch.setattr(recent, "_EXAMINED", 4)
        patch.setattr(recent, "_FIRST_BITS", 4)
        patch.setattr(recent, "_MOST_BITS", 8)
        patch.setattr(recent, "_FEWEST", 1)
        patch.setattr(logs, "MOST_REMEMBERED", 30)
        yield


numbers = st.lists(st.integers(0, 25), min_size=1, max_size=6)
steps = st.lists(
    st.tuples(st.sampled_from(["one", "other"]), numbers)
    | st.sampled_from(["index", "seal", "restart", "index by the other", "retain"]),
    max_size=25,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps, st.integers(1, 2))
def test_whatever_happens_between_two_sendings_the_second_is_a_duplicate(
    fresh: Callable[..., Log], narrow: None, steps: list, shards: int
) -> None:
    """Two writers who know nothing of one another send; meanwhile keys are indexed, rows sealed, one restarts."""
    logs_of = {"one": fresh(shards=shards)}
    logs_of["other"] = open_log(logs_of["one"].config)
    sent = list[int]()
    for step in steps:
        if isinstance(step, tuple):
            who, batch = step
            receipts = logs_of[who].append([fact(number) for number in batch])
            again = [number in [*sent, *batch[:place]] for place, number in enumerate(batch)]
            assert [receipt.outcome == "duplicate" for receipt in receipts] == again
            sent += batch
        elif step == "restart":
            logs_of["one"].close()
            logs_of["one"] = open_log(logs_of["one"].config)
        elif step == "retain":
            logs_of["one"].retain(at=MONDAY + DAY)
        else:
            act = logs_of["other" if "other" in step else "one"]
            act.seal() if step == "seal" else act.index()
        histories = [logs_of["other"].history([fact(0, who=who).subject]) for who in range(PEOPLE)]
        assert sorted(e.id for found in histories for e in found) == sorted({f"fact-{number}" for number in sent})
    assert sorted(row.event.id for row in logs_of["one"].read(Cursor(), 1_000)[0]) == sorted(
        {f"fact-{number}" for number in sent}
    )
    assert logs_of["one"].ledger().balanced
    assert logs_of["one"].verify() == []
    for each in logs_of.values():
        each.close()


def test_a_commit_that_is_rolled_back_leaves_no_key_in_memory(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    log.append(facts(0, 20))

    def fail(self: object, failures: object) -> None:
        raise RuntimeError("the batch is not kept")

    with monkeypatch.context() as patch, pytest.raises(RuntimeError):
        patch.setattr(tail_writing.SqlWriting, "count", lambda *_: fail(None, None))
        log.append(facts(20, 40))
    assert {receipt.outcome for receipt in log.append(facts(20, 40))} == {"accepted"}


def test_a_writer_fills_the_index_itself_when_nobody_else_does(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MOST_REMEMBERED", 50)
    for start in range(0, 200, 20):
        log.append(facts(start, start + 20))
    assert log.unindexed() < 100
    assert {receipt.outcome for receipt in log.append(facts(0, 200))} == {"duplicate"}


def test_the_keys_of_a_log_that_was_put_back_are_not_those_in_memory(log: Log) -> None:
    log.append(facts(0, 10))
    with log._tail.transaction((0,)) as speaker:
        speaker.run("DELETE FROM eventlog_recent")
        speaker.run("DELETE FROM eventlog_events")
        speaker.run("UPDATE eventlog_shards SET last = 0")
    assert {receipt.outcome for receipt in log.append(facts(5, 8))} == {"accepted"}


def test_a_row_that_is_erased_before_it_is_in_the_index_leaves_no_subject_there(log: Log) -> None:
    log.append(facts(0, 20))
    gone = fact(3).subject
    log.erase([gone], by="clara", why="asked", at=fact(100).at)
    assert gone not in set(log._tail.subjects())
    log.index()
    assert gone not in set(log._tail.subjects())
    assert set(log._tail.subjects()) == {fact(each).subject for each in range(PEOPLE)} - {gone}


def test_a_sealed_row_is_not_in_the_index_of_subjects(log: Log) -> None:
    log.append(facts(0, 20))
    log.seal()
    assert list(log._tail.subjects()) == []
    assert log.unindexed() == 0


def test_a_piece_holds_what_was_packed() -> None:
    piece = packed(ENTRIES)
    assert unpacked(piece) == ENTRIES
    assert positions_of(piece, {2_000, 77}) == [entry[2] for entry in ENTRIES if entry[4] == 2_000]
    assert positions_of(piece, {77}) == []
    assert list(subjects_of(piece)) == [entry[4] for entry in ENTRIES]


def test_a_sieve_never_says_no_of_a_key_it_was_given() -> None:
    sieve, keys = Sieve(6), [key_hash("site", str(number)) for number in range(400)]
    sieve.add(keys[:8])
    assert sieve.passing(keys) == keys  # until it has seen the whole index it holds nothing back
    sieve.examine(lambda after, limit: keys[8:12])
    sieve.examine(lambda after, limit: [])
    assert sieve.complete
    assert sieve.passing(keys[:12]) == keys[:12]
    assert len(sieve.passing(keys[12:])) < 200


def test_the_number_of_keys_is_what_the_index_lacks(log: Log) -> None:
    assert log.unindexed() == 0
    log.append([*facts(0, 7), replace(fact(1))])
    assert log.unindexed() == 7
    assert log.index() == 7
    assert (log.unindexed(), log.index()) == (0, 0)
