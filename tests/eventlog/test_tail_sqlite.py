import os
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from embudo.config import Config
from embudo.eventlog import Cursor, Failure, Log, LogUnavailable, open_log
from embudo.eventlog.tail_sqlite import SqliteTail
from tests.cast import MONDAY
from tests.eventlog.facts import fact, facts

pytestmark = pytest.mark.usefixtures("embedded")


def ids(log: Log) -> list[str]:
    return [row.event.id for row in log.read(Cursor(), 100_000)[0]]


def test_a_commit_is_flushed_to_the_disk_before_it_is_answered(log: Log) -> None:
    connection = log._tail._connection()
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert connection.execute("PRAGMA secure_delete").fetchone() == (1,)


def test_the_number_of_shards_is_settled_when_the_log_is_made(config: Config) -> None:
    log = open_log(replace(config, shards=3))
    log.append(facts(0, 20))
    again = open_log(replace(config, shards=1))
    assert again.shards == 3
    assert sorted(ids(again)) == sorted(event.id for event in facts(0, 20))
    log.close()
    again.close()


def test_threads_append_at_the_same_time_without_losing_an_offset(log: Log) -> None:
    def append(first: int) -> None:
        for start in range(first, first + 100, 10):
            log.append(facts(start, start + 10))
        log.close()

    writers = [threading.Thread(target=append, args=(first,)) for first in range(0, 400, 100)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert log.end() == {0: 400}
    assert sorted(ids(log)) == sorted(event.id for event in facts(0, 400))


def test_a_log_opened_before_a_fork_is_used_on_both_sides(log: Log) -> None:
    log.append(facts(0, 3))
    child = os.fork()
    if child == 0:
        try:
            log.append(facts(3, 6))
            os._exit(0)
        except BaseException:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    log.append(facts(6, 9))
    assert ids(log) == [event.id for event in facts(0, 9)]


def test_a_log_that_another_holds_locked_is_unavailable_and_works_again_afterwards(config: Config) -> None:
    log = Log(config, SqliteTail(config.data / "log", shards=1, timeout_s=0.05))
    log.append([fact(1)])
    other = sqlite3.connect(config.data / "log" / "tail.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LogUnavailable, match="locked"):
        log.append([fact(2)])
    assert ids(log) == ["fact-1"]
    other.execute("ROLLBACK")
    assert log.append([fact(2)])[0].outcome == "accepted"
    other.close()
    log.close()


def test_a_file_that_is_no_database_is_unavailable(config: Config) -> None:
    (config.data / "log").mkdir()
    (config.data / "log" / "tail.sqlite").write_bytes(b"something else" * 1_000)
    with pytest.raises(LogUnavailable, match="not a database"):
        open_log(config)


def test_a_damaged_file_is_unavailable_and_never_half_read(log: Log) -> None:
    log.append(facts(0, 3_000))
    log._tail.scrub()
    log.close()
    path = log.config.data / "log" / "tail.sqlite"
    content = bytearray(path.read_bytes())
    content[4096 * 3 :] = os.urandom(len(content) - 4096 * 3)
    path.write_bytes(content)
    with pytest.raises(LogUnavailable):
        log.read(Cursor(), 3_000)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB with a file of 1 MB that can be removed to make room."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    (folder / "filler").write_bytes(b"\0" * 1_000_000)
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_keeps_nothing_of_the_batch_and_a_later_append_works(config: Config, small_disk: Path) -> None:
    log = open_log(replace(config, data=small_disk / "data"))
    acknowledged = 0
    bodies = [Failure("site", "bad_json", b"{" * 500, MONDAY)]
    with pytest.raises(LogUnavailable, match=r"full|disk"):
        while True:
            log.commit(events=facts(acknowledged, acknowledged + 50), failures=bodies)
            acknowledged += 50
    assert acknowledged >= 50
    assert ids(log) == [event.id for event in facts(0, acknowledged)]
    ledger = log.ledger()
    assert (ledger.kept, ledger.failed, ledger.balanced) == (acknowledged, acknowledged // 50, True)

    (small_disk / "filler").unlink()
    receipts = log.append(facts(acknowledged, acknowledged + 50))
    assert {receipt.outcome for receipt in receipts} == {"accepted"}
    assert ids(log) == [event.id for event in facts(0, acknowledged + 50)]
    assert log.verify() == []
    log.close()


def test_sealing_on_a_full_disk_loses_nothing(config: Config, small_disk: Path) -> None:
    log = open_log(replace(config, data=small_disk / "data"))
    log.append(facts(0, 1_000))
    room = os.statvfs(small_disk)
    (small_disk / "more").write_bytes(b"\0" * (room.f_bavail * room.f_frsize - 8_192))
    with pytest.raises(LogUnavailable):
        log.seal()
    assert ids(log) == [event.id for event in facts(0, 1_000)]
    (small_disk / "more").unlink()
    assert len(log.seal()) == 1
    assert ids(log) == [event.id for event in facts(0, 1_000)]
    assert log.verify() == []
    log.close()
