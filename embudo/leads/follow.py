"""Follow: reads the log from its cursor on and keeps identity, scores, stages and tables up to date.

One process leads, others stand by. A batch is worked out first and then written with its cursor in one
transaction, so that a crash at any instant loses nothing and counts nothing twice.
"""

import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import DataError, connection, transaction

from embudo.config import Config
from embudo.core.event import Event
from embudo.definition.in_force import in_force
from embudo.engines.online import Online
from embudo.eventlog import Cursor, Log, LogUnavailable, Outcome, open_log
from embudo.eventlog.append import failure_of
from embudo.leads import company_joins, filling, free_mail, rebuild, sql
from embudo.leads.batch import Batch
from embudo.leads.clock import now
from embudo.leads.decided import Decided
from embudo.leads.history import COLLISION, RETOLD
from embudo.leads.identity import Directory
from embudo.leads.kept import Overtaken
from embudo.leads.lock import Lock
from embudo.leads.pointers import Pointers

logger = logging.getLogger(__name__)

SHORTEST_S, LONGEST_S = 0.01, 0.05  # between two looks at the log's end while nothing arrives
NOT_FOLLOWED = "not_followed"  # the reason of a failed event that the log took and follow could not process
REBUILD_S = 1.0  # between two looks for somebody who asks for a rebuild
STANDBY_S = 1.0  # between two tries to lead
LOOK_S = 0.05  # between two looks at how far somebody else has followed
LONGEST_WRITE_S = {"sqlite": 0.05, "postgresql": 0.25}  # SQLite has one writer at a time (DESIGN 9.14)
SMALLEST, LARGEST = 25, 2000  # facts of a batch
RETELLING = 50  # facts of a batch in which histories are read again: each writes some ten times as much
LAZY = {  # a checkpoint costs what some fifty batches cost, so it comes less often
    "sqlite": ("PRAGMA synchronous=NORMAL", "PRAGMA wal_autocheckpoint=8000"),
    "postgresql": ("SET synchronous_commit TO off",),
}


class LostLead(Exception):
    """Another process has moved the cursor."""


class DecidedBefore(Exception):
    """An earlier run has decided on these facts and died before it wrote the rows; its decisions stand."""


# What a fact nobody thought of can cause; anything else is about the machine, and the process ends and starts again.
BAD_FACT = (ValueError, TypeError, ArithmeticError, LookupError, AttributeError, AssertionError, DataError)
AGAIN = (Overtaken, DecidedBefore)  # the batch is worked out once more


@dataclass
class Follower:
    """The state of the process that leads: where it stands and how large its batches are."""

    config: Config
    log: Log
    online: Online = field(default_factory=lambda: Online(in_force()))
    decided: Decided | None = None  # while facts are followed that an earlier run decided on
    size: int = 500
    followed: int = 0  # facts since the start
    longest_write_s: float = 0.0
    moving: bool = True  # whether people may be left whose company was joined or taken apart

    def __post_init__(self) -> None:
        commit_lazily()
        self.forget()
        filling.fill(self.log, self.cursor)

    def forget(self) -> None:
        """Read again from the tables what is otherwise remembered between batches."""
        self.cursor = cursor_of_tables()
        self.pointers = Pointers.load()

    def step(self) -> int:
        """Follow one batch and return how many facts it held; 0 at the end of the log."""
        rows, through = self.log.read(self.cursor, self.size)
        if self.size > RETELLING and any(row.event.kind in RETOLD for row in rows):
            self.size = RETELLING
            rows, through = self.log.read(self.cursor, self.size)
        if not rows and through == self.cursor:
            return 0
        try:
            batch = Batch(self.online, self.log, Directory(self.pointers), through, now())
            batch.work([row.event for row in rows], self.decided)
            self._record(batch.facts)
            self._report(batch.refused.values())
            self._write(batch, through)
        except BaseException as error:
            self._give_up()
            if not isinstance(error, BAD_FACT):
                raise
            return self._without_the_bad_one([row.event for row in rows], through, error)
        self.cursor = through
        self.moving = self.moving or bool(batch.companies.joins.moved)
        if self.decided is not None:
            self.decided.written()
            self._decide_afresh()
        self.followed += len(rows)
        return max(1, len(rows))  # erased facts leave a gap that is passed, too

    def _without_the_bad_one(self, events: list[Event], through: Cursor, error: Exception) -> int:
        """Come closer to a fact that cannot be processed; keep it as a failed event and go on without it.

        One such fact must not stop everybody else's. A rebuild takes it up again once what is wrong is mended.
        """
        if len(events) > 1:
            self.size = max(1, len(events) // 8)
            return len(events)
        for event in events:
            logger.exception("the fact %s of %s cannot be followed", event.id, event.source, exc_info=error)
            self.log.commit(failures=[failure_of(event, NOT_FOLLOWED, f"{type(error).__name__}: {error}")])
            if self.decided is not None:
                self.decided.skip(event)
        with transaction.atomic():
            move_cursor(self.cursor, through)
        self.cursor = through
        self._decide_afresh()
        return 1

    def _decide_afresh(self) -> None:
        """Decide again as soon as no decision of before is left to be carried out."""
        if self.decided is not None and not self.decided.by_cause:
            self.decided = None

    def _give_up(self) -> None:
        """Forget what a batch that was not written has changed in memory."""
        if self.decided is not None:
            self.decided.given_up()
        if connection.is_usable():
            self.pointers = Pointers.load()

    def _record(self, decisions: list[Event]) -> None:
        """Append what was decided; raises DecidedBefore when the log holds decisions on these facts already."""
        receipts = self.log.append(decisions) if decisions else []
        before = any(receipt.outcome in (Outcome.DUPLICATE, Outcome.CONFLICT) for receipt in receipts)
        if before and self.decided is None:
            self.decided = Decided.behind(self.log, self.cursor)
            raise DecidedBefore

    def _report(self, refused: Iterable[Event]) -> None:
        """Show facts that nobody's page shows as failed events; a rebuild comes by them again."""
        if self.decided is not None:
            return
        for event in refused:
            words = f"{event.identifier} has the subject of another identifier, so its facts are left out"
            logger.error("%s (%s of %s)", words, event.id, event.source)
            self.log.commit(failures=[failure_of(event, COLLISION, words)])

    def _write(self, batch: Batch, through: Cursor) -> None:
        """Write batch and cursor at once; the batch grows and shrinks so that this stays short."""
        began = time.perf_counter()
        with transaction.atomic():
            move_cursor(self.cursor, through)
            batch.write()
        took = time.perf_counter() - began
        self.longest_write_s = max(self.longest_write_s, took)
        longest = LONGEST_WRITE_S[connection.vendor]
        if took > longest * 0.8:
            self.size = max(SMALLEST, int(self.size * min(2 / 3, 0.6 * longest / took)))
        elif took < longest * 0.4:
            self.size = min(LARGEST, self.size * 5 // 4 + 1)

    def settle(self) -> bool:
        """Let some people follow a company that was joined or taken apart; return whether more are left."""
        if self.moving:
            began = time.perf_counter()
            self.moving = company_joins.settle_some()
            self.longest_write_s = max(self.longest_write_s, time.perf_counter() - began)
        return self.moving

    def advance_rebuild(self) -> bool:
        """Go on with a rebuild that somebody asked for; return whether there was one to go on with."""
        asked = rebuild.running()
        if asked is None:
            return False
        number, cleared_at, until = asked
        if cleared_at is None:
            rebuild.clear(number)
            self.forget()
        if not self.cursor:
            self.decided = Decided.behind(self.log, Cursor())
        try:
            self.step()
        except AGAIN:
            return True
        if not self.settle():
            rebuild.note_progress(number, self.cursor, until or self.log.end())
        return True

    def catch_up(self) -> int:
        """Follow to the end of the log and return how many facts that were."""
        free_mail.settle()
        done = 0
        while True:
            try:
                count = self.step()
            except AGAIN:
                continue
            more = self.settle()
            if not count and not more:
                return done
            done += count


def catch_up(log: Log, lock: Lock, patience_s: float = 600.0) -> bool:
    """Bring the tables to the end of the log: by ourselves, or waiting for whoever follows; return whether they are."""
    end = log.end()
    if lock.take():
        try:
            Follower(lock.config, log).catch_up()
        finally:
            lock.release()
        return True
    deadline = time.monotonic() + patience_s
    while not cursor_of_tables().passed(end) or company_joins.pending():
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_S)
    return True


def commit_lazily() -> None:
    """Let this connection's commits reach the disk a little later: what they derive comes again from the log.

    A power cut may take the last ones back, whole and in order, cursor included; kill -9 takes none.
    """
    for statement in LAZY[connection.vendor]:
        with connection.cursor() as cursor:
            cursor.execute(statement)


def cursor_of_tables() -> Cursor:
    """Return how far the tables have followed the log."""
    return Cursor(dict(sql.rows('SELECT shard, "offset" FROM leads_followcursor')))


def move_cursor(was: Cursor, becomes: Cursor) -> None:
    """Move the cursor in the open transaction; raises LostLead when it does not stand where it was left."""
    for shard, offset in becomes.items():
        if offset == was.offset(shard):
            continue
        moved = sql.one(
            'INSERT INTO leads_followcursor (shard, "offset") VALUES (%s, %s)'
            ' ON CONFLICT (shard) DO UPDATE SET "offset" = excluded."offset" WHERE leads_followcursor."offset" = %s',
            [shard, offset, was.offset(shard)],
        )
        if moved != 1:
            raise LostLead(f"the cursor of shard {shard} is not at {was.offset(shard)}")


def run(config: Config, stop: threading.Event) -> None:
    """Lead as soon as nobody else does, and follow until `stop` is set."""
    log, lock = open_log(config), Lock(config, "follow")
    while not stop.is_set() and not lock.take():
        stop.wait(STANDBY_S)
    if stop.is_set():
        return
    follower = Follower(config, log)
    logger.info("following from %s", follower.cursor.to_text() or "the beginning")
    pause, asked_at = SHORTEST_S, 0.0
    while not stop.is_set():
        try:
            if time.monotonic() - asked_at > REBUILD_S:
                while follower.advance_rebuild() and not stop.is_set():
                    pass
                free_mail.settle()
                asked_at = time.monotonic()
            count = 0 if follower.cursor.passed(log.end()) else follower.step()
            count += follower.settle()
        except AGAIN:
            continue
        except LogUnavailable as error:
            logger.warning("the log cannot be read now: %s", error)
            stop.wait(STANDBY_S)
            continue
        pause = SHORTEST_S if count else min(LONGEST_S, pause * 1.5)
        if not count:
            stop.wait(pause)
    lock.release()
