"""The tail in SQL, as SQLite and PostgreSQL both speak it; what differs between them is left to each."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from embudo.eventlog.columns import subject_in
from embudo.eventlog.columns import unpacked as values_of
from embudo.eventlog.position import position, shard_and_offset
from embudo.eventlog.recent import Piece, Recent, packed, positions_of, subjects_of, unpacked
from embudo.eventlog.tail import Entry, Failed, FailedState, Failure, KeyRow, Known, Mark, Packed, TailRow

_FAILED = "SELECT number, source, reason, body, received_at, detail, state, settled_at, settled_by FROM eventlog_failed"
_SELECT = "SELECT position, event FROM eventlog_events"
_PIECES = "SELECT position, entries FROM eventlog_recent WHERE position > ? AND position <= ? ORDER BY position"
KEY_COLUMNS = ("key", "digest", "position", "received_at")
_SOME = 500  # how many values stand in one list of a statement
_AT_ONCE = 100_000  # entries put in order at once on their way to the index; bounds its memory
_SLICE = 2_000  # entries written to the index in one transaction, so that no writer waits long


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

    @abstractmethod
    def insert_missing(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert those of many rows whose key is not there already."""

    @abstractmethod
    def keep(self, rows: Sequence[Packed]) -> None:
        """Insert many rows into `eventlog_events`."""

    @abstractmethod
    def run_each(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement once for each row of values."""

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

    def __init__(self, speaker: Speaker, recent: Recent, shards: Collection[int]) -> None:
        self._speaker = speaker
        self._recent = recent
        self._shards = shards

    def known(self, keys: Sequence[bytes]) -> dict[bytes, Known]:
        """Return what is remembered of these keys, which are of the shards this transaction writes."""
        sql = "SELECT shard, last, indexed FROM eventlog_shards WHERE shard IN"
        marks = {shard: (last, indexed) for shard, last, indexed in self._speaker.among(sql, sorted(self._shards))}
        found, unknown = self._recent.known(keys, marks, pieces=self._pieces, scan=self._indexed_behind)
        if unknown:
            asked = self._speaker.among("SELECT key, digest, position FROM eventlog_keys WHERE key IN", unknown)
            found |= {bytes(key): Known(digest, place) for key, digest, place in asked}
        return found

    def _pieces(self, after: int, last: int) -> list[Piece]:
        return _pieces(self._speaker, after, last)

    def _indexed_behind(self, key: bytes, limit: int) -> list[bytes]:
        found = self._speaker.all("SELECT key FROM eventlog_keys WHERE key > ? ORDER BY key LIMIT ?", (key, limit))
        return [bytes(each) for (each,) in found]

    def last(self, shards: Collection[int]) -> dict[int, int]:
        """Return the last offset of each shard."""
        return dict(self._speaker.among("SELECT shard, last FROM eventlog_shards WHERE shard IN", sorted(shards)))

    def keep(self, rows: Sequence[Packed], entries: Sequence[Entry], last: Mapping[int, int]) -> None:
        """Write rows and what finds them, in offset order within each shard, and the last offsets after them."""
        if not rows:
            return
        self._speaker.keep(rows)
        by_shard: dict[int, list[Entry]] = {}
        for entry in entries:
            by_shard.setdefault(shard_and_offset(entry[2])[0], []).append(entry)
        self._speaker.insert("eventlog_recent", ("position", "entries"), [packed(each) for each in by_shard.values()])
        self.keep_marks(last)

    def keep_keys(self, keys: Sequence[KeyRow]) -> None:
        """Write keys alone, of rows that are in segments."""
        self._speaker.insert("eventlog_keys", KEY_COLUMNS, keys)
        self._recent.distrust()

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
        """Delete rows of the tail that are in the index, and return how many there were."""
        return self._delete(self._speaker.among(f"{_SELECT} WHERE position IN", positions))

    def drop(self, shard: int, up_to: int, *, limit: int) -> int:
        """Delete at most `limit` of the first rows of a shard, up to an offset; return how many there were."""
        sql = f"{_SELECT} WHERE position > ? AND position <= ? ORDER BY position LIMIT ?"
        return self._delete(self._speaker.all(sql, (position(shard, 0), position(shard, up_to), limit)))

    def _delete(self, rows: Sequence[Packed]) -> int:
        places = sorted((subject_in(content), place) for place, content in rows)
        self._speaker.run_each("DELETE FROM eventlog_subjects WHERE subject = ? AND position = ?", places)
        return self._speaker.run_among("DELETE FROM eventlog_events WHERE position IN", [place for place, _ in rows])

    def indexed(self, shard: int, offset: int) -> None:
        """Say that the keys and subjects of a shard's rows up to an offset are in the index."""
        sql = "DELETE FROM eventlog_recent WHERE position > ? AND position <= ?"
        self._speaker.run(sql, (position(shard, 0), position(shard, offset)))
        self._speaker.run("UPDATE eventlog_shards SET indexed = ? WHERE shard = ?", (offset, shard))

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

    def __init__(self) -> None:
        self._recent = Recent()

    @abstractmethod
    def speaking(self) -> AbstractContextManager[Speaker]:
        """Lend this thread's connection outside a transaction; turns the storage's errors into LogUnavailable."""

    @abstractmethod
    def transaction(self, shards: Collection[int]) -> AbstractContextManager[Speaker]:
        """Lend the connection inside the transaction of the one writer of these shards."""

    @abstractmethod
    def indexing(self, *, wait: bool) -> AbstractContextManager[bool]:
        """Hold the lock of whoever moves keys to the index; yields False when another holds it, or waits."""

    @contextmanager
    def writing(self, shards: Collection[int]) -> Iterator[SqlWriting]:
        """Open the transaction of the one writer of these shards; it commits durably when the block ends."""
        with self.transaction(shards) as speaker:
            yield SqlWriting(speaker, self._recent, shards)

    def remembered(self) -> int:
        """Return how many keys this process remembers because the index did not hold them yet; asks nobody."""
        return len(self._recent)

    def index(self, *, wait: bool = True) -> int:
        """Move the keys and subjects of all rows there are now to the index, in short transactions; return how many.

        With `wait` False it does nothing while another process is at it.
        """
        moved = 0
        with self.indexing(wait=wait) as held:
            for shard, mark in self.marks().items() if held else ():
                while entries := self._unindexed(position(shard, 0), position(shard, mark.last)):
                    self._index(shard, entries, mark)
                    moved += len(entries)
        return moved

    def _unindexed(self, after: int, last: int) -> list[Entry]:
        entries: list[Entry] = []
        with self.speaking() as speaker:
            for piece in _pieces(speaker, after, last, limit=_AT_ONCE):
                if len(entries) < _AT_ONCE:
                    entries += unpacked(piece)
        return entries

    def _index(self, shard: int, entries: Sequence[Entry], mark: Mark) -> None:
        keys = sorted(entry[:4] for entry in entries)
        unsealed = position(shard, mark.sealed)
        subjects = sorted((entry[4], entry[2]) for entry in entries if entry[2] > unsealed)
        for table, columns, rows in (
            ("eventlog_keys", KEY_COLUMNS, keys), ("eventlog_subjects", ("subject", "position"), subjects)
        ):  # fmt: skip
            for start in range(0, len(rows), _SLICE):
                with self.transaction(()) as speaker:
                    speaker.insert_missing(table, columns, rows[start : start + _SLICE])
        with self.transaction((shard,)) as speaker:
            SqlWriting(speaker, self._recent, (shard,)).indexed(shard, shard_and_offset(entries[-1][2])[1])

    def rows(self, shard: int, after: int, limit: int) -> list[TailRow]:
        """Return the rows of a shard behind an offset, in offset order; sealed ones may be missing."""
        sql = f"{_SELECT} WHERE position > ? AND position < ? ORDER BY position LIMIT ?"
        with self.speaking() as speaker:
            return _unpacked(speaker.all(sql, (position(shard, after), position(shard + 1, 0), limit)))

    def rows_of(self, subjects: Collection[int]) -> list[TailRow]:
        """Return the rows of these subjects; sealed ones may be missing."""
        wanted, places = set(subjects), set[int]()
        with self.speaking() as speaker:
            for piece in self._all_pieces(speaker):  # before the index: what is moved meanwhile is found twice
                places.update(positions_of(piece, wanted))
            sql = "SELECT position FROM eventlog_subjects WHERE subject IN"
            places.update(place for (place,) in speaker.among(sql, list(wanted)))
            return _unpacked(speaker.among(f"{_SELECT} WHERE position IN", sorted(places)))

    def _all_pieces(self, speaker: Speaker) -> list[Piece]:
        return _pieces(speaker, 0, position(self.shards, 0))

    def marks(self) -> dict[int, Mark]:
        """Return the mark of each shard."""
        with self.speaking() as speaker:
            rows = speaker.all("SELECT shard, last, sealed, indexed FROM eventlog_shards ORDER BY shard")
        return {shard: Mark(*offsets) for shard, *offsets in rows}

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
        sql = "SELECT min(position), max(position), count(*) FROM eventlog_events WHERE position > ? AND position < ?"
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
            found = {subject for piece in self._all_pieces(speaker) for subject in subjects_of(piece)}
            found.update(each for (each,) in speaker.all("SELECT DISTINCT subject FROM eventlog_subjects"))
        return iter(found)


def _pieces(speaker: Speaker, after: int, last: int, *, limit: int = 1 << 40) -> list[Piece]:
    rows = speaker.all(f"{_PIECES} LIMIT ?", (after, last, limit))
    return [(place, bytes(content)) for place, content in rows]


def _unpacked(rows: Sequence[Packed]) -> list[TailRow]:
    return [(place, *values_of(content)) for place, content in rows]


def _failed(row: Sequence[Any]) -> Failed:
    number, source, reason, body, received_at, detail, state, settled_at, settled_by = row
    return Failed(
        number, source, reason, bytes(body), received_at, detail, FailedState(state), settled_at, settled_by
    )  # fmt: skip
