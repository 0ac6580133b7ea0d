"""How a SQLite tail overwrites what was deleted, in steps so short that no writer waits for them.

SQLite zeroes the bytes of what is deleted (secure_delete), but when it balances a tree it may leave copies of rows in
the unused part of a page. So each table is written anew beside the old one and put in its place, and the old one is
emptied: a page that becomes free is zeroed as a whole. Freed pages stay in the file and are used again.
"""

import sqlite3
import time
from collections.abc import Collection
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from embudo.eventlog.position import position
from embudo.eventlog.tail import LogUnavailable
from embudo.eventlog.tail_schema import SCHEMA
from embudo.eventlog.tail_writing import Speaker

_ATTEMPTS, _WAIT_S, _BUSY_MS = 400, 0.025, 20


class _Table(NamedTuple):
    name: str
    key: tuple[str, ...]
    step: int  # rows of one transaction


_EVENTS = _Table("eventlog_events", ("position",), 1_000)
_SUBJECTS = _Table("eventlog_subjects", ("subject", "position"), 5_000)
_FAILED = _Table("eventlog_failed", ("number",), 50)  # a body may be large

Range = tuple[int, int]  # of the first column of the key: above the one, below the other


class Scrubbed(Protocol):
    """What a tail offers to whoever scrubs it."""

    shards: int

    def transaction(self, shards: Collection[int]) -> AbstractContextManager[Speaker]:
        """Lend the connection inside a transaction."""

    def index(self, *, wait: bool = True) -> int:
        """Move what finds the newest rows to the index."""

    def indexing(self, *, wait: bool) -> AbstractContextManager[bool]:
        """Hold the lock of whoever moves it."""


def write_anew(tail: Scrubbed, words: dict[str, str]) -> None:
    """Write the tables that hold what people did or said anew; the caller holds the sealing lock."""
    shards = [(position(shard, 0), position(shard + 1, 0)) for shard in range(tail.shards)]
    everything = [(-(2**63), 2**63 - 1)]
    _replace(tail, _EVENTS, shards, words)
    _replace(tail, _FAILED, everything, words)
    tail.index()
    with tail.indexing(wait=True):
        _replace(tail, _SUBJECTS, everything, words)
    with tail.transaction(()) as speaker:  # few rows, because what they hold was just moved
        pieces = speaker.all("SELECT position, entries FROM eventlog_recent")
        speaker.run("DELETE FROM eventlog_recent")
        speaker.insert("eventlog_recent", ("position", "entries"), pieces)


def _replace(tail: Scrubbed, table: _Table, ranges: list[Range], words: dict[str, str]) -> None:
    fresh, old = f"{table.name}_fresh", f"{table.name}_old"
    for left in (fresh, old):  # by a crash
        _empty(tail, table, left)
    (statement,) = (each for each in SCHEMA if f"EXISTS {table.name} " in each)
    with tail.transaction(()) as speaker:
        speaker.run(statement.format(**words).replace(table.name, fresh))
    reached = {each: _copied(tail, table, each) for each in ranges}
    with tail.transaction(()) as speaker:
        for (_, end), after in reached.items():  # what came since
            _copy(speaker, table, after, end, limit=-1)
        if table is _FAILED:
            _settle(speaker, fresh)
        speaker.run(f"ALTER TABLE {table.name} RENAME TO {old}")
        speaker.run(f"ALTER TABLE {fresh} RENAME TO {table.name}")
    _empty(tail, table, old)


def _copied(tail: Scrubbed, table: _Table, within: Range) -> tuple[int, ...]:
    """Copy the rows of a range step by step and return the key of the last one."""
    low, end = within
    after, copied = (low, *[0] * (len(table.key) - 1)), table.step
    keys = ", ".join(table.key)
    downward = ", ".join(f"{each} DESC" for each in table.key)
    last = f"SELECT {keys} FROM {table.name}_fresh WHERE {table.key[0]} < ? ORDER BY {downward} LIMIT 1"
    while copied == table.step:
        with tail.transaction(()) as speaker:
            copied = _copy(speaker, table, after, end, limit=table.step)
            after = max((after, *map(tuple, speaker.all(last, (end,)))))
    return after


def _copy(speaker: Speaker, table: _Table, after: tuple[int, ...], end: int, *, limit: int) -> int:
    keys, marks = ", ".join(table.key), ", ".join("?" * len(table.key))
    where = f"({keys}) > ({marks}) AND {table.key[0]} < ?"
    sql = f"INSERT INTO {table.name}_fresh SELECT * FROM {table.name} WHERE {where} ORDER BY {keys} LIMIT ?"
    return speaker.run(sql, (*after, end, limit))


def _settle(speaker: Speaker, fresh: str) -> None:
    """Copy again the failed events that were settled or emptied meanwhile."""
    speaker.run(f"""INSERT OR REPLACE INTO {fresh} SELECT now.* FROM eventlog_failed AS now JOIN {fresh} AS copied
        ON copied.number = now.number AND (copied.state <> now.state OR length(copied.body) <> length(now.body))""")


def _empty(tail: Scrubbed, table: _Table, name: str) -> None:
    """Delete all rows of a table, then the table."""
    keys, deleted = ", ".join(table.key), table.step
    with tail.transaction(()) as speaker:
        if not speaker.all("SELECT 1 FROM sqlite_master WHERE name = ?", (name,)):
            return
    sql = f"DELETE FROM {name} WHERE ({keys}) IN (SELECT {keys} FROM {name} ORDER BY {keys} LIMIT ?)"
    while deleted == table.step:
        with tail.transaction(()) as speaker:
            deleted = speaker.run(sql, (table.step,))
    with tail.transaction(()) as speaker:
        speaker.run(f"DROP TABLE {name}")


def empty_journal(connection: sqlite3.Connection, *, timeout_s: float) -> None:
    """Move everything from the write-ahead log to the file and cut it to nothing; raises LogUnavailable.

    Most of it is moved without holding anybody up; the cut waits for an instant in which nobody reads or writes.
    """
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
    try:
        for _ in range(_ATTEMPTS):
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                return
            time.sleep(_WAIT_S)
    finally:
        connection.execute(f"PRAGMA busy_timeout = {int(timeout_s * 1000)}")
    raise LogUnavailable("somebody has been reading the tail for ten seconds; what was deleted is in its journal yet")
