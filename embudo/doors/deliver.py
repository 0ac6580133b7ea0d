"""Deliver: makes deliveries of what happened and sends them, until it is told to stop. Several may run at once."""

import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

from django.db import close_old_connections
from django.utils import timezone

from embudo.config import Config
from embudo.doors.hooks import gather, keeping, send
from embudo.doors.models import Delivery
from embudo.eventlog import Log, LogUnavailable, open_log

logger = logging.getLogger(__name__)

THREADS = 8  # calls at a time
LOOK_S = 0.5  # between two looks while nothing happens
BUSY_S = 0.02  # while calls are under way
STANDBY_S = 1.0
KEEPING_S = 600.0  # between two looks for what is too old


def run(config: Config, stop: threading.Event) -> None:
    """Gather and send until `stop` is set. What is under way then is finished, or sent again by another process."""
    log = open_log(config)
    kept_at = 0.0
    with ThreadPoolExecutor(THREADS, thread_name_prefix="deliver") as pool:
        sender = Sender(pool)
        while not stop.is_set():
            try:
                more = gather.gather(log)
            except LogUnavailable as error:
                logger.warning("the log cannot be read now: %s", error)
                stop.wait(STANDBY_S)
                continue
            sender.turn()
            if time.monotonic() - kept_at > KEEPING_S and not keeping.let_go():
                kept_at = time.monotonic()
            if not more:
                stop.wait(BUSY_S if sender.under_way else LOOK_S)


class Sender:
    """Keeps some calls under way, each in a thread of its own."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._last = 0  # the webhook that was served last
        self._endpoint: dict[int, int] = {}  # of each delivery under way
        self.under_way: dict[int, Future[None]] = {}

    def turn(self) -> None:
        """Start what is due and there is room for."""
        self.under_way = {pk: each for pk, each in self.under_way.items() if not each.done()}
        self._endpoint = {pk: self._endpoint[pk] for pk in self.under_way}
        room = THREADS - len(self.under_way)
        if room <= 0:
            return
        for delivery in send.due(timezone.now(), under_way=self._endpoint, after=self._last)[:room]:
            self._last = self._endpoint[delivery.pk] = delivery.endpoint_id
            self.under_way[delivery.pk] = self._pool.submit(_sent, delivery)


def _sent(delivery: Delivery) -> None:
    close_old_connections()
    try:
        send.send(delivery)
    except Exception:
        logger.exception("delivery %d could not be sent", delivery.pk)


def once(log: Log) -> int:
    """Gather all there is and send what is due, in this thread; return how many calls that were."""
    while gather.gather(log):
        pass
    found = send.due(timezone.now())
    for delivery in found:
        send.send(delivery)
    return len(found)
