"""The tail in SQL, as SQLite and PostgreSQL both speak it; what differs between them is left to each."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from embudo.eventlog.columns import PLAIN
from embudo.eventlog.position import position, shard_and_offset
from embudo.eventlog.tail import Failed, FailedState, Failure, KeyRow, Known, Mark, TailRow

ROW_COLUMNS = ("position", *PLAIN)
_SELECT = f"SELECT {', '.join(ROW_COLUMNS)} FROM eventlog_tail"
_FAILED = "SELECT number, source, reason, body, received_at, detail, state, settled_at, settled_by FROM eventlog_failed"
_SOME = 500  # how many values stand in one list of a statement

# {serial}, {position}, {bytes}, {clustered} are the words in which the two differ.
SCHEMA = (
    """CREATE TABLE IF NOT EXISTS eventlog_tail (
        position {position} PRIMARY KEY, layout INTEGER NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL,
        kind TEXT NOT NULL, at BIGINT NOT NULL, received_at BIGINT NOT NULL, known_at BIGINT NOT NULL,
        identifier TEXT NOT NULL, subject BIGINT NOT NULL, named BOOLEAN NOT NULL, anonymous_id TEXT, user_id TEXT,
        site TEXT NOT NULL, door TEXT NOT NULL, verdict TEXT NOT NULL, body TEXT NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS eventlog_tail_subject ON eventlog_tail (subject)",
    """CREATE TABLE IF NOT EXISTS eventlog_keys (
        key {bytes} PRIMARY KEY, digest BIGINT NOT NULL, position BIGINT NOT NULL, received_at BIGINT NOT NULL
        ) {clustered}""",
    """CREATE TABLE IF NOT EXISTS eventlog_failed (
        number {serial}, source TEXT NOT NULL, reason TEXT NOT NULL, body {bytes} NOT NULL,
        received_at BIGINT NOT NULL, detail TEXT NOT NULL, state TEXT NOT NULL, settled_at BIGINT,
        settled_by TEXT NOT NULL DEFAULT '')""",
    """CREATE TABLE IF NOT EXISTS eventlog_counters (
        shard INTEGER NOT NULL, name TEXT NOT NULL, value BIGINT NOT NULL, PRIMARY KEY (shard, name))""",
    """CREATE TABLE IF NOT EXISTS eventlog_shards (
        shard INTEGER PRIMARY KEY, last BIGINT NOT NULL, sealed BIGINT NOT NULL)""",
)


class Speaker(ABC):
    """What runs a statement on the open connection; the mark of a value is `?`."""

    @abstractmethod
    def all(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """Run a query and return its rows."""

    @abstractmethod
    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run a statement and return how many rows it touched."""

    @abstractmethod
    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert many rows."""

    def among(self, sql: str, values: Sequence[Any]) -> list[Any]:
        """Run a query that ends in `IN` for any number of values and return its rows."""
        found: list[Any] = []
        for some in _portions(values):
            found += self.all(f"{sql} ({', '.join('?' * len(some))})", some)
        return found

    def run_among(self, sql: str, values: Sequence[Any]) -> int:
        """Run a statement that ends in `IN` for any number of values and return how many rows it touched."""
        return sum(self.run(f"{sql} ({', '.join('?' * len(some))})", some) for some in _portions(values))


def _portions(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), _SOME):
        yield values[start : start + _SOME]


class SqlWriting:
    """The open transaction of a writer."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker

    def known(self, keys: Sequence[bytes]) -> dict[bytes, Known]:
        """Return what is remembered of these keys."""
        found = self._speaker.among("SELECT key, digest, position FROM eventlog_keys WHERE key IN", keys)
        return {bytes(key): Known(digest, place) for key, digest, place in found}

    def last(self, shards: Collection[int]) -> dict[int, int]:
        """Return the last offset of each shard."""
        return dict(self._speaker.among("SELECT shard, last FROM eventlog_shards WHERE shard IN", sorted(shards)))

    def keep(self, rows: Sequence[TailRow], keys: Sequence[KeyRow], last: Mapping[int, int]) -> None:
        """Write rows and their keys, and the last offsets after them."""
        if not rows:
            return
        self._speaker.insert("eventlog_tail", ROW_COLUMNS, rows)
        self.keep_keys(keys)
        self.keep_marks(last)

    def keep_keys(self, keys: Sequence[KeyRow]) -> None:
        """Write keys alone, of rows that are in segments."""
        self._speaker.insert("eventlog_keys", ("key", "digest", "position", "received_at"), keys)

    def keep_marks(self, last: Mapping[int, int]) -> None:
        """Write the last offsets of shards."""
        for shard, offset in last.items():
            self._speaker.run("UPDATE eventlog_shards SET last = ? WHERE shard = ?", (offset, shard))

    def fail(self, failures: Sequence[Failure]) -> None:
        """Write failed events, in the state OPEN."""
        columns = ("source", "reason", "body", "received_at", "detail", "state")
        self._speaker.insert(
            "eventlog_failed",
            columns,
            [(f.source, f.reason, f.body, f.received_at, f.detail, FailedState.OPEN.value) for f in failures],
        )

    def settle(self, number: int, state: FailedState, *, at: int, by: str) -> Failed | None:
        """Move an open failed event to a state; return it as it was, or None when none is open by that number."""
        found = self._speaker.all(f"{_FAILED} WHERE number = ? AND state = ?", (number, FailedState.OPEN.value))
        if not found:
            return None
        sql = "UPDATE eventlog_failed SET state = ?, settled_at = ?, settled_by = ? WHERE number = ?"
        self._speaker.run(sql, (state.value, at, by, number))
        return _failed(found[0])

    def count(self, shard: int, counts: Mapping[str, int]) -> None:
        """Add to the counters of a shard."""
        sql = """INSERT INTO eventlog_counters (shard, name, value) VALUES (?, ?, ?)
            ON CONFLICT (shard, name) DO UPDATE SET value = eventlog_counters.value + excluded.value"""
        for name, value in sorted(counts.items()):
            if value:
                self._speaker.run(sql, (shard, name, value))

    def counted(self, name: str) -> int:
        """Return a counter, all shards together."""
        sql = "SELECT coalesce(sum(value), 0) FROM eventlog_counters WHERE name = ?"
        return int(self._speaker.all(sql, (name,))[0][0])

    def delete(self, positions: Sequence[int]) -> int:
        """Delete rows of the tail and return how many there were."""
        return self._speaker.run_among("DELETE FROM eventlog_tail WHERE position IN", positions)

    def drop(self, shard: int, up_to: int, *, limit: int) -> int:
        """Delete at most `limit` of the first rows of a shard, up to an offset; return how many there were."""
        sql = """DELETE FROM eventlog_tail WHERE position IN (
            SELECT position FROM eventlog_tail WHERE position > ? AND position <= ? ORDER BY position LIMIT ?)"""
        return self._speaker.run(sql, (position(shard, 0), position(shard, up_to), limit))

    def sealed(self, shard: int, offset: int) -> None:
        """Say that a shard's rows up to an offset are in segments."""
        self._speaker.run("UPDATE eventlog_shards SET sealed = ? WHERE shard = ?", (offset, shard))

    def forget_keys(self, keys: Sequence[bytes]) -> None:
        """Forget keys."""
        self._speaker.run_among("DELETE FROM eventlog_keys WHERE key IN", keys)

    def forget_failed(self, numbers: Sequence[int]) -> int:
        """Empty the bodies of failed events and return how many bytes that freed."""
        found = self._speaker.among("SELECT length(body) FROM eventlog_failed WHERE number IN", numbers)
        sql = """UPDATE eventlog_failed SET body = substr(body, 1, 0), detail = '',
            state = CASE state WHEN 'open' THEN 'dismissed' ELSE state END WHERE number IN"""
        self._speaker.run_among(sql, numbers)
        return sum(length for (length,) in found)


class SqlTail(ABC):
    """The tail in tables of SQL."""

    shards: int

    @abstractmethod
    def speaking(self) -> AbstractContextManager[Speaker]:
        """Lend this thread's connection outside a transaction; turns the storage's errors into LogUnavailable."""

    @abstractmethod
    def transaction(self, shards: Collection[int]) -> AbstractContextManager[Speaker]:
        """Lend the connection inside the transaction of the one writer of these shards."""

    @contextmanager
    def writing(self, shards: Collection[int]) -> Iterator[SqlWriting]:
        """Open the transaction of the one writer of these shards; it commits durably when the block ends."""
        with self.transaction(shards) as speaker:
            yield SqlWriting(speaker)

    def rows(self, shard: int, after: int, limit: int) -> list[TailRow]:
        """Return the rows of a shard behind an offset, in offset order; sealed ones may be missing."""
        sql = f"{_SELECT} WHERE position > ? AND position < ? ORDER BY position LIMIT ?"
        with self.speaking() as speaker:
            return speaker.all(sql, (position(shard, after), position(shard + 1, 0), limit))

    def rows_of(self, subjects: Collection[int]) -> list[TailRow]:
        """Return the rows of these subjects; sealed ones may be missing."""
        with self.speaking() as speaker:
            return speaker.among(f"{_SELECT} WHERE subject IN", list(subjects))

    def marks(self) -> dict[int, Mark]:
        """Return the mark of each shard."""
        with self.speaking() as speaker:
            rows = speaker.all("SELECT shard, last, sealed FROM eventlog_shards ORDER BY shard")
        return {shard: Mark(last, sealed) for shard, last, sealed in rows}

    def counters(self) -> list[tuple[str, int]]:
        """Return all counters; a name may stand there once for every shard."""
        with self.speaking() as speaker:
            return speaker.all("SELECT name, value FROM eventlog_counters")

    def failed(self, *, limit: int, before: int | None, reason: str, state: str) -> list[Failed]:
        """Return failed events, newest first; an empty reason or state stands for any."""
        where, values = ["1 = 1"], []
        for condition, value in (("number < ?", before), ("reason = ?", reason), ("state = ?", state)):
            if value not in (None, ""):
                where.append(condition)
                values.append(value)
        sql = f"{_FAILED} WHERE {' AND '.join(where)} ORDER BY number DESC LIMIT ?"
        with self.speaking() as speaker:
            return [_failed(row) for row in speaker.all(sql, (*values, limit))]

    def failed_counts(self) -> dict[tuple[str, FailedState], int]:
        """Return how many failed events there are of each reason and state."""
        sql = "SELECT reason, state, count(*) FROM eventlog_failed GROUP BY reason, state ORDER BY 3 DESC, 1, 2"
        with self.speaking() as speaker:
            return {(reason, FailedState(state)): count for reason, state, count in speaker.all(sql)}

    def extremes(self, shard: int) -> tuple[int, int, int] | None:
        """Return the first and the last offset of a shard's rows in the tail and their number, None without rows."""
        sql = "SELECT min(position), max(position), count(*) FROM eventlog_tail WHERE position > ? AND position < ?"
        with self.speaking() as speaker:
            first, last, count = speaker.all(sql, (position(shard, 0), position(shard + 1, 0)))[0]
        return (shard_and_offset(first)[1], shard_and_offset(last)[1], count) if count else None

    def keys(self, after: bytes, limit: int) -> list[tuple[bytes, int, int]]:
        """Return (key hash, position, received_at) in key order behind a key."""
        sql = "SELECT key, position, received_at FROM eventlog_keys WHERE key > ? ORDER BY key LIMIT ?"
        with self.speaking() as speaker:
            return [(bytes(key), place, at) for key, place, at in speaker.all(sql, (after, limit))]

    def subjects(self) -> Iterator[int]:
        """Return the subjects that have rows in the tail."""
        with self.speaking() as speaker:
            return iter([subject for (subject,) in speaker.all("SELECT DISTINCT subject FROM eventlog_tail")])


def _failed(row: Sequence[Any]) -> Failed:
    number, source, reason, body, received_at, detail, state, settled_at, settled_by = row
    return Failed(
        number, source, reason, bytes(body), received_at, detail, FailedState(state), settled_at, settled_by
    )  # fmt: skip
