import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from embudo.config import Config
from embudo.eventlog import Cursor, Log, LogUnavailable, open_log
from embudo.eventlog.tail_postgres import PostgresTail
from tests.eventlog.facts import fact, facts
from tests.postgres import _as_owner, start_cluster

pytestmark = pytest.mark.usefixtures("server")


def ids(log: Log) -> list[str]:
    return [row.event.id for row in log.read(Cursor(), 100_000)[0]]


def test_offsets_are_in_commit_order_however_many_append(fresh: Callable[..., Log]) -> None:
    log: Log = fresh(shards=2)
    done, cursor, seen, quiet = threading.Event(), Cursor(), [], threading.Event()

    def append(first: int) -> None:
        mine = open_log(log.config)
        for start in range(first, first + 200, 8):
            mine.append(facts(start, start + 8))
        mine.close()

    writers = [threading.Thread(target=append, args=(first,)) for first in range(0, 800, 200)]
    for writer in writers:
        writer.start()
    threading.Thread(target=lambda: ([writer.join() for writer in writers], done.set()), daemon=True).start()
    while not (done.is_set() and cursor.passed(log.end())):
        rows, cursor = log.read(cursor, 13)
        seen += rows
        if not rows:
            quiet.wait(0.002)
    # a reader that never looks back has missed nothing: no offset became visible behind its cursor
    assert sorted(row.event.id for row in seen) == sorted(event.id for event in facts(0, 800))
    for shard in range(2):
        offsets = [row.offset for row in seen if row.shard == shard]
        assert offsets == list(range(1, len(offsets) + 1))


def test_many_processes_that_open_a_new_log_at_once_make_one(config: Config) -> None:
    faults: list[Exception] = []

    def make() -> None:
        try:
            open_log(config).close()
        except Exception as error:
            faults.append(error)

    makers = [threading.Thread(target=make) for _ in range(6)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert faults == []
    assert open_log(config).shards == 1


def test_a_writer_that_waits_too_long_for_a_shard_is_told_so(config: Config) -> None:
    log = Log(config, PostgresTail(config.database_url, shards=1, timeout_s=0.1))
    log.append([fact(1)])
    other = open_log(config)
    with other._tail.writing({0}), pytest.raises(LogUnavailable, match="timeout"):
        log.append([fact(2)])
    assert log.append([fact(2)])[0].outcome == "accepted"
    log.close()
    other.close()


def test_an_ended_connection_is_unavailable_once_and_then_made_anew(log: Log, config: Config) -> None:
    log.append([fact(1)])
    with psycopg.connect(config.database_url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                      " AND datname = current_database()")  # fmt: skip
    with pytest.raises(LogUnavailable):
        log.append([fact(2)])
    assert log.append([fact(2)])[0].outcome == "accepted"
    assert ids(log) == ["fact-1", "fact-2"]


def test_a_server_that_dies_keeps_what_was_acknowledged(config: Config) -> None:
    cluster = start_cluster()
    try:
        control: list[str | Path] = [cluster.programs / "pg_ctl", "-D", cluster.folder / "data", "-w"]
        log = open_log(replace(config, database_url=cluster.url("postgres")))
        log.append(facts(0, 20))
        _as_owner([*control, "-m", "immediate", "stop"])
        for _ in range(2):
            with pytest.raises(LogUnavailable):
                log.append(facts(20, 30))
        options = f"-p {cluster.port} -k {cluster.folder} -h 127.0.0.1"
        _as_owner([*control, "-l", cluster.folder / "log", "-o", options, "start"])
        assert ids(log) == [event.id for event in facts(0, 20)]
        assert log.append(facts(20, 30))[0].outcome == "accepted"
        assert log.ledger().balanced
        log.close()
    finally:
        cluster.stop()


def test_a_server_that_is_not_there_is_unavailable(config: Config) -> None:
    with pytest.raises(LogUnavailable):
        open_log(replace(config, database_url="postgresql://nobody@127.0.0.1:1/nothing"))


def test_a_commit_is_flushed_even_where_the_server_is_set_otherwise(config: Config) -> None:
    with psycopg.connect(config.database_url, autocommit=True) as other:
        name = other.execute("SELECT quote_ident(current_database())").fetchone()[0]
        other.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    log = open_log(config)
    assert log._tail._connection().execute("SHOW synchronous_commit").fetchone() == ("on",)
    log.close()
