from dataclasses import replace

import pytest

from embudo.core.event import DAY
from embudo.eventlog import Cursor, Failure, Log, Retention, retain
from tests.cast import MONDAY
from tests.eventlog.facts import fact

POLICY = Retention({"page_viewed": 30, "mail_opened": 10}, failed_days=5)


def story() -> list:
    return [
        fact(number, kind=kind, at=MONDAY + day * DAY, received_at=MONDAY + day * DAY)
        for number, (kind, day) in enumerate(
            [("page_viewed", 0), ("purchase_made", 0), ("mail_opened", 25), ("page_viewed", 20), ("mail_opened", 39)]
        )
    ]


def left(log: Log) -> list[str]:
    rows, cursor = log.read(Cursor(), 100)
    nothing, cursor = log.read(cursor, 100)
    assert nothing == [] and cursor.passed(log.end())
    return [row.event.id for row in rows]


def test_each_kind_leaves_after_its_own_days_from_segments(log: Log) -> None:
    log.append(story())
    log.seal()
    evidence = log.retain(POLICY, at=MONDAY + 40 * DAY)
    assert left(log) == ["fact-1", "fact-3", "fact-4"]
    assert (evidence.segment_rows, evidence.tail_rows, len(evidence.segments)) == (2, 0, 1)
    assert log.evidence() == [evidence]
    assert log.verify() == []


def test_and_from_the_tail(log: Log) -> None:
    log.append(story())
    assert log.retain(POLICY, at=MONDAY + 40 * DAY).tail_rows == 2
    assert left(log) == ["fact-1", "fact-3", "fact-4"]


def test_without_a_policy_everything_stays_and_no_evidence_is_made(log: Log) -> None:
    log.append(story())
    log.retain(at=MONDAY + 40 * DAY)
    assert len(left(log)) == 5
    assert log.evidence() == []


def test_a_segment_with_nothing_to_remove_is_not_written_anew(log: Log) -> None:
    log.append(story()[1:2])
    before = log.seal()
    log.retain(POLICY, at=MONDAY + 400 * DAY)
    assert log.segments() == before


def test_bodies_of_failed_events_are_emptied_after_their_days(log: Log) -> None:
    old, young = (Failure("site", "bad_json", b"{", MONDAY + day * DAY) for day in (0, 4))
    log.commit(failures=[old, young])
    assert log.retain(POLICY, at=MONDAY + 6 * DAY).failed_bodies == 1
    assert [failed.body for failed in log.failed()] == [b"{", b""]
    assert log.ledger().failed_bytes == 1


def test_old_bodies_are_emptied_without_reading_them(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retain, "_BODIES", 3)
    log.commit(failures=[Failure("site", "bad_json", b"{", MONDAY + each * DAY) for each in range(9)])
    monkeypatch.setattr(type(log._tail), "failed", None)
    assert log.retain(POLICY, at=MONDAY + 12 * DAY).failed_bodies == 7
    assert log.retain(POLICY, at=MONDAY + 12 * DAY).failed_bodies == 0
    assert log.ledger().failed_bytes == 2


def test_keys_are_forgotten_after_the_horizon_once_their_rows_are_sealed(log: Log) -> None:
    log.append([fact(1)])
    log.retain(at=MONDAY + 91 * DAY)
    assert log.append([fact(1)])[0].outcome == "duplicate"
    log.seal()
    log.retain(at=MONDAY + 89 * DAY)
    assert log.append([fact(1)])[0].outcome == "duplicate"
    log.retain(at=MONDAY + 91 * DAY)
    assert log.append([fact(1)])[0].outcome == "accepted"


def test_kinds_that_are_not_named_may_have_days_of_their_own_and_some_never_leave(log: Log) -> None:
    log.append(story())
    policy = Retention({"page_viewed": 30}, other_days=20, staying=frozenset({"purchase_made"}))
    for seal in (False, True):
        if seal:
            log.seal()
        told: set[int] = set()
        log.retain(policy, at=MONDAY + 46 * DAY, leaving=told.update)
        assert left(log) == ["fact-1", "fact-3", "fact-4"]
        assert bool(told) == (not seal)


def test_the_fact_that_another_one_rests_on_stays(log: Log) -> None:
    resting = fact(9, kind="identity_linked", at=MONDAY, received_at=MONDAY, props={"cause": ["site", "fact-0"]})
    policy = Retention({"page_viewed": 1}, other_days=1, staying=frozenset({"identity_linked"}))
    log.append(story())
    source = log.read(Cursor(), 1)[0][0].event.source
    log.append([replace(resting, props={"cause": [source, "fact-0"]})])
    log.retain(policy, at=MONDAY + 100 * DAY)
    assert left(log) == ["fact-0", "fact-9"]
    log.seal()
    log.retain(policy, at=MONDAY + 200 * DAY)
    assert left(log) == ["fact-0", "fact-9"]


def test_it_is_told_whose_facts_leave_before_they_do(log: Log) -> None:
    log.append(story())
    log.seal()
    seen: list[tuple[set[int], int]] = []
    log.retain(POLICY, at=MONDAY + 40 * DAY, leaving=lambda subjects: seen.append((subjects, len(left(log)))))
    ((subjects, rows),) = seen
    assert (subjects, rows) == ({fact(0).subject, fact(2).subject}, 5)
