import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from embudo.core.event import DAY
from embudo.eventlog import Cursor, Log, LogDamaged, Retention, open_log, seal
from embudo.eventlog.manifest import Manifest
from embudo.eventlog.segments import Archive, SegmentWriter
from tests.cast import MONDAY
from tests.eventlog.facts import fact, facts

pytestmark = pytest.mark.usefixtures("tiny")


def ids(log: Log) -> list[str]:
    rows, cursor = log.read(Cursor(), 10_000)
    assert cursor.passed(log.end())
    return [row.event.id for row in rows]


def test_sealing_changes_nothing_a_reader_sees(log: Log) -> None:
    log.append(facts(0, 30))
    before = ids(log)
    assert len(log.seal()) == 4  # SEGMENT_ROWS is 9 here
    assert ids(log) == before
    assert log.tail_table().num_rows == 0
    assert log.seal() == []


def test_a_tail_below_the_threshold_stays(log: Log) -> None:
    log.append(facts(0, 5))
    assert log.seal(at_least=6) == []
    assert len(log.seal(at_least=5)) == 1


def test_a_duplicate_of_a_sealed_event_is_still_one(log: Log) -> None:
    log.append(facts(0, 5))
    log.seal()
    assert {receipt.outcome for receipt in log.append(facts(0, 5))} == {"duplicate"}


def test_only_one_seals_at_a_time(log: Log) -> None:
    log.append(facts(0, 5))
    with log._tail.sealing() as held:
        assert held
        other = open_log(log.config)
        assert other.seal() == []
        other.close()
    assert len(log.seal()) == 1


class PowerCut(BaseException):
    """The process is gone at this point."""


@contextmanager
def cut(monkeypatch: pytest.MonkeyPatch, where: type, name: str, *, before: bool) -> Iterator[None]:
    """Cut the power just before or just after a step."""
    step = getattr(where, name)

    def stepping(*given: object, **named: object) -> object:
        if not before:
            step(*given, **named)
        raise PowerCut

    with monkeypatch.context() as patch, pytest.raises(PowerCut):
        patch.setattr(where, name, stepping)
        yield


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("where, name", [(SegmentWriter, "finish"), (Archive, "save"), (seal, "move_mark")])
def test_a_crash_at_any_step_of_sealing_loses_and_doubles_nothing(
    log: Log, monkeypatch: pytest.MonkeyPatch, where: type, name: str, before: bool
) -> None:
    log.append(facts(0, 8))
    with cut(monkeypatch, where, name, before=before):
        log.seal()
    again = open_log(log.config)
    assert ids(again) == [event.id for event in facts(0, 8)]
    assert again.history([fact(1).subject]) == [fact(1)]
    again.append(facts(8, 10))
    again.seal()
    assert ids(again) == [event.id for event in facts(0, 10)]
    assert again.verify() == []
    again.close()


def test_files_of_a_crashed_sealing_are_removed_by_the_next(log: Log) -> None:
    log.append(facts(0, 3))
    log.seal()
    folder = log.segments()[0].parent
    for name in ("000-000000000004-000000000006-000077.parquet", "something.unfinished"):
        (folder / name).write_bytes(b"torn")
    log.append(facts(3, 6))
    log.seal(at=MONDAY + DAY)
    assert sorted(path.suffix for path in folder.iterdir()) == [".parquet", ".parquet", ".subjects", ".subjects"]


def contents(log: Log) -> dict[str, bytes]:
    folder = log.config.data / "log" / "segments"
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def listed(log: Log) -> dict[str, bytes]:
    """The lists of segments there were: without any, after the first and after the second sealing of `log`."""
    lists = {"gone": b""}
    for which, start in ("older", 0), ("newest", 9):
        log.append(facts(start, start + 9))
        log.seal()
        lists[which] = log._archive.manifest_path.read_bytes()
    log.append(facts(18, 20))
    return lists


@pytest.mark.parametrize("which", ["gone", "older"])
def test_a_list_of_segments_that_was_lost_or_is_older_destroys_nothing(
    log: Log, listed: dict[str, bytes], which: str
) -> None:
    def retain() -> object:
        return log.retain(Retention({"page_viewed": 1}))

    before = contents(log)
    log._archive.manifest_path.unlink()
    if listed[which]:
        log._archive.manifest_path.write_bytes(listed[which])
    for act in (log.seal, log.compact, log.segments, log.snapshot, lambda: log.history([1]), retain):
        with pytest.raises(LogDamaged, match="18 of shard 0 are in no segment"):
            act()
    with pytest.raises(LogDamaged, match="18 of shard 0 are in no segment"):
        open_log(log.config)
    assert contents(log) == before
    log._archive.manifest_path.write_bytes(listed["newest"])
    assert len(log.seal()) == 1
    assert ids(log) == [event.id for event in facts(0, 20)]


def test_a_list_whose_segments_were_merged_since_destroys_nothing(log: Log, listed: dict[str, bytes]) -> None:
    log.compact(fewest=2, at=MONDAY)
    log.compact(at=MONDAY + DAY)  # the files of before the merge are gone
    before = contents(log)
    log._archive.manifest_path.write_bytes(listed["newest"])
    with pytest.raises(LogDamaged, match="is gone"):
        log.seal()
    assert contents(log) == before


def test_segments_of_which_neither_list_nor_tail_knows_are_put_aside(log: Log, listed: dict[str, bytes]) -> None:
    before = contents(log)
    other = open_log(replace(log.config, data=log.config.data / "other", database_url=""))
    shutil.copytree(log._archive.folder, other._archive.folder)
    other.append(facts(0, 3))
    other.seal()
    aside = other.config.data / "log" / "aside"
    assert {path.name: path.read_bytes() for path in aside.iterdir()} == before
    other.close()


@pytest.fixture
def old_log(fresh: Callable[..., Log]) -> Log:
    """A log that sealed three facts and has forgotten their keys, because a hundred days have gone by."""
    log = fresh()
    log.append(facts(0, 3))
    log.seal()
    log.retain(at=MONDAY + 100 * DAY)
    return log


def late(number: int, **changes: object):
    return replace(fact(number, **changes), received_at=MONDAY + 100 * DAY, known_at=MONDAY + 100 * DAY)


def test_a_twin_older_than_the_horizon_is_taken_out_when_sealing(old_log: Log) -> None:
    receipts = old_log.append([late(1), late(7)])
    assert [receipt.outcome for receipt in receipts] == ["accepted", "accepted"]
    old_log.seal(at=MONDAY + 101 * DAY)
    assert ids(old_log) == ["fact-0", "fact-1", "fact-2", "fact-7"]
    ledger = old_log.ledger()
    assert (ledger.received, ledger.kept, ledger.duplicates, ledger.balanced) == (5, 4, 1, True)


def test_an_old_id_with_other_content_becomes_a_failed_event_when_sealing(old_log: Log) -> None:
    old_log.append([late(1, kind="form_submitted")])
    old_log.seal(at=MONDAY + 101 * DAY)
    assert ids(old_log) == ["fact-0", "fact-1", "fact-2"]
    assert [failed.reason for failed in old_log.failed()] == ["id_reused"]
    assert old_log.ledger().balanced


def test_a_twin_that_says_another_time_is_taken_out_too(old_log: Log) -> None:
    old_log.append([late(1, at=MONDAY + 99 * DAY), late(7)])
    old_log.seal(at=MONDAY + 101 * DAY)
    assert ids(old_log) == ["fact-0", "fact-1", "fact-2", "fact-7"]
    assert old_log.ledger().duplicates == 1 and old_log.ledger().balanced


def test_an_old_id_of_somebody_else_becomes_a_failed_event_when_sealing(old_log: Log) -> None:
    old_log.append([late(1, who=2, at=MONDAY + 99 * DAY)])
    old_log.seal(at=MONDAY + 101 * DAY)
    assert ids(old_log) == ["fact-0", "fact-1", "fact-2"]
    assert old_log.ledger().failed_by_reason == {"id_reused": 1}


def test_twins_are_found_in_segments_that_were_merged_or_written_anew(old_log: Log) -> None:
    old_log.append([late(7)])
    old_log.seal(at=MONDAY + 101 * DAY)
    old_log.compact(fewest=2, at=MONDAY + 101 * DAY)
    old_log.erase([fact(0).subject], by="clara", why="asked", at=MONDAY + DAY)
    old_log.append([late(number, at=MONDAY + 100 * DAY) for number in (1, 2, 8)])
    old_log.seal(at=MONDAY + 101 * DAY)
    assert ids(old_log) == ["fact-1", "fact-2", "fact-8"]
    assert old_log.verify() == []
    names = {path.stem for path in old_log.segments()}
    assert {path.stem for path in old_log._archive.folder.iterdir()} == names


def test_keys_beside_a_segment_that_were_cut_short_are_made_again(old_log: Log) -> None:
    old_log.append([late(7)])
    old_log.seal(at=MONDAY + 101 * DAY)
    (path,) = old_log._archive.folder.glob("*.keys")
    path.write_bytes(path.read_bytes()[:-8])
    old_log.append([late(2, at=MONDAY + 100 * DAY)])
    old_log.seal(at=MONDAY + 101 * DAY)
    assert ids(old_log) == ["fact-0", "fact-1", "fact-2", "fact-7"]


def test_a_manifest_is_never_empty_after_sealing(log: Log) -> None:
    log.append(facts(0, 3))
    log.seal()
    assert log._archive.manifest() != Manifest()
