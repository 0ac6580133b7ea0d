"""What came in lately: the newest events of a site, read from the log."""

from dataclasses import dataclass
from typing import Any

from embudo.core.event import Event
from embudo.eventlog.cursor import Cursor

LOOK_BACK = 2_000  # rows of the log, of all sites, per shard
PORTION = 2_000


@dataclass(frozen=True)
class Feed:
    """The newest events of a site, and how far the log was read for them; what is not among them is counted."""

    events: list[Event]
    cursor: Cursor
    more: int = 0  # further events of the site that were read
    unread: int = 0  # rows of the log, of all sites, that were passed over


def newest(log: Any, source: str, *, limit: int) -> Feed:
    """Return the newest events of a source among the last rows of the log."""
    end = log.end()
    start = Cursor({shard: max(offset - LOOK_BACK, 0) for shard, offset in end.items()})
    rows, reached = log.read(start, LOOK_BACK * max(len(end), 1))
    return Feed(_of(rows, source)[:limit], reached)


def since(log: Any, source: str, cursor: Cursor, *, limit: int) -> Feed:
    """Return the newest of what a source sent behind a cursor; of a flood only the last rows are read."""
    end = log.end()
    most = PORTION // max(len(end), 1)
    start = cursor.moved({shard: max(cursor.offset(shard), offset - most) for shard, offset in end.items()})
    rows, reached = log.read(start, PORTION)
    events = _of(rows, source)
    passed = sum(offset - cursor.offset(shard) for shard, offset in start.items())
    return Feed(events[:limit], reached, max(len(events) - limit, 0), passed)


def first(log: Any, source: str, cursor: Cursor, *, limit: int) -> Feed:
    """Return what a source sent in the next rows behind a cursor, else lately: the wait passes over no row."""
    rows, reached = log.read(cursor, PORTION)
    events = _of(rows, source)
    if events or len(rows) < PORTION:
        return Feed(events[:limit], reached)
    return Feed(newest(log, source, limit=limit).events, reached)


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
