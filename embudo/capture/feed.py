"""What came in lately: the newest events of a site, read from the log."""

from dataclasses import dataclass
from typing import Any

from embudo.core.event import Event
from embudo.eventlog.cursor import Cursor

LOOK_BACK = 2_000  # rows of the log, of all sites, per shard
PORTION = 2_000


@dataclass(frozen=True)
class Feed:
    """Some events of a site, the newest first, and how far the log was read for them."""

    events: list[Event]
    cursor: Cursor


def newest(log: Any, source: str, *, limit: int) -> Feed:
    """Return the newest events of a source among the last rows of the log."""
    end = log.end()
    start = Cursor({shard: max(offset - LOOK_BACK, 0) for shard, offset in end.items()})
    rows, reached = log.read(start, LOOK_BACK * max(len(end), 1))
    return Feed(_of(rows, source)[:limit], reached)


def since(log: Any, source: str, cursor: Cursor, *, limit: int) -> Feed:
    """Return what a source sent behind a cursor; rows of others count for the portion that is read."""
    rows, reached = log.read(cursor, PORTION)
    return Feed(_of(rows, source)[:limit], reached)


def has_begun(log: Any, source: str, born_at: Cursor) -> bool:
    """Return whether a source sent anything soon after it was made or lately."""
    if _of(log.read(born_at, PORTION)[0], source):
        return True
    return bool(newest(log, source, limit=1).events)


def latest_by_source(log: Any) -> dict[str, int]:
    """Return when each source was last heard of, of the last rows of the log (microseconds)."""
    end = log.end()
    start = Cursor({shard: max(offset - LOOK_BACK, 0) for shard, offset in end.items()})
    latest: dict[str, int] = {}
    for row in log.read(start, LOOK_BACK * max(len(end), 1))[0]:
        latest[row.event.source] = max(row.event.received_at, latest.get(row.event.source, 0))
    return latest


def _of(rows: list[Any], source: str) -> list[Event]:
    events = [row.event for row in rows if row.event.source == source]
    return sorted(events, key=lambda event: (event.received_at, event.order), reverse=True)
