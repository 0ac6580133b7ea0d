"""Group commit: what requests bring waits in a queue, one thread keeps it durably, then all of them are answered."""

import asyncio
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence

from embudo.collector.metrics import Metrics
from embudo.core.event import Event
from embudo.eventlog import Failure, Log, LogUnavailable, Receipt

MAX_WAITING = 50_000  # events and failed bodies in the queue; beyond it the door answers 503
MAX_GROUP = 2_000  # events in one commit, so that other writers of the log get their turn
UNIT_BYTES = 2_000  # a load counts as at least so many events as it has of these
FLUSH_EVERY_S = 1.0  # counts of refusals wait this long for a commit to go with

logger = logging.getLogger(__name__)


class Unavailable(Exception):
    """Nothing was kept: the queue is full or the log cannot write now."""


class Load:
    """What one request brings, and the future of its receipts."""

    __slots__ = ("answer", "events", "failures", "size")

    def __init__(
        self,
        events: Sequence[Event],
        failures: Sequence[Failure],
        answer: "asyncio.Future[list[Receipt]]",
        size_bytes: int,
    ) -> None:
        self.events, self.failures, self.answer = events, failures, answer
        self.size = max(len(events) + len(failures), size_bytes // UNIT_BYTES)


class Committer:
    """The one writer of this process."""

    def __init__(self, open_log: Callable[[], Log], metrics: Metrics, loop: asyncio.AbstractEventLoop) -> None:
        self._open_log, self._metrics, self._loop = open_log, metrics, loop
        self._log: Log | None = None
        self._waiting: list[Load] = []
        self._size = 0
        self._refused: Counter[str] = Counter()
        self._some = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="commit", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many events and failed bodies wait to be kept."""
        return self._size

    @property
    def alive(self) -> bool:
        """Whether the writer runs."""
        return self._thread.is_alive()

    def keep(
        self, events: Sequence[Event], failures: Sequence[Failure], *, size_bytes: int
    ) -> "asyncio.Future[list[Receipt]]":
        """Put a request's load of so many bytes in the queue; the future holds the events' receipts once durable.

        It raises Unavailable when nothing was kept. Raises Unavailable at once when the queue is full.
        """
        load = Load(events, failures, self._loop.create_future(), size_bytes)
        with self._some:
            if self._size + load.size > MAX_WAITING or self._stopping:
                raise Unavailable("the queue is full")
            self._waiting.append(load)
            self._size += load.size
            self._some.notify()
        return load.answer

    def refuse(self, reason: str, count: int = 1) -> None:
        """Count what was refused; it goes into the log with the next commit."""
        with self._some:
            self._refused[reason] += count

    def stop(self) -> None:
        """Keep what waits, flush the counts and end the writer."""
        with self._some:
            self._stopping = True
            self._some.notify()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while True:
            group, refused = self._next_group()
            if group or refused:
                self._commit(group, refused)
            if self._stopping and not self._waiting:
                return

    def _next_group(self) -> tuple[list[Load], Counter[str]]:
        with self._some:
            if not self._waiting and not self._stopping:
                self._some.wait(FLUSH_EVERY_S)
            refused, self._refused = self._refused, Counter()
            if self._size <= MAX_GROUP:
                group, self._waiting, self._size = self._waiting, [], 0
                return group, refused
            count = size = 0
            while count < len(self._waiting) and (count == 0 or size + self._waiting[count].size <= MAX_GROUP):
                size += self._waiting[count].size
                count += 1
            group, self._waiting, self._size = self._waiting[:count], self._waiting[count:], self._size - size
            return group, refused

    def _commit(self, group: list[Load], refused: Counter[str]) -> None:
        started = time.perf_counter()
        try:
            receipts: list[Receipt] | None = self._write(group, refused)
        except LogUnavailable as error:
            self._metrics.log_failed(str(error))
            self._count_later(refused)
            receipts = None
        except Exception:
            logger.exception("a group of %d requests could not be kept", len(group))
            self._count_later(refused)
            self._one_by_one(group)
            return
        else:
            self._metrics.committed(time.perf_counter() - started)
        self._loop.call_soon_threadsafe(_resolve, group, receipts)

    def _write(self, group: Sequence[Load], refused: Counter[str]) -> list[Receipt]:
        if self._log is None:
            self._log = self._open_log()
        events = [event for load in group for event in load.events]
        failures = [failure for load in group for failure in load.failures]
        return self._log.commit(events=events, failures=failures, refused=refused)

    def _count_later(self, refused: Counter[str]) -> None:
        with self._some:
            self._refused.update(refused)

    def _one_by_one(self, group: list[Load]) -> None:
        """Somebody's load is one the log chokes on: the others must not pay for it."""
        for load in group:
            try:
                receipts: list[Receipt] | None = self._write([load], Counter())
            except Exception as error:
                self._metrics.log_failed(str(error))
                receipts = None
            self._loop.call_soon_threadsafe(_resolve, [load], receipts)


def _resolve(group: Sequence[Load], receipts: list[Receipt] | None) -> None:
    start = 0
    for load in group:
        if load.answer.done():  # the sender went away
            pass
        elif receipts is None:
            load.answer.set_exception(Unavailable("the log cannot write now"))
        else:
            load.answer.set_result(receipts[start : start + len(load.events)])
        start += len(load.events)
