import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embudo.core.event import DAY, Event
from embudo.eventlog import Cursor, FailedState, Failure, Log, LogUnavailable, Outcome
from embudo.eventlog import log as log_module
from tests.cast import MONDAY, ada
from tests.eventlog.facts import fact, facts

BAD = Failure("site-norte", "bad_json", b'{"type": "track", "userId": ', MONDAY, "line 1")


def outcomes(log: Log, *events: Event) -> list[str]:
    return [receipt.outcome for receipt in log.append(events)]


def test_offsets_are_dense_from_one(log: Log) -> None:
    receipts = log.append(facts(0, 5)) + log.append(facts(5, 8))
    assert [(r.shard, r.offset) for r in receipts] == [(0, offset) for offset in range(1, 9)]
    assert log.end() == {0: 8}


def test_a_duplicate_gets_the_place_of_the_first(log: Log) -> None:
    (first,) = log.append([fact(1)])
    (again,) = log.append([fact(1)])
    assert again == (first.shard, first.offset, Outcome.DUPLICATE)
    assert log.end() == {0: 1}


def test_a_duplicate_within_one_batch_is_one_too(log: Log) -> None:
    assert outcomes(log, fact(1), fact(2), fact(1)) == ["accepted", "accepted", "duplicate"]


def test_a_retry_with_another_sent_time_is_a_duplicate(log: Log) -> None:
    retry = replace(fact(1), at=fact(1).at + 7, received_at=fact(1).received_at + DAY, known_at=fact(1).known_at + DAY)
    assert outcomes(log, fact(1), retry) == ["accepted", "duplicate"]
    assert log.history([retry.subject]) == [fact(1)]


def test_a_reused_id_with_other_content_is_a_conflict_and_kept_as_a_failed_event(log: Log) -> None:
    other = fact(1, props={"path": "/other"})
    assert outcomes(log, fact(1), other) == ["accepted", "conflict"]
    (failed,) = log.failed()
    assert (failed.reason, failed.source, failed.state) == ("id_reused", "site-norte", FailedState.OPEN)
    assert json.loads(failed.body)["props"] == {"path": "/other"}


def test_the_same_id_of_two_sources_is_two_events(log: Log) -> None:
    assert outcomes(log, fact(1), fact(1, source="app")) == ["accepted", "accepted"]


def test_what_no_storage_holds_is_a_failed_event_and_harms_nobody_else(log: Log) -> None:
    assert outcomes(log, fact(1), fact(2, id="a\0b"), fact(3, props={"x": {1, 2, object()}})) == [
        "accepted", "failed", "failed",
    ]  # fmt: skip
    assert [failed.reason for failed in log.failed()] == ["unstorable", "unstorable"]
    assert log.ledger().balanced


def test_failures_and_refusals_are_counted_with_the_events(log: Log) -> None:
    log.commit(events=facts(0, 3), failures=[BAD, BAD], refused={"rate_limited": 5})
    ledger = log.ledger()
    assert (ledger.received, ledger.accepted, ledger.failed, ledger.refused) == (10, 3, 2, {"rate_limited": 5})
    assert log.failed_counts() == {("bad_json", FailedState.OPEN): 2}


def test_bodies_beyond_the_quota_are_counted_as_refused(fresh: Callable[..., Log]) -> None:
    log = fresh(failed_quota_mb=1)
    large = replace(BAD, body=b"x" * 400_000)
    log.commit(failures=[large, large, large])
    log.commit(failures=[large, BAD])
    ledger = log.ledger()
    assert (ledger.failed, ledger.refused, ledger.failed_bytes) == (2, {"failed_quota": 3}, 400_000 + len(BAD.body))
    assert ledger.balanced


def test_one_source_leaves_room_for_the_bodies_of_others(fresh: Callable[..., Log]) -> None:
    log = fresh(failed_quota_mb=1)
    body = replace(BAD, body=b"x" * 10_000)
    log.commit(failures=[body] * 200)
    log.commit(failures=[replace(body, source="site-sur")] * 200)
    kept = Counter(failed.source for failed in log.failed(limit=1_000))
    assert kept == {BAD.source: 50, "site-sur": 25}
    log.retain(at=BAD.received_at + 100 * DAY)
    assert log.ledger().failed_bytes == 0
    log.commit(failures=[body] * 200)
    assert log.ledger().failed_bytes == 500_000 and log.ledger().balanced


def test_failed_events_are_listed_newest_first_and_page_by_number(log: Log) -> None:
    log.commit(failures=[replace(BAD, detail=str(number)) for number in range(5)])
    page = log.failed(limit=2)
    assert [failed.detail for failed in page] == ["4", "3"]
    assert [failed.detail for failed in log.failed(before=page[-1].number)] == ["2", "1", "0"]
    assert log.failed(reason="too_large") == []


def test_a_replayed_event_moves_from_failed_to_accepted(log: Log) -> None:
    log.commit(failures=[BAD])
    (failed,) = log.failed()
    receipt = log.replay(failed.number, fact(1), by="ada", at=MONDAY)
    assert receipt == (0, 1, Outcome.ACCEPTED)
    (settled,) = log.failed()
    assert (settled.state, settled.settled_by, settled.settled_at) == (FailedState.REPLAYED, "ada", MONDAY)
    ledger = log.ledger()
    assert (ledger.received, ledger.accepted, ledger.failed) == (1, 1, 0)
    assert log.replay(failed.number, fact(1), by="ada") is None


def test_a_replay_that_conflicts_leaves_the_failed_event_open(log: Log) -> None:
    log.commit(events=[fact(1)], failures=[BAD])
    (failed,) = log.failed()
    receipt = log.replay(failed.number, fact(1, kind="form_submitted"), by="ada")
    assert receipt is not None and receipt.outcome == Outcome.CONFLICT
    assert [each.state for each in log.failed()] == [FailedState.OPEN]
    assert log.ledger().balanced


def test_a_dismissed_event_stays_failed_in_the_ledger(log: Log) -> None:
    log.commit(failures=[BAD])
    (failed,) = log.failed()
    assert log.dismiss(failed.number, by="ada")
    assert not log.dismiss(failed.number, by="ada")
    assert log.failed(state="open") == []
    assert log.ledger().failed == 1


def test_an_empty_commit_writes_nothing(log: Log) -> None:
    assert log.commit() == []
    assert log.ledger().received == 0


def test_a_journey_of_the_cast_is_kept_whole(log: Log) -> None:
    journey = ada.visits("/pricing", topic="pricing", reads_s=40).later(hours=2).requests("demo").clicks("welcome")
    log.append(journey)
    assert log.history([ada.visitor, ada.subject]) == sorted(journey, key=lambda event: event.order)


batches = st.lists(st.lists(st.integers(0, 12), max_size=8), max_size=8)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches, st.integers(1, 3))
def test_each_key_is_kept_once_whatever_the_batches(
    fresh: Callable[..., Log], given_batches: list[list[int]], shards: int
) -> None:
    log = fresh(shards=shards)
    for batch in given_batches:
        log.append([fact(number) for number in batch])
    rows, cursor = log.read(Cursor(), 1_000)
    sent = [number for batch in given_batches for number in batch]
    assert sorted(row.event.id for row in rows) == sorted({f"fact-{number}" for number in sent})
    assert cursor == log.end()
    assert sum(log.end().values()) == len(rows)
    ledger = log.ledger()
    assert (ledger.received, ledger.kept, ledger.balanced) == (len(sent), len(rows), True)


def test_of_two_who_settle_a_failed_event_at_once_one_wins(fresh: Callable[..., Log]) -> None:
    log = fresh(shards=2)
    log.commit(failures=[BAD])
    found: list[object] = []

    def settle() -> None:
        with log._tail.writing({1}) as writing:
            found.append(writing.settle(1, FailedState.REPLAYED, at=MONDAY, by="bruno"))
        log.close()

    other = threading.Thread(target=settle)
    with log._tail.writing({0}) as writing:
        failed = writing.settle(1, FailedState.DISMISSED, at=MONDAY, by="ana")
        other.start()
        other.join(0.5)  # it waits for us, wherever
    other.join()
    assert failed is not None and (failed.state, failed.body, failed.settled_by) == ("open", BAD.body, "")
    assert found == [None]
    assert [(each.state, each.settled_by) for each in log.failed()] == [("dismissed", "ana")]


def test_what_is_durable_is_answered_though_its_keys_cannot_be_indexed_now(
    log: Log, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def busy(**_: object) -> int:
        raise LogUnavailable("database is locked")

    monkeypatch.setattr(log_module, "MOST_REMEMBERED", 1)
    log.append(facts(0, 2))  # from the second commit on it knows keys by heart
    monkeypatch.setattr(log._tail, "index", busy)
    assert outcomes(log, fact(2), fact(3)) == ["accepted", "accepted"]
    assert outcomes(log, fact(3)) == ["duplicate"]
    assert "database is locked" in caplog.text
