"""The public door: reads a request, has it sorted and kept, and answers. It never raises."""

import asyncio
import logging
import os
import time
from collections.abc import Callable
from operator import itemgetter
from typing import Any
from urllib.parse import parse_qs

from granian._granian import RSGIProtocolClosed as ProtocolClosed

from embudo.collector import answers, wire
from embudo.collector.address import Addresses
from embudo.collector.answers import Answer
from embudo.collector.batch import Committer, Unavailable
from embudo.collector.board import Board
from embudo.collector.daily import Salts
from embudo.collector.door import Sorted, Sorter, refusal_unread
from embudo.collector.failure import failure_of
from embudo.collector.lag import lag_of
from embudo.collector.limits import Limit
from embudo.collector.metrics import Metrics
from embudo.collector.place import Places
from embudo.collector.routes import ROUTES
from embudo.collector.script import script_of
from embudo.collector.sites import Key, Sites, may_ask
from embudo.collector.suspicion import Visitors
from embudo.collector.wire import MAX_BATCH_BYTES
from embudo.config import Config
from embudo.core.event import Door
from embudo.core.intake import Drop, Reason
from embudo.eventlog import Outcome, Receipt, open_log
from embudo.memory import collect_seldom


def wall_clock() -> int:
    """Return the present instant in microseconds."""
    return time.time_ns() // 1000


logger = logging.getLogger(__name__)

SETTINGS = ("/v1/projects/", "/settings")
SLOWEST_BODY_S = 20.0
SCRAPED_S = 120.0  # how long after somebody read the metrics the lag of follow is still looked up
DRAINED_BYTES = 8 * MAX_BATCH_BYTES  # a body up to here is read to its end, so that its sender sees why it is refused


class Collector:
    """The RSGI application. One of these runs in each worker process."""

    def __init__(self, config: Config, *, now: Callable[[], int] = wall_clock) -> None:
        self.config, self._now = config, now
        self.metrics = Metrics()
        self.sites = Sites(config.data / "sites.json")
        self.salts = Salts(config.data / "salts.json")
        self._sorter = Sorter(self.salts, Visitors(), Places(config.places), now)
        self._addresses = Addresses(config.trusted_proxies)
        self._per_key, self._per_address = Limit(config.rate_per_key), Limit(config.rate_per_address)
        self._committer: Committer
        self._reading: dict[asyncio.Task[Any], float] = {}  # requests whose body is still under way, since when
        self._upkeep: asyncio.Task[None]
        self._board = Board(config.data, os.getppid())
        self._lag: int | None = None
        self._scraped_at = -SCRAPED_S

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start the writer."""
        collect_seldom()
        self._committer = Committer(lambda: open_log(self.config), self.metrics, loop)
        self._upkeep = loop.create_task(self._keep_up())

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Keep what waits, and end the writer."""
        self._committer.stop()

    async def __rsgi__(self, scope: Any, proto: Any) -> None:
        """Answer one request."""
        try:
            answer = await self._answer(scope, proto)
        except ProtocolClosed:
            return  # the sender went away before the end of the body
        except Exception:
            logger.exception("a request to %s could not be answered", scope.path[:200])
            answer = answers.UNAVAILABLE
        self.metrics.answers[str(answer.status)] += 1
        if answer.body:
            proto.response_bytes(answer.status, answer.headers, answer.body)
        else:
            proto.response_empty(answer.status, answer.headers)

    async def _answer(self, scope: Any, proto: Any) -> Answer:
        path: str = scope.path
        kind = ROUTES.get(path)
        if kind is not None and scope.method == "POST":
            return await self._receive(scope, proto, kind)
        if scope.method == "OPTIONS":
            return answers.PREFLIGHT
        if kind is not None:
            return answers.NOT_ALLOWED
        page = PAGES.get(path) or (Collector._settings if path.startswith(SETTINGS[0]) else None)
        return page(self, scope) if page and scope.method in ("GET", "HEAD") else answers.NOT_FOUND

    async def _receive(self, scope: Any, proto: Any, kind: str) -> Answer:
        headers = scope.headers
        if self._per_address.per_s and not self._per_address.allows(self._addresses.of(scope.client, headers)):
            return self._refuse(Reason.RATE_LIMITED)
        text = wire.key_of(headers.get("authorization") or "")
        key = self.sites.find(text) if text else None
        if text and key is None:
            return self._unknown()
        body = b""
        try:
            body = await self._body(proto, headers)
            if encoding := headers.get("content-encoding"):
                body = wire.decompress(body, encoding)
            parcel = wire.read_one(body, kind) if kind else wire.read_batch(body)
        except wire.Unreadable as error:
            return await self._unreadable(key, error, body, scope)
        if key is None:
            key = self.sites.find(parcel.key) if parcel.key else None
            if key is None:
                return self._unknown(len(parcel.pieces))
        count = len(parcel.pieces)
        if turned_away := self._turned_away(key, headers, count):
            return turned_away
        if key.door is Door.PUBLIC:
            address = self._addresses.of(scope.client, headers)
            result = self._sorter.of_browser(parcel, key, scope.path, headers, address)
        else:
            result = self._sorter.of_server(parcel, key, scope.path)
        return await self._keep(result, alone=bool(kind))

    def _turned_away(self, key: Key, headers: Any, count: int) -> Answer | None:
        """Refuse what comes from a page elsewhere, or is more than the key may send."""
        if key.door is Door.PUBLIC and not may_ask(key.site, headers.get("origin") or ""):
            return self._refuse(Reason.WRONG_DOMAIN, count)
        return None if self._per_key.allows(key.text, count) else self._refuse(Reason.RATE_LIMITED, count)

    async def _body(self, proto: Any, headers: Any) -> bytes:
        """Return the body, never more of it than we take; raises Unreadable."""
        length = headers.get("content-length")
        if length is not None and not (length.isdecimal() and len(length) < 9 and int(length) <= DRAINED_BYTES):
            raise wire.Unreadable(Reason.TOO_LARGE)
        task = asyncio.current_task()
        assert task is not None
        self._reading[task] = time.monotonic()
        try:
            small = length is not None and int(length) <= MAX_BATCH_BYTES
            return await proto() if small else await self._stream(proto)
        except asyncio.CancelledError:
            raise wire.Unreadable(Reason.TOO_SLOW) from None
        finally:
            del self._reading[task]

    async def _keep_up(self) -> None:
        while True:
            await asyncio.sleep(2)
            try:
                await self._look_after()
            except Exception:
                logger.exception("upkeep failed; it goes on")

    async def _look_after(self) -> None:
        """Let go of bodies that do not come to an end and of old salts; have the metrics ready while somebody reads."""
        late = time.monotonic() - SLOWEST_BODY_S
        for task in [task for task, since in self._reading.items() if since < late]:
            task.cancel()
        self.salts.sweep(at=self._now())
        if self.config.collector_workers > 1:
            self.metrics.waiting = self._committer.waiting
            self._board.publish(self.metrics)
        if time.monotonic() - self._scraped_at < SCRAPED_S:
            self._lag = await asyncio.to_thread(lag_of, self.config)

    async def _stream(self, proto: Any) -> bytes:
        parts, size = [], 0
        async for piece in proto:
            size += len(piece)
            if size > DRAINED_BYTES:
                break
            if size <= MAX_BATCH_BYTES:
                parts.append(piece)
        if size > MAX_BATCH_BYTES:
            raise wire.Unreadable(Reason.TOO_LARGE)
        return b"".join(parts)

    async def _unreadable(self, key: Key | None, error: wire.Unreadable, body: bytes, scope: Any) -> Answer:
        if not error.reason.kept:
            return self._refuse(error.reason)
        if key is None:
            return self._refuse(Reason.UNKNOWN_KEY)
        if turned_away := self._turned_away(key, scope.headers, 1):
            return turned_away
        if key.door is Door.PUBLIC and (refused := refusal_unread(key, scope.headers)):
            return self._refuse(refused.reason)
        drop = Drop(error.reason, error.detail)
        failure = failure_of(key, scope.path, drop, body, self._now())
        return await self._keep(Sorted(failures=[failure], drops=[(0, drop)], size_bytes=len(body)), alone=True)

    async def _keep(self, result: Sorted, *, alone: bool) -> Answer:
        """Wait until a request's load is durable, then say what became of it."""
        late: list[tuple[int, Drop]] = []
        if result.events or result.failures:
            try:
                receipts = await self._committer.keep(
                    result.events, result.failures, size_bytes=result.size_bytes
                )  # fmt: skip
            except Unavailable:
                self.metrics.events["unavailable"] += len(result.events) + len(result.failures)
                return answers.UNAVAILABLE
            if self._count(receipts):
                late = result.turned_down(receipts)
        if not result.drops and not late:
            return answers.SUCCESS
        for reason in result.refused:
            self._committer.refuse(reason.value)
        for _, drop in result.drops:
            self.metrics.events["failed" if drop.reason.kept else "refused"] += 1
            self.metrics.reasons[drop.reason.value] += 1
        for _, drop in late:
            self.metrics.reasons[drop.reason.value] += 1
        drops = sorted(result.drops + late, key=itemgetter(0))
        if alone:
            return answers.because(drops[0][1].reason, drops[0][1].detail)
        failed = [(index, drop.reason) for index, drop in drops if drop.reason.kept]
        return answers.partly(failed) if failed else answers.SUCCESS

    def _count(self, receipts: list[Receipt]) -> bool:
        """Count what became of events; return whether anything but a new event was among them."""
        accepted = sum(1 for receipt in receipts if receipt.outcome is Outcome.ACCEPTED)
        self.metrics.events["accepted"] += accepted
        if accepted < len(receipts):
            for receipt in receipts:
                if receipt.outcome is not Outcome.ACCEPTED:
                    self.metrics.events[receipt.outcome.value] += 1
        return accepted < len(receipts)

    def _unknown(self, count: int = 1) -> Answer:
        """Refuse an unknown key; while no sites are published any may be right, and SDKs send again only after 503."""
        if self.sites.published:
            return self._refuse(Reason.UNKNOWN_KEY, count)
        self.metrics.events["unavailable"] += count
        return answers.UNAVAILABLE

    def _refuse(self, reason: Reason, count: int = 1) -> Answer:
        if count:
            self._committer.refuse(reason.value, count)
            self.metrics.events["refused"] += count
            self.metrics.reasons[reason.value] += count
        return answers.because(reason)

    def _script(self, scope: Any) -> Answer:
        text = parse_qs(scope.query_string[:1000]).get("key", [""])[0]
        key = self.sites.find(text)
        return script_of(
            key if key and key.door is Door.PUBLIC else None,
            accepts_gzip="gzip" in (scope.headers.get("accept-encoding") or ""),
            known_etag=scope.headers.get("if-none-match") or "",
        )

    def _settings(self, scope: Any) -> Answer:
        """Segment's script for browsers asks here where to send."""
        text = scope.path.removeprefix(SETTINGS[0]).removesuffix(SETTINGS[1])
        key = self.sites.find(text)
        if not scope.path.endswith(SETTINGS[1]) or key is None or key.door is not Door.PUBLIC:
            return answers.NOT_FOUND
        protocol, _, host = self.config.collector_address.partition("://")
        segment = {"apiKey": key.text, "apiHost": f"{host}/v1", "protocol": protocol, "addBundledMetadata": False}
        return answers.json({"integrations": {"Segment.io": segment}})

    def _healthz(self, scope: Any) -> Answer:
        return answers.text(200, "ok\n")

    def _readyz(self, scope: Any) -> Answer:
        self.sites.find("")
        problem = self.metrics.log_problem or ("" if self._committer.alive else "the writer has died")
        if problem:
            return answers.text(503, f"not ready: {problem}\n")
        return answers.text(200, f"ready; {self.sites.problem or f'{len(self.sites.keys)} keys'}\n")

    def _metrics(self, scope: Any) -> Answer:
        self.metrics.waiting, self._scraped_at = self._committer.waiting, time.monotonic()
        return answers.text(200, self._board.all(self.metrics).text(lag=self._lag))


PAGES: dict[str, Callable[[Collector, Any], Answer]] = {
    "/tracker.js": Collector._script,
    "/healthz": Collector._healthz,
    "/readyz": Collector._readyz,
    "/metrics": Collector._metrics,
}
