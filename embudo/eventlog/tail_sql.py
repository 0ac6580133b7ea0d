"""The tail in SQL, as SQLite and PostgreSQL both speak it; what differs between them is left to each."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from embudo.eventlog.columns import unpacked as values_of
from embudo.eventlog.position import position, shard_and_offset
from embudo.eventlog.recent import Piece, Recent, positions_of, subjects_of, unpacked
from embudo.eventlog.tail import Entry, Failed, FailedState, Mark, Packed, TailRow
from embudo.eventlog.tail_writing import FAILED, KEY_COLUMNS, SELECT, Speaker, SqlWriting, failed_of, pieces_between

_AT_ONCE = 100_000  # entries put in order at once on their way to the index; bounds its memory
_SLICE = 2_000  # entries written to the index in one transaction, so that no writer waits long


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
            for piece in pieces_between(speaker, after, last, limit=_AT_ONCE):
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
        sql = f"{SELECT} WHERE position > ? AND position < ? ORDER BY position LIMIT ?"
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
            return _unpacked(speaker.among(f"{SELECT} WHERE position IN", sorted(places)))

    def _all_pieces(self, speaker: Speaker) -> list[Piece]:
        return pieces_between(speaker, 0, position(self.shards, 0))

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
        sql = f"{FAILED} WHERE {' AND '.join(where)} ORDER BY number DESC LIMIT ?"
        with self.speaking() as speaker:
            return [failed_of(row) for row in speaker.all(sql, (*values, limit))]

    def failed_counts(self) -> dict[tuple[str, FailedState], int]:
        """Return how many failed events there are of each reason and state."""
        sql = "SELECT reason, state, count(*) FROM eventlog_failed GROUP BY reason, state ORDER BY 3 DESC, 1, 2"
        with self.speaking() as speaker:
            return {(reason, FailedState(state)): count for reason, state, count in speaker.all(sql)}

    def old_bodies(self, before: int, limit: int) -> list[int]:
        """Return the numbers of failed events received before an instant that have a body yet, at most so many."""
        sql = "SELECT number FROM eventlog_failed WHERE received_at < ? AND length(body) > 0 ORDER BY number LIMIT ?"
        with self.speaking() as speaker:
            return [number for (number,) in speaker.all(sql, (before, limit))]

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


def _unpacked(rows: Sequence[Packed]) -> list[TailRow]:
    return [(place, *values_of(content)) for place, content in rows]
