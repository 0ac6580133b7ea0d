import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embudo.core.event import DAY
from embudo.eventlog import Cursor, FailedState, Failure, Log, Outcome, erase, open_log, tail_scrub
from tests.cast import MONDAY, ada, bruno
from tests.eventlog.facts import PEOPLE, fact, facts

ADA = [ada.visitor, ada.subject]
ASKED = {"by": "clara", "why": "asked by mail", "at": MONDAY + DAY}


def stories() -> tuple[list, list]:
    return (
        list(ada.visits("/pricing", reads_s=30).submits("contact", note="call me").opens("welcome")),
        list(bruno.visits("/pricing").requests("demo")),
    )


def everything_read(log: Log) -> list:
    rows, cursor = log.read(Cursor(), 1_000)
    nothing, cursor = log.read(cursor, 1_000)  # moves past rows that are gone at the very end
    assert nothing == [] and cursor.passed(log.end())
    return [row.event for row in rows]


@pytest.fixture
def told(log: Log) -> Log:
    """A log with Ada and Bruno in a segment and in the tail."""
    his, hers = stories()
    log.append(his[:2] + hers[:1])
    log.seal()
    log.append(his[2:] + hers[1:])
    return log


def test_erasing_removes_one_person_and_nothing_else(told: Log) -> None:
    evidence = told.erase(ADA, **ASKED)
    assert everything_read(told) == stories()[1]
    assert told.history(ADA) == []
    assert told.history([bruno.visitor, bruno.subject]) == sorted(stories()[1], key=lambda event: event.order)
    assert told.verify() == []
    assert (evidence.tail_rows, evidence.segment_rows, evidence.by, evidence.why) == (2, 2, "clara", "asked by mail")
    assert told.evidence() == [evidence]


def test_an_sdk_that_sends_again_resurrects_nothing(told: Log) -> None:
    told.erase(ADA, **ASKED)
    late = list(ada.visits("/blog").visits("/pricing"))
    assert {receipt.outcome for receipt in told.append([*stories()[0], *late])} == {Outcome.ERASED}
    assert told.history(ADA) == []
    assert told.ledger().refused == {"erased": 6}
    assert told.ledger().balanced


def test_somebody_who_comes_back_later_is_welcome(told: Log) -> None:
    told.erase(ADA, **ASKED)
    back = list(ada.journey(at=MONDAY + 2 * DAY).visits("/pricing"))
    assert told.append(back)[0].outcome == Outcome.ACCEPTED
    assert told.history(ADA) == back


def test_no_byte_of_them_stays_in_any_file(told: Log, embedded: None) -> None:
    told.commit(failures=[Failure("site-norte", "bad_json", b'{"email": "Ada@Norte.example"', MONDAY)])
    told.compact(fewest=1)
    told.erase(ADA, **ASKED)
    names = [name.encode() for name in (ada.mail, "Ada@Norte", ada.browser, ada.phone, "Okafor")]
    for path in told.config.data.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert not [name for name in names if name.lower() in content.lower()], path
    assert bruno.browser.encode() in (told.config.data / "log" / "tail.sqlite").read_bytes()


@pytest.mark.parametrize(
    "body, holds",
    [
        (b'{"traits": {"email": "ADA@norte.example"}}', True),
        (b"not json, mailto:ada@norte.example?subject=x", True),
        (b'{"phone": "+52 81 8123 4567"}', True),
        (b'{"anonymousId": "ada-laptop", ', True),
        (b'{"note": "the ada-laptop-bag is new"}', False),
        (b'{"email": "bruno@serra.example"}', False),
        (b'{"amount": 8181234567.5, "phone": "+55 81 8123"}', False),
    ],
)
def test_failed_bodies_that_hold_an_identifier_are_emptied(told: Log, body: bytes, holds: bool) -> None:
    told.commit(failures=[Failure("site-norte", "bad_json", body, MONDAY, "line 1")])
    evidence = told.erase(ADA, identifiers=[ada.phone], **ASKED)
    (failed,) = told.failed()
    assert evidence.failed_bodies == int(holds)
    assert (failed.body, failed.state) == ((b"", FailedState.DISMISSED) if holds else (body, FailedState.OPEN))
    assert told.ledger().failed_bytes == len(failed.body)
    assert told.ledger().balanced


def test_files_that_compaction_left_for_readers_go_at_once(told: Log) -> None:
    told.seal(at=MONDAY)
    old = told.segments()
    told.compact(fewest=2, at=MONDAY)
    assert all(path.exists() for path in old)
    told.erase(ADA, **ASKED)
    assert not any(path.exists() for path in old)


def test_a_restored_backup_is_erased_again(told: Log, embedded: None) -> None:
    log_folder = told.config.data / "log"
    told.close()
    backup = shutil.copytree(log_folder, told.config.data / "backup")
    told.erase(ADA, **ASKED)
    told.close()
    shutil.rmtree(log_folder)
    shutil.copytree(backup, log_folder)
    restored = open_log(told.config)
    assert restored.history(ADA) == []
    evidence = restored.apply_tombstones(by="restore", why="a backup from before the erasure")
    assert evidence is not None and evidence.rows == 4
    assert restored.apply_tombstones(by="restore", why="again") is None
    assert everything_read(restored) == stories()[1]
    assert restored.verify() == []
    restored.close()


def test_a_segment_in_which_nobody_is_left_goes_away(log: Log) -> None:
    log.append(stories()[0])
    (path,) = log.seal()
    log.erase(ADA, **ASKED)
    assert not path.exists()
    assert (log.segments(), everything_read(log), log.verify()) == ([], [], [])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.integers(0, PEOPLE - 1)), st.integers(0, 40), st.integers(0, 40))
def test_whoever_is_erased_whenever_it_was_sealed_the_others_stay(
    fresh: Callable[..., Log], tiny: None, who: set[int], sealed: int, sent: int
) -> None:
    log = fresh()
    log.append(facts(0, sealed))
    log.seal()
    log.append(facts(sealed, sent))
    gone = {fact(0, who=each).subject for each in who}
    evidence = log.erase(gone, by="clara", why="asked", at=fact(100).at)
    last = max(sealed, sent)
    assert everything_read(log) == [event for event in facts(0, last) if event.subject not in gone]
    assert evidence.rows == sum(event.subject in gone for event in facts(0, last))


def test_evidence_names_nobody(told: Log) -> None:
    told.erase(ADA, identifiers=[ada.mail], **ASKED)
    path: Path = told.config.data / "erased" / "evidence.jsonl"
    assert ada.mail not in path.read_text() and str(ada.subject) not in path.read_text()


def test_evidence_behind_a_line_torn_by_a_crash_is_read(told: Log) -> None:
    first = told.erase(ADA, **ASKED)
    path: Path = told.config.data / "erased" / "evidence.jsonl"
    path.write_bytes(path.read_bytes() + b'{"what":"erased","by":"cl')
    assert told.evidence() == [first]
    second = told.erase([bruno.subject], **ASKED)
    assert told.evidence() == [first, second]


def found_on_disk(log: Log, name: str) -> bool:
    return any(name.encode() in path.read_bytes() for path in (log.config.data / "log").rglob("*") if path.is_file())


def test_what_a_reader_keeps_from_being_overwritten_is_overwritten_by_the_next_retention(
    told: Log, embedded: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail_scrub, "_ATTEMPTS", 2)
    reader = sqlite3.connect(told.config.data / "log" / "tail.sqlite")
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM eventlog_events").fetchone()
    evidence = told.erase(ADA, **ASKED)
    assert (evidence.rows, evidence.scrubbed) == (4, False)
    assert told.history(ADA) == [] and told.evidence() == [evidence]
    assert found_on_disk(told, ada.browser)
    told.retain(at=MONDAY + 2 * DAY)
    assert [each.what for each in told.evidence()] == ["erased"]
    reader.close()
    told.retain(at=MONDAY + 2 * DAY)
    assert [(each.what, each.scrubbed) for each in told.evidence()] == [("erased", False), ("scrubbed", True)]
    assert not found_on_disk(told, ada.browser)
    told.retain(at=MONDAY + 3 * DAY)
    assert len(told.evidence()) == 2


@pytest.mark.parametrize("step", ["delete_from_tail", "_rewrite"])
def test_an_erasure_cut_short_is_ended_by_the_next_retention_failed_bodies_too(
    told: Log, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    told.commit(failures=[Failure("site-norte", "bad_json", b'{"email": "ada@norte.example"', MONDAY)])
    told.commit(failures=[Failure("site-norte", "bad_json", b'{"email": "ada@norte.example"', MONDAY + 2 * DAY)])
    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr(erase, step, lambda *given: 1 // 0)
        told.erase(ADA, **ASKED)
    assert told.evidence() == []
    told.retain(at=MONDAY + 3 * DAY)
    assert [bool(failed.body) for failed in told.failed()] == [True, False]  # the newer one is somebody new
    assert everything_read(told) == stories()[1]
    assert [each.what for each in told.evidence()] == ["erased"]
    assert told.ledger().balanced


def test_failed_bodies_of_a_restored_backup_are_emptied_again(told: Log, embedded: None) -> None:
    told.commit(failures=[Failure("site-norte", "bad_json", b'{"email": "ada@norte.example"', MONDAY)])
    told.close()
    backup = shutil.copytree(told.config.data / "log", told.config.data / "backup")
    told.erase(ADA, **ASKED)
    told.close()
    shutil.rmtree(told.config.data / "log")
    shutil.copytree(backup, told.config.data / "log")
    restored = open_log(told.config)
    restored.apply_tombstones(by="restore", why="a backup from before the erasure")
    assert [failed.body for failed in restored.failed()] == [b""]
    restored.close()
