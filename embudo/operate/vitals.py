"""How the install is doing now: the ledger, how far follow is behind, how much room is left and used."""

import shutil
import time
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from embudo.config import Config
from embudo.eventlog import Cursor, Evidence, Ledger, Log, shared_log
from embudo.leads.expiry import removed
from embudo.leads.models import FollowCursor

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
class Vitals:
    """All of it, as of one instant."""

    at: int
    ledger: Ledger
    lag: Lag
    room: Room
    removed: Evidence | None  # what has left by EMBUDO_RETENTION

    @property
    def mark(self) -> str:
        """A short text that changes when what is shown does; of the disk only steps count: 1 GB free, 10 MB ours."""
        steps = [self.room.free // 1_000_000_000, self.room.tables // 10_000_000, self.room.log // 10_000_000]
        return blake2b(
            repr((self.ledger, self.lag.events, self.lag.late, self.removed, steps)).encode(), digest_size=8
        ).hexdigest()


def vitals(config: Config) -> Vitals:
    """Return how the install is doing; raises LogUnavailable."""
    record, at = shared_log(config), time.time_ns() // 1000
    return Vitals(at, record.ledger(), lag(record, at), room(config), removed(record))


def lag(record: Log, at: int) -> Lag:
    """Return how far follow is behind at an instant."""
    cursor = Cursor(dict(FollowCursor.objects.values_list("shard", "offset")))
    events = sum(max(0, last - cursor.offset(shard)) for shard, last in record.end().items())
    if not events:
        return Lag(0, 0)
    rows, _cursor = record.read(cursor, 1)
    return Lag(events, max(0, at - min((row.event.received_at for row in rows), default=at)))


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
