"""The log as everybody else sees it: append, read on, one subject's history, counts, and its upkeep."""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from embudo.config import Config
from embudo.core.event import Event
from embudo.eventlog import append
from embudo.eventlog.append import Receipt
from embudo.eventlog.columns import Row, event_of
from embudo.eventlog.cursor import Cursor
from embudo.eventlog.ledger import Ledger
from embudo.eventlog.position import shard_and_offset
from embudo.eventlog.tail import Failed, Failure, Tail

_MB = 1_000_000


class Log:
    """The record of facts of one install. Cheap to open; safe to share between threads and to use after a fork."""

    def __init__(self, config: Config, tail: Tail) -> None:
        self.config = config
        self._tail = tail

    @property
    def shards(self) -> int:
        """How many shards the log has; settled when it was made."""
        return self._tail.shards

    def append(self, events: Sequence[Event]) -> list[Receipt]:
        """Keep events in one durable transaction and return their receipts in the same order.

        Raises LogUnavailable; then none of them is kept.
        """
        return self.commit(events=events)

    def commit(
        self, *, events: Sequence[Event] = (), failures: Iterable[Failure] = (), refused: Mapping[str, int] | None = None
    ) -> list[Receipt]:
        """Keep events, failed bodies and counts of refusals in one durable transaction; return the events' receipts.

        Bodies beyond the quota are counted as refused (`failed_quota`). Raises LogUnavailable; then nothing is kept.
        """
        batch = append.prepare(events, failures, refused or {}, shards=self.shards, is_erased=lambda event: False)
        return append.commit(self._tail, batch, quota_bytes=self.config.failed_quota_mb * _MB)

    def read(self, cursor: Cursor, limit: int) -> tuple[list[Row], Cursor]:
        """Return up to `limit` rows behind a cursor, in offset order within each shard, and the cursor after them."""
        rows: list[Row] = []
        for shard in range(self.shards):
            for place, *values in self._tail.rows(shard, cursor.offset(shard), limit - len(rows)):
                rows.append(Row(*shard_and_offset(place), event_of(values)))
        return rows, cursor.moved(Cursor.of((row.shard, row.offset) for row in rows))

    def end(self) -> Cursor:
        """Return the cursor that has seen everything kept so far."""
        return Cursor({shard: mark.last for shard, mark in self._tail.marks().items()})

    def history(
        self, subjects: Collection[int], *, until: int | None = None, through: Cursor | None = None
    ) -> list[Event]:
        """Return the events of these subjects with `at` <= `until`, sorted by `event.order`.

        With `through` only what that cursor has seen, so that a reader who follows the log counts no fact twice.
        """
        rows = self._tail.rows_of(subjects)
        if through is not None:
            rows = [row for row in rows if through.passed(Cursor.of([shard_and_offset(row[0])]))]
        events = [event_of(row[1:]) for row in rows]
        return sorted((e for e in events if until is None or e.at <= until), key=lambda event: event.order)

    def failed(
        self, *, limit: int = 100, before: int | None = None, reason: str = "", state: str = ""
    ) -> list[Failed]:
        """Return failed events, newest first, those with a number below `before`; reason and state narrow it."""
        return self._tail.failed(limit=limit, before=before, reason=reason, state=state)

    def ledger(self) -> Ledger:
        """Return what became of everything received."""
        return Ledger.of(self._tail.counters())


def now() -> int:
    """Return the present instant in microseconds."""
    return time.time_ns() // 1000


def open_log(config: Config) -> Log:
    """Return the log of an install, made when it is missing; raises LogUnavailable."""
    return Log(config, _tail(config))


def _tail(config: Config) -> Any:
    if config.embedded:
        from embudo.eventlog.tail_sqlite import SqliteTail

        return SqliteTail(config.data / "log", shards=config.shards)
    from embudo.eventlog.tail_postgres import PostgresTail

    return PostgresTail(config.database_url, shards=config.shards)
