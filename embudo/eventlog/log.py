"""The log as everybody else sees it: append, read on, one subject's history, counts, and its upkeep."""

import logging
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from embudo.config import Config
from embudo.core.event import Event
from embudo.eventlog.adopt import adopt, refuse
from embudo.eventlog.append import Batch, Receipt, commit, dismiss, prepare, replay
from embudo.eventlog.causes import subjects_of
from embudo.eventlog.columns import COLUMNS, Row
from embudo.eventlog.compact import FEWEST, compact
from embudo.eventlog.cursor import Cursor
from embudo.eventlog.erase import Evidence, erase, evidence_of, failed_holding, record, sweep
from embudo.eventlog.ledger import Ledger
from embudo.eventlog.manifest import DamagedManifest
from embudo.eventlog.read import Reader
from embudo.eventlog.retain import Leaving, Retention, retain
from embudo.eventlog.seal import seal
from embudo.eventlog.segments import Archive
from embudo.eventlog.survey import Held, props_of, survey
from embudo.eventlog.tail import Failed, FailedState, Failure, LogDamaged, LogUnavailable, Tail
from embudo.eventlog.tombstones import Tombstones
from embudo.eventlog.verify import Problem, verify

INDEX_AT = 20_000  # keys that are worth moving to the index; the upkeep does
MOST_REMEMBERED = 10 * INDEX_AT  # keys (about 200 bytes each) after which a writer moves them to the index itself
TAIL_FILE = "tail.sqlite"  # of the embedded shape, in the log's folder
_MOST_SHARED = 8  # installs; a process has one, tests have many
_MB = 1_000_000

logger = logging.getLogger(__name__)


class Log:
    """The record of facts of one install. Cheap to open; safe to share between threads and to use after a fork."""

    def __init__(self, config: Config, tail: Tail) -> None:
        self.config = config
        self._tail = tail
        self._archive = Archive(config.data / "log")
        self._tombstones = Tombstones(config.data / "erased")
        self._reader = Reader(tail, self._archive, self._tombstones)

    @property
    def shards(self) -> int:
        """How many shards the log has; settled when it was made."""
        return self._tail.shards

    # -- in ------------------------------------------------------------------------------------------------

    def append(self, events: Sequence[Event]) -> list[Receipt]:
        """Keep events in one durable transaction and return their receipts in the same order.

        Raises LogUnavailable; then none of them is kept.
        """
        return self.commit(events=events)

    def commit(
        self,
        *,
        events: Sequence[Event] = (),
        failures: Iterable[Failure] = (),
        refused: Mapping[str, int] | None = None,
    ) -> list[Receipt]:
        """Keep events, failed bodies and counts of refusals in one durable transaction; return the events' receipts.

        Bodies beyond the quota are counted as refused (`failed_quota`). Raises LogUnavailable; then nothing is kept.
        """
        batch = self._prepare(events, failures, refused or {})
        receipts = commit(self._tail, batch, quota_bytes=self.config.failed_quota_mb * _MB)
        if self._tail.remembered() >= MOST_REMEMBERED:
            try:
                self._tail.index(wait=False)
            except (LogUnavailable, OSError):  # the batch is durable all the same; the next commit or the upkeep tries
                logger.exception("the newest keys could not be indexed now")
        return receipts

    def _prepare(
        self, events: Sequence[Event], failures: Iterable[Failure] = (), refused: Mapping[str, int] | None = None
    ) -> Batch:
        is_erased = self._tombstones.cover if self._tombstones else None
        return prepare(events, failures, refused or {}, shards=self.shards, is_erased=is_erased)

    # -- out -----------------------------------------------------------------------------------------------

    def read(self, cursor: Cursor, limit: int) -> tuple[list[Row], Cursor]:
        """Return up to `limit` rows behind a cursor, in offset order within each shard, and the cursor after them.

        Fewer rows than the limit mean that everything kept before the call was read.
        """
        return self._reader.read(cursor, limit)

    def end(self) -> Cursor:
        """Return the cursor that has seen everything kept so far."""
        return Cursor({shard: mark.last for shard, mark in self._tail.marks().items()})

    def sealed(self) -> Cursor:
        """Return the cursor that has seen everything that is in segments."""
        return Cursor({shard: mark.sealed for shard, mark in self._tail.marks().items()})

    def history(
        self, subjects: Collection[int], *, until: int | None = None, through: Cursor | None = None
    ) -> list[Event]:
        """Return the events of these subjects with `at` <= `until`, sorted by `event.order`.

        With `through` only what that cursor has seen, so that a reader who follows the log counts no fact twice.
        """
        return self._reader.history(subjects, until, through)

    def segments(self) -> list[Path]:
        """Return the Parquet files of the sealed rows. With the tail's rows beside them use `snapshot`."""
        return [self._archive.path(each.file) for each in self._reader.segments()]

    def tail_table(self, columns: Sequence[str] = COLUMNS) -> Any:
        """Return the rows that are in no segment as a pyarrow table of these columns. See `snapshot`."""
        return self.snapshot(columns)[1]

    def snapshot(self, columns: Sequence[str] = COLUMNS) -> tuple[list[Path], Any]:
        """Return the segments' files and a pyarrow table of the tail that go together: each row is in one of them.

        The rows of a segment that lacks some of COLUMNS are in the table; `compact` writes it anew.
        Two calls of `segments` and `tail_table` may have a sealing between them, this one cannot.
        """
        segments, table = self._reader.snapshot(columns)
        return [self._archive.path(each.file) for each in segments], table

    # -- counts and failed events --------------------------------------------------------------------------

    def ledger(self) -> Ledger:
        """Return what became of everything received."""
        return Ledger.of(self._tail.counters())

    def failed(self, *, limit: int = 100, before: int | None = None, reason: str = "", state: str = "") -> list[Failed]:
        """Return failed events, newest first, those with a number below `before`; reason and state narrow it."""
        return self._tail.failed(limit=limit, before=before, reason=reason, state=state)

    def failed_holding(self, names: Collection[str]) -> list[Failed]:
        """Return the failed events that hold one of these names ("ana@norte.mx"), as an erasure finds them."""
        return [each for held in failed_holding(self._tail, names) for each in held]

    def failed_counts(self) -> dict[tuple[str, FailedState], int]:
        """Return how many failed events there are of each reason and state."""
        return self._tail.failed_counts()

    def replay(self, number: int, event: Event, *, by: str, at: int | None = None) -> Receipt | None:
        """Keep the event that a failed one was meant to be and settle the failed one, in one transaction.

        It stays open when the outcome is neither accepted nor duplicate. Returns None when none is open by `number`.
        """
        return replay(self._tail, number, self._prepare([event]), at=_instant(at), by=by)

    def dismiss(self, number: int, *, by: str, at: int | None = None) -> bool:
        """Settle a failed event without keeping anything of it; return whether one was open by that number."""
        return dismiss(self._tail, number, at=_instant(at), by=by)

    # -- upkeep --------------------------------------------------------------------------------------------

    def unsealed(self) -> int:
        """Return the rows of the fullest shard of the tail; from `config.seal_rows` on it is due to be sealed."""
        return max((mark.last - mark.sealed for mark in self._tail.marks().values()), default=0)

    def unindexed(self) -> int:
        """Return how many keys are not in the index yet; from `INDEX_AT` on it is due."""
        return sum(mark.last - mark.indexed for mark in self._tail.marks().values())

    def index(self) -> int:
        """Move the newest keys and subjects to the index, off the writers' way; return how many."""
        with _storage_errors():
            return self._tail.index(wait=False)

    def seal(self, *, at_least: int = 1, at: int | None = None) -> list[Path]:
        """Move the rows of shards with at least so many in the tail to segments; return the new segments' files.

        A loop gives `at_least=config.seal_rows`. Returns nothing when another process is sealing.
        """
        with _storage_errors():
            made = seal(self._tail, self._archive, at_least=at_least, at=_instant(at))
        return [self._archive.path(each.file) for each in made if each.file]

    def sealing(self) -> AbstractContextManager[bool]:
        """Hold the lock of whoever rewrites segments, as a backup does; yields False when another holds it."""
        return self._tail.sealing()

    def compact(self, *, fewest: int = FEWEST, at: int | None = None) -> list[Path]:
        """Merge runs of at least `fewest` small neighbouring segments; return the new segments' files."""
        with _storage_errors():
            made = compact(self._tail, self._archive, fewest=fewest, at=_instant(at))
        return [self._archive.path(each.file) for each in made if each.file]

    def erase(
        self,
        subjects: Collection[int],
        *,
        by: str,
        why: str,
        identifiers: Collection[str] = (),
        at: int | None = None,
    ) -> Evidence:
        """Erase subjects from reading and intake at once, then from tail, segments and failed bodies.

        Failed bodies that hold one of `identifiers` ("ana@norte.mx"), or one that an erased row came by, are emptied.
        Where somebody keeps the storage from overwriting what was deleted, `scrubbed` is False: `retain` does it then.
        """
        with _storage_errors():
            return erase(
                self._tail, self._archive, self._tombstones, subjects,
                identifiers=identifiers, by=by, why=why, at=_instant(at),
            )  # fmt: skip

    def apply_tombstones(self, *, by: str, why: str, at: int | None = None) -> Evidence | None:
        """Erase again whoever was erased before and is back, after a restore; None when nobody is."""
        with _storage_errors():
            return sweep(self._tail, self._archive, self._tombstones, by=by, why=why, at=_instant(at))

    def retain(
        self, policy: Retention | None = None, *, at: int | None = None, leaving: Leaving | None = None
    ) -> Evidence:
        """Remove what is older than the policy allows and keys beyond the horizon; once a day is enough.

        `leaving` is told whose facts are about to leave, some at a time.
        """
        instant = _instant(at)
        self.apply_tombstones(by="retention", why="what an erasure missed", at=instant)
        with _storage_errors():
            evidence = retain(self._tail, self._archive, policy or Retention(), at=instant, leaving=leaving)
            if evidence.rows or evidence.failed_bodies:
                record(self._tombstones.folder, evidence)
        return evidence

    def survey(self, policy: Retention | None = None, *, at: int | None = None) -> Mapping[str, Held]:
        """Return how much there is of each kind, and how much `retain` would remove by a policy; reads all of it."""
        with _storage_errors():
            return survey(self._tail, self._archive, policy or Retention(), at=_instant(at))

    def props_of(self, kind: str) -> Iterator[dict[str, Any]]:
        """Yield the properties of every fact of a kind; reads the whole log."""
        with _storage_errors():
            yield from props_of(self._tail, self._archive, kind)

    def subjects_of(self, kinds: Collection[str]) -> set[int]:
        """Return the subjects of all facts of these kinds; reads the whole log."""
        with _storage_errors():
            return subjects_of(self._tail, self._archive, kinds)

    def erased_until(self, subjects: Collection[int]) -> dict[int, int]:
        """Return those of these subjects that are erased, with the instant up to which they are."""
        return self._tombstones.until(subjects)

    def evidence(self) -> list[Evidence]:
        """Return the evidence of all erasures and retentions, oldest first."""
        return evidence_of(self._tombstones.folder)

    def verify(self) -> list[Problem]:
        """Return every problem of the log, an empty list when it is sound; reads every byte, never raises."""
        return verify(lambda: self._tail, self._archive)

    def close(self) -> None:
        """Let go of this thread's connection."""
        self._tail.close()


def _instant(at: int | None) -> int:
    return time.time_ns() // 1000 if at is None else at


@contextmanager
def _storage_errors() -> Iterator[None]:
    """Turn what the file system and pyarrow raise during upkeep into the log's own errors."""
    try:
        yield
    except DamagedManifest as error:
        raise LogDamaged(str(error)) from error
    except OSError as error:  # a full disk, or pyarrow on a torn file
        raise LogUnavailable(str(error)) from error


def open_log(config: Config) -> Log:
    """Return the log of an install, made when it is missing; raises LogUnavailable.

    Raises LogDamaged when there are segments that the tail does not know, see `adopt_segments`.
    """
    tail = _open_tail(config)
    refuse(tail, Archive(config.data / "log"))
    return Log(config, tail)


_shared: dict[Config, tuple[int, Log]] = {}
_sharing = threading.Lock()


def shared_log(config: Config) -> Log:
    """Return the log of an install, opened once for all threads of this process; raises like `open_log`.

    It is opened again when another file was put in the place of its tail.
    """
    path = config.data / "log" / TAIL_FILE
    with _sharing:
        kept = _shared.get(config)
        file = path.stat().st_ino if config.embedded and path.exists() else 0
        if kept is None or kept[0] != file:
            log = open_log(config)
            kept = _shared[config] = (path.stat().st_ino if config.embedded else 0, log)
            while len(_shared) > _MOST_SHARED:
                del _shared[next(iter(_shared))]
        return kept[1]


def adopt_segments(config: Config) -> int:
    """Make a new or older tail go on behind segments it does not know; return how many rows it adopted.

    For the case that the tail was lost and no backup has it. Nobody else may use the log meanwhile.
    """
    return adopt(_open_tail(config), Archive(config.data / "log"))


def verify_log(config: Config) -> list[Problem]:
    """Return every problem of an install's log, also when it does not open any more; never raises."""
    return verify(lambda: _open_tail(config), Archive(config.data / "log"))


def _open_tail(config: Config) -> Tail:
    if config.embedded:
        from embudo.eventlog.tail_sqlite import SqliteTail

        return SqliteTail(config.data / "log", shards=config.shards)
    from embudo.eventlog.tail_postgres import PostgresTail

    return PostgresTail(config.database_url, shards=config.shards)
