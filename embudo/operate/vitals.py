"""How the install is doing now: the ledger, how far follow is behind, how much room is left and used."""

import shutil
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from django.db.models import Count, Min, Q
from django.utils import timezone

from embudo.config import Config
from embudo.eventlog import Cursor, Evidence, Ledger, Log, shared_log
from embudo.leads.clock import now
from embudo.leads.expiry import removed
from embudo.leads.models import FollowCursor
from embudo.work.models import STALE, Job, State

SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Lag:
    """How far people, scores and stages are behind the log."""

    events: int
    microseconds: int  # age of the oldest fact not yet followed

    @property
    def late(self) -> bool:
        """Whether somebody waiting for a page would notice."""
        return self.microseconds > 5 * SECOND


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes on the disk of the data folder."""

    free: int
    total: int
    tables: int
    log: int

    @property
    def used_share(self) -> float:
        """Share of the disk that is taken, by whomever."""
        return 1 - self.free / self.total


@dataclass(frozen=True, slots=True)
class WorkLeft:
    """Long work that has not ended, and what failed and waits for somebody to try again."""

    running: int
    waiting: int
    failed: int
    oldest_s: float  # how long the first of those that wait has waited; 0: none does

    @property
    def late(self) -> bool:
        """Whether work waits although nobody is busy with any."""
        return not self.running and self.oldest_s > STALE.total_seconds()


@dataclass(frozen=True, slots=True)
class Vitals:
    """All of it, as of one instant."""

    at: int
    ledger: Ledger
    lag: Lag
    room: Room
    work: WorkLeft
    removed: Evidence | None  # what has left by EMBUDO_RETENTION

    @property
    def mark(self) -> str:
        """A short text that changes when what is shown does; of the disk only steps count: 1 GB free, 10 MB ours."""
        steps = [self.room.free // 1_000_000_000, self.room.tables // 10_000_000, self.room.log // 10_000_000]
        work = (self.work.running, self.work.waiting, self.work.failed, self.work.late)
        return blake2b(
            repr((self.ledger, self.lag.events, self.lag.late, self.removed, steps, work)).encode(), digest_size=8
        ).hexdigest()


def vitals(config: Config) -> Vitals:
    """Return how the install is doing; raises LogUnavailable."""
    record, at = shared_log(config), now()
    return Vitals(at, record.ledger(), lag(record, at), room(config), work_left(), removed(record))


def lag(record: Log, at: int) -> Lag:
    """Return how far follow is behind at an instant."""
    cursor = Cursor(dict(FollowCursor.objects.values_list("shard", "offset")))
    events = sum(max(0, last - cursor.offset(shard)) for shard, last in record.end().items())
    if not events:
        return Lag(0, 0)
    rows, _cursor = record.read(cursor, 1)
    return Lag(events, max(0, at - min((row.event.received_at for row in rows), default=at)))


def work_left() -> WorkLeft:
    """Return how much long work runs, waits and has failed; what a dead worker had counts as waiting."""
    at = timezone.now()
    alive = Q(state=State.RUNNING, beat_at__gte=at - STALE)
    free = Q(state=State.WAITING) | Q(state=State.RUNNING, beat_at__lt=at - STALE)
    counts = Job.objects.aggregate(
        running=Count("pk", filter=alive),
        waiting=Count("pk", filter=free),
        failed=Count("pk", filter=Q(state=State.FAILED)),
        oldest=Min("created_at", filter=free),
    )
    oldest = counts.pop("oldest")
    return WorkLeft(**counts, oldest_s=(at - oldest).total_seconds() if oldest else 0.0)


def room(config: Config) -> Room:
    """Return the room left and taken; on the server shape the tables lie elsewhere and count 0."""
    usage = shutil.disk_usage(config.data)
    tables = sum(file.stat().st_size for file in config.data.glob(config.tables.name + "*"))
    return Room(usage.free, usage.total, tables, _bytes_below(config.data / "log"))


def _bytes_below(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        try:
            total += file.stat().st_size if file.is_file() else 0
        except FileNotFoundError:  # sealed away while we looked
            continue
    return total
