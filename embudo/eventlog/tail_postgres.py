"""The tail in PostgreSQL: an advisory lock for each shard, held to the commit, so that offsets are in commit order."""

import os
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import lru_cache
from typing import Any, LiteralString, cast

import psycopg

from embudo.eventlog.tail import LogUnavailable, Packed
from embudo.eventlog.tail_schema import OLD_SCHEMA, OLD_TAIL, TABLES, create, lift
from embudo.eventlog.tail_sql import SqlTail
from embudo.eventlog.tail_writing import Speaker

_WORDS = {
    "serial": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    "position": "BIGINT",
    "bytes": "BYTEA",
    "text": "TEXT",
    "clustered": "",
}
_LOCK = "hashtext('embudo eventlog ' || current_schema())"
_SEALING, _CREATING, _INDEXING = -1, -2, -3  # second halves of advisory locks; the shards are 0 and up


class PostgresSpeaker(Speaker):
    """Runs statements on a PostgreSQL connection."""

    def __init__(self, connection: "psycopg.Connection[tuple[Any, ...]]") -> None:
        self._connection = connection

    def all(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """Run a query and return its rows."""
        return self._connection.execute(_translated(sql), values or None).fetchall()

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run a statement and return how many rows it touched."""
        return self._connection.execute(_translated(sql), values or None).rowcount

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert many rows with COPY."""
        if not rows:
            return
        sql = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
        with self._connection.cursor() as cursor, cursor.copy(sql) as copy:
            for row in rows:
                copy.write_row(row)

    def insert_missing(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert those of many rows, of bytes and whole numbers, whose key is not there already."""
        lists = [f"%s::{'bytea' if isinstance(value, bytes) else 'bigint'}[]" for value in rows[0]]
        select = f"SELECT * FROM unnest({', '.join(lists)})"
        sql = f"INSERT INTO {table} ({', '.join(columns)}) {select} ON CONFLICT DO NOTHING"
        self._connection.execute(sql, [list(column) for column in zip(*rows, strict=True)])

    def keep(self, rows: Sequence[Packed]) -> None:
        """Insert many rows into `eventlog_events` with COPY, which needs the backslashes of JSON escaped."""
        lines = [b"%d\t%b\n" % (place, content.replace(b"\\", b"\\\\")) for place, content in rows]
        sql = "COPY eventlog_events (position, event) FROM STDIN"
        with self._connection.cursor() as cursor, cursor.copy(sql) as copy:
            copy.write(b"".join(lines))

    def run_each(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement once for each row of values."""
        with self._connection.cursor() as cursor:
            cursor.executemany(_translated(sql), rows)

    def among(self, sql: str, values: Sequence[Any]) -> list[Any]:
        """Run a query that ends in `IN` for any number of values and return its rows."""
        return self.all(f"{sql.removesuffix(' IN')} = ANY(?)", (list(values),)) if values else []

    def run_among(self, sql: str, values: Sequence[Any]) -> int:
        """Run a statement that ends in `IN` for any number of values and return how many rows it touched."""
        return self.run(f"{sql.removesuffix(' IN')} = ANY(?)", (list(values),)) if values else 0


def _has(speaker: Speaker, table: str) -> bool:
    return speaker.all("SELECT to_regclass(?)", (table,))[0][0] is not None


@lru_cache
def _translated(sql: str) -> LiteralString:
    return sql.replace("?", "%s")


class PostgresTail(SqlTail):
    """The tail of the server shape. One connection for each thread and process."""

    def __init__(self, url: str, *, shards: int, timeout_s: float = 5.0) -> None:
        super().__init__()
        self._url = url
        self._timeout_s = timeout_s
        self._local = threading.local()
        with self.speaking() as speaker:
            self.shards = self._create(speaker, shards)

    def _create(self, speaker: Speaker, shards: int) -> int:
        if not _has(speaker, "eventlog_events") or _has(speaker, OLD_TAIL):
            with self.transaction((_CREATING,)) as creating:
                if _has(creating, "eventlog_shards"):
                    sql = "ALTER TABLE eventlog_shards ADD COLUMN IF NOT EXISTS indexed BIGINT NOT NULL DEFAULT 0"
                    creating.run(sql)
                create(creating, _WORDS, shards=shards)
                if _has(creating, OLD_TAIL):
                    lift(creating)
        return int(speaker.all("SELECT count(*) FROM eventlog_shards")[0][0])

    def _connection(self) -> "psycopg.Connection[tuple[Any, ...]]":
        kept = getattr(self._local, "kept", None)
        if kept is None or kept[0] != os.getpid() or kept[1].closed:
            kept = (os.getpid(), self._connect())
            self._local.kept = kept
        return cast("psycopg.Connection[tuple[Any, ...]]", kept[1])

    def _connect(self) -> "psycopg.Connection[tuple[Any, ...]]":
        connection = psycopg.connect(self._url, autocommit=True, connect_timeout=max(2, int(self._timeout_s)))
        connection.execute("SET synchronous_commit = on")
        connection.execute("SELECT set_config('lock_timeout', %s, false)", (f"{int(self._timeout_s * 1000)}ms",))
        return connection

    @contextmanager
    def _unavailable(self) -> Iterator[None]:
        try:
            yield
        except (psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError) as error:
            self.close()
            raise LogUnavailable(f"PostgreSQL: {error}") from error

    @contextmanager
    def speaking(self) -> Iterator[Speaker]:
        """Lend this thread's connection outside a transaction."""
        with self._unavailable():
            yield PostgresSpeaker(self._connection())

    @contextmanager
    def transaction(self, shards: Collection[int]) -> Iterator[Speaker]:
        """Lend the connection inside the transaction of the one writer of these shards; waits for their locks."""
        with self._unavailable():
            connection = self._connection()
            speaker = PostgresSpeaker(connection)
            with connection.transaction():
                for shard in sorted(shards):
                    speaker.all(f"SELECT pg_advisory_xact_lock({_LOCK}, ?)", (shard,))
                yield speaker

    def sealing(self) -> AbstractContextManager[bool]:
        """Hold the lock of whoever rewrites segments; the server frees it when the process dies."""
        return self._locked(_SEALING, wait=False)

    def indexing(self, *, wait: bool) -> AbstractContextManager[bool]:
        """Hold the lock of whoever moves keys to the index; yields False when another holds it, or waits."""
        return self._locked(_INDEXING, wait=wait)

    @contextmanager
    def _locked(self, lock: int, *, wait: bool) -> Iterator[bool]:
        with self._unavailable():
            connection = self._connect()
        try:
            with self._unavailable():
                speaker = PostgresSpeaker(connection)
                if wait:
                    speaker.run("SET lock_timeout = 0")
                    speaker.all(f"SELECT pg_advisory_lock({_LOCK}, {lock})")
                held = wait or speaker.all(f"SELECT pg_try_advisory_lock({_LOCK}, {lock})")[0][0]
            yield bool(held)
        finally:
            with suppress(psycopg.Error):  # the server would free the lock only some time after the goodbye
                connection.execute("SELECT pg_advisory_unlock_all()")
            with suppress(psycopg.Error):
                connection.close()

    def admit_older(self) -> None:
        """Make the table of rows of layout 1, to be filled from a backup; the next opening lifts it."""
        with self.transaction((_CREATING,)) as creating:
            creating.run(OLD_SCHEMA)

    def scrub(self) -> None:
        """Overwrite what was deleted; writers wait while the tables are written anew."""
        with self.speaking() as speaker:
            speaker.run("VACUUM FULL eventlog_events")
            speaker.run("VACUUM FULL eventlog_subjects")
            speaker.run("VACUUM FULL eventlog_failed")

    def faults(self) -> list[str]:
        """Return what a full read of the tables finds damaged; never raises."""
        found = []
        for table in TABLES:
            try:
                with self.speaking() as speaker:
                    speaker.all(f"SELECT count(*), max(length(t::text)) FROM {table} AS t")
            except (LogUnavailable, psycopg.Error) as error:
                found.append(f"{table}: {error}")
        return found

    def close(self) -> None:
        """Let go of this thread's connection."""
        kept = getattr(self._local, "kept", None)
        self._local.kept = None
        if kept is not None and kept[0] == os.getpid():
            with suppress(psycopg.Error):
                kept[1].close()
