"""The open transaction of a tail's writer in SQL, and the connection that runs its statements."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from embudo.eventlog.columns import subject_in
from embudo.eventlog.ledger import room_of
from embudo.eventlog.position import position, shard_and_offset
from embudo.eventlog.recent import Piece, Recent, packed
from embudo.eventlog.tail import Entry, Failed, FailedState, Failure, KeyRow, Known, Packed

_FAILED_COLUMNS = "number, source, reason, body, received_at, detail, state, settled_at, settled_by"
FAILED = f"SELECT {_FAILED_COLUMNS} FROM eventlog_failed"
SELECT = "SELECT position, event FROM eventlog_events"
_PIECES = "SELECT position, entries FROM eventlog_recent WHERE position > ? AND position <= ? ORDER BY position"
KEY_COLUMNS = ("key", "digest", "position", "received_at")
_SOME = 500  # how many values stand in one list of a statement


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
        return pieces_between(self._speaker, after, last)

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
        sql = f"""UPDATE eventlog_failed SET state = ?, settled_at = ?, settled_by = ?
            WHERE number = ? AND state = ? RETURNING {_FAILED_COLUMNS}"""
        found = self._speaker.all(sql, (state.value, at, by, number, FailedState.OPEN.value))
        return replace(failed_of(found[0]), state=FailedState.OPEN, settled_at=None, settled_by="") if found else None

    def count(self, shard: int, counts: Mapping[str, int]) -> None:
        """Add to the counters of a shard."""
        sql = """INSERT INTO eventlog_counters (shard, name, value) VALUES (?, ?, ?)
            ON CONFLICT (shard, name) DO UPDATE SET value = eventlog_counters.value + excluded.value"""
        for name, value in sorted(counts.items()):
            if value:
                self._speaker.run(sql, (shard, name, value))

    def counted(self, name: str) -> dict[str, int]:
        """Return the counters whose names begin with this one, each of all shards together."""
        sql = "SELECT name, sum(value) FROM eventlog_counters WHERE substr(name, 1, ?) = ? GROUP BY name"
        return {found: int(value) for found, value in self._speaker.all(sql, (len(name), name))}

    def delete(self, positions: Sequence[int]) -> int:
        """Delete rows of the tail that are in the index, and return how many there were."""
        return self._delete(self._speaker.among(f"{SELECT} WHERE position IN", positions))

    def drop(self, shard: int, up_to: int, *, limit: int) -> int:
        """Delete at most `limit` of the first rows of a shard, up to an offset; return how many there were."""
        sql = f"{SELECT} WHERE position > ? AND position <= ? ORDER BY position LIMIT ?"
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

    def forget_failed(self, numbers: Sequence[int]) -> None:
        """Empty the bodies of failed events and count the room that frees."""
        freed = Counter[str]()
        for source, length in self._speaker.among(
            "SELECT source, length(body) FROM eventlog_failed WHERE number IN", numbers
        ):
            freed[room_of(source)] -= length
        self.count(0, freed)
        sql = """UPDATE eventlog_failed SET body = substr(body, 1, 0), detail = '',
            state = CASE state WHEN 'open' THEN 'dismissed' ELSE state END WHERE number IN"""
        self._speaker.run_among(sql, numbers)


def pieces_between(speaker: Speaker, after: int, last: int, *, limit: int = 1 << 40) -> list[Piece]:
    """Return the pieces behind one position and up to another, in their order."""
    rows = speaker.all(f"{_PIECES} LIMIT ?", (after, last, limit))
    return [(place, bytes(content)) for place, content in rows]


def failed_of(row: Sequence[Any]) -> Failed:
    """Return a failed event of a row of FAILED."""
    number, source, reason, body, received_at, detail, state, settled_at, settled_by = row
    return Failed(
        number, source, reason, bytes(body), received_at, detail, FailedState(state), settled_at, settled_by
    )  # fmt: skip
