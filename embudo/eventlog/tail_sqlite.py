"""The tail in one SQLite file: WAL, synchronous=FULL, and BEGIN IMMEDIATE as the lock of the one writer.

All shards lie in the one file, because SQLite commits atomically per file only in WAL mode and a batch must be kept
as a whole or not at all.
"""

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from embudo.eventlog.tail import LogUnavailable, Packed
from embudo.eventlog.tail_schema import OLD_TAIL, create, lift
from embudo.eventlog.tail_scrub import empty_journal, write_anew
from embudo.eventlog.tail_sql import SqlTail
from embudo.eventlog.tail_writing import Speaker

_WORDS = {
    "serial": "INTEGER PRIMARY KEY AUTOINCREMENT",
    "position": "INTEGER",
    "bytes": "BLOB",
    "text": "BLOB",
    "clustered": "WITHOUT ROWID",
}
_CHECKPOINT_PAGES = 8_000  # about 32 MB of WAL between checkpoints


class SqliteSpeaker(Speaker):
    """Runs statements on a SQLite connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def all(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """Run a query and return its rows."""
        return self._connection.execute(sql, values).fetchall()

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run a statement and return how many rows it touched."""
        return self._connection.execute(sql, values).rowcount

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert many rows."""
        self._connection.executemany(_insert(table, tuple(columns)), rows)

    def insert_missing(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert those of many rows whose key is not there already."""
        self._connection.executemany(f"{_insert(table, tuple(columns))} ON CONFLICT DO NOTHING", rows)

    def keep(self, rows: Sequence[Packed]) -> None:
        """Insert many rows into `eventlog_events`."""
        self._connection.executemany("INSERT INTO eventlog_events (position, event) VALUES (?, ?)", rows)

    def run_each(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement once for each row of values."""
        self._connection.executemany(sql, rows)


@lru_cache
def _insert(table: str, columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"


class SqliteTail(SqlTail):
    """The tail of the embedded shape. One connection for each thread and process."""

    def __init__(self, folder: Path, *, shards: int, timeout_s: float = 5.0) -> None:
        super().__init__()
        self.path = folder / "tail.sqlite"
        self._timeout_s = timeout_s
        self._local = threading.local()
        with self._unavailable():
            folder.mkdir(parents=True, exist_ok=True)
            self.shards = self._create(shards)
            _sync_folder(folder)

    def _create(self, shards: int) -> int:
        connection = self._connection()
        if not _has(connection, "eventlog_events") or _has(connection, OLD_TAIL):
            with self.transaction(()) as speaker:
                if _has(connection, OLD_TAIL):
                    if not _has(connection, "eventlog_events"):
                        speaker.run("ALTER TABLE eventlog_shards ADD COLUMN indexed BIGINT NOT NULL DEFAULT 0")
                    create(speaker, _WORDS, shards=shards)
                    lift(speaker)
                else:
                    create(speaker, _WORDS, shards=shards)
        return int(connection.execute("SELECT count(*) FROM eventlog_shards").fetchone()[0])

    def _connection(self) -> sqlite3.Connection:
        kept = getattr(self._local, "kept", None)
        if kept is None or kept[0] != os.getpid():
            kept = (os.getpid(), self._connect())
            self._local.kept = kept
        return kept[1]

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=self._timeout_s, isolation_level=None, check_same_thread=False)
        for attempt in range(50):  # the change to WAL does not wait for a lock by itself
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                break
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or attempt == 49:
                    raise
                time.sleep(0.02)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        return connection

    @contextmanager
    def _unavailable(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.DatabaseError, OSError) as error:
            if isinstance(error, (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError)):
                raise
            self.close()
            raise LogUnavailable(f"{self.path}: {error}") from error

    @contextmanager
    def speaking(self) -> Iterator[Speaker]:
        """Lend this thread's connection outside a transaction."""
        with self._unavailable():
            yield SqliteSpeaker(self._connection())

    @contextmanager
    def transaction(self, shards: Collection[int]) -> Iterator[Speaker]:
        """Lend the connection inside the transaction of the one writer; waits for the lock."""
        with self._unavailable():
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield SqliteSpeaker(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def sealing(self) -> AbstractContextManager[bool]:
        """Hold the lock of whoever rewrites segments; the kernel frees it when the process dies."""
        return _locked(self.path.with_name("sealing.lock"), wait=False)

    def indexing(self, *, wait: bool) -> AbstractContextManager[bool]:
        """Hold the lock of whoever moves keys to the index; yields False when another holds it, or waits."""
        return _locked(self.path.with_name("indexing.lock"), wait=wait)

    def scrub(self) -> None:
        """Overwrite what was deleted, in short steps; writers go on meanwhile."""
        with self._unavailable():
            write_anew(self, _WORDS)
            empty_journal(self._connection(), timeout_s=self._timeout_s)

    def faults(self) -> list[str]:
        """Return what SQLite's own check finds damaged; never raises."""
        try:
            connection = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True, timeout=self._timeout_s)
            try:
                found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(20)")]
            finally:
                connection.close()
        except sqlite3.Error as error:
            return [str(error)]
        return [] if found == ["ok"] else found

    def close(self) -> None:
        """Let go of this thread's connection."""
        kept = getattr(self._local, "kept", None)
        self._local.kept = None
        if kept is not None and kept[0] == os.getpid():
            with suppress(sqlite3.Error):
                kept[1].close()


def _has(connection: sqlite3.Connection, table: str) -> bool:
    return bool(connection.execute("SELECT count(*) FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0])


@contextmanager
def _locked(path: Path, *, wait: bool) -> Iterator[bool]:
    with open(path, "a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
