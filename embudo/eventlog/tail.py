"""The tail: the newest rows, the keys of the last 90 days, the failed events and the counters.

This is the one narrow place behind which a storage stands; `tail_sqlite` and `tail_postgres` are the two there are.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from embudo.core.event import DAY

HORIZON = 90 * DAY  # how long a key is remembered after it was received

TailRow = tuple[Any, ...]  # position, then columns.PLAIN
Packed = tuple[int, bytes]  # position, columns.packed
Entry = tuple[bytes, int, int, int, int]  # key hash, digest, position, received_at, subject
KeyRow = tuple[bytes, int, int, int]  # the same without the subject


class LogUnavailable(Exception):
    """The log cannot write or read now (disk full, locked, damaged, server gone); nothing of the batch was kept."""


class LogDamaged(LogUnavailable):
    """A file of the log cannot be read; `verify` says which and what to do."""


class Known(NamedTuple):
    """What is remembered of a key: the digest of its content and the position of its row."""

    digest: int
    position: int


class Mark(NamedTuple):
    """How far a shard has come: its last offset, the last one in segments, the last one whose key is in the index."""

    last: int
    sealed: int
    indexed: int


@dataclass(frozen=True, slots=True)
class Failure:
    """What could not become an event: the body as it came and the enumerated reason."""

    source: str
    reason: str
    body: bytes
    received_at: int
    detail: str = ""


class FailedState(StrEnum):
    """What became of a failed event since."""

    OPEN = "open"
    REPLAYED = "replayed"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class Failed:
    """A failed event as it is kept."""

    number: int
    source: str
    reason: str
    body: bytes
    received_at: int
    detail: str
    state: FailedState
    settled_at: int | None
    settled_by: str


class Writing(Protocol):
    """An open transaction of the one writer of some shards."""

    def known(self, keys: Sequence[bytes]) -> dict[bytes, Known]:
        """Return what is remembered of these keys, which are of the shards this transaction writes."""

    def last(self, shards: Collection[int]) -> dict[int, int]:
        """Return the last offset of each shard."""

    def keep(self, rows: Sequence[Packed], entries: Sequence[Entry], last: Mapping[int, int]) -> None:
        """Write rows and what finds them, in offset order within each shard, and the last offsets after them."""

    def keep_keys(self, keys: Sequence[KeyRow]) -> None:
        """Write keys alone, of rows that are in segments."""

    def keep_marks(self, last: Mapping[int, int]) -> None:
        """Write the last offsets of shards."""

    def fail(self, failures: Sequence[Failure]) -> None:
        """Write failed events, in the state OPEN."""

    def settle(self, number: int, state: FailedState, *, at: int, by: str) -> Failed | None:
        """Move an open failed event to a state; return it as it was, or None when none is open by that number."""

    def count(self, shard: int, counts: Mapping[str, int]) -> None:
        """Add to counters; those of a shard lie together, so that writers of others do not wait."""

    def counted(self, name: str) -> dict[str, int]:
        """Return the counters whose names begin with this one, each of all shards together."""

    def delete(self, positions: Sequence[int]) -> int:
        """Delete rows of the tail and return how many there were."""

    def drop(self, shard: int, up_to: int, *, limit: int) -> int:
        """Delete at most `limit` of the first rows of a shard, up to an offset; return how many there were."""

    def sealed(self, shard: int, offset: int) -> None:
        """Say that a shard's rows up to an offset are in segments."""

    def indexed(self, shard: int, offset: int) -> None:
        """Say that the keys and subjects of a shard's rows up to an offset are in the index."""

    def forget_keys(self, keys: Sequence[bytes]) -> None:
        """Forget keys."""

    def forget_failed(self, numbers: Sequence[int]) -> None:
        """Empty the bodies of failed events (open ones are dismissed) and count the room that frees."""


class Tail(Protocol):
    """Where the newest rows are kept durably. Every method may raise LogUnavailable."""

    shards: int

    def writing(self, shards: Collection[int]) -> AbstractContextManager[Writing]:
        """Open the transaction of the one writer of these shards; it commits durably when the block ends."""

    def rows(self, shard: int, after: int, limit: int) -> list[TailRow]:
        """Return the rows of a shard behind an offset, in offset order; sealed ones may be missing."""

    def rows_of(self, subjects: Collection[int]) -> list[TailRow]:
        """Return the rows of these subjects; sealed ones may be missing."""

    def marks(self) -> dict[int, Mark]:
        """Return the mark of each shard."""

    def counters(self) -> list[tuple[str, int]]:
        """Return all counters; a name may stand there once for every shard."""

    def failed(self, *, limit: int, before: int | None, reason: str, state: str) -> list[Failed]:
        """Return failed events, newest first; an empty reason or state stands for any."""

    def failed_counts(self) -> dict[tuple[str, FailedState], int]:
        """Return how many failed events there are of each reason and state."""

    def old_bodies(self, before: int, limit: int) -> list[int]:
        """Return the numbers of failed events received before an instant that have a body yet, at most so many."""

    def extremes(self, shard: int) -> tuple[int, int, int] | None:
        """Return the first and the last offset of a shard's rows in the tail and their number, None without rows."""

    def keys(self, after: bytes, limit: int) -> list[tuple[bytes, int, int]]:
        """Return (key hash, position, received_at) in key order behind a key."""

    def subjects(self) -> Iterator[int]:
        """Return the subjects that have rows in the tail."""

    def remembered(self) -> int:
        """Return how many keys this process remembers because the index did not hold them yet; asks nobody."""

    def index(self, *, wait: bool = True) -> int:
        """Move the keys and subjects of all rows there are now to the index, in short transactions; return how many.

        With `wait` False it does nothing while another process is at it.
        """

    def sealing(self) -> AbstractContextManager[bool]:
        """Hold the lock of whoever rewrites segments; yields False when another holds it."""

    def scrub(self) -> None:
        """Overwrite what was deleted, so that no bytes of it stay in the storage's files."""

    def faults(self) -> list[str]:
        """Return what the storage itself finds damaged, in its words; never raises."""

    def close(self) -> None:
        """Let go of this thread's connection."""
