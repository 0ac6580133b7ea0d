"""Advance: what time alone changes. Scores that fade below a line, windows that end, the order of the people list.

There is no nightly job: every score says when its next compared value changes, and at that instant the person is
looked at (DESIGN 4.2, 9.10). One process leads, others stand by. `follow` may write the same people meanwhile:
who writes has seen the revision before, or looks again.
"""

import logging
import subprocess
import threading
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from django.db import transaction

from embudo.config import Config
from embudo.core.event import MINUTE
from embudo.definition.in_force import in_force
from embudo.engines.online import Online
from embudo.eventlog import Cursor, Log, LogUnavailable, open_log
from embudo.leads import kept as rows
from embudo.leads import moves, rollup, sql, upkeep
from embudo.leads.batch import Batch
from embudo.leads.clock import now
from embudo.leads.follow import STANDBY_S, commit_lazily, cursor_of_tables
from embudo.leads.identity import Directory
from embudo.leads.kept import Kept, Overtaken
from embudo.leads.lock import Lock
from embudo.leads.passages import Changes
from embudo.leads.pointers import Pointers

logger = logging.getLogger(__name__)

LOOK_S = 0.25  # between two looks
SLICE = 200  # people written in one transaction: far below 50 ms
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 300.0  # after upkeep that failed
STOP_S = 5.0  # how long the end waits for the log's upkeep
FRESH = 10 * MINUTE  # from then on the order of the list is made anew; it must be at most 15 minutes old


@dataclass
class Clockwork:
    """The state of the process that leads."""

    config: Config
    log: Log
    online: Online = field(default_factory=lambda: Online(in_force()))
    horizon: tuple[Cursor, int] | None = None  # an end of the log, and the instant at which it was the end
    child: subprocess.Popen[bytes] | None = None
    wait_s: float = 0.0  # after the log's upkeep has failed; 0: it went well
    keep_up_from: float = 0.0  # time.monotonic()
    moved: int = 0  # people looked at since the start

    def tick(self) -> bool:
        """Do what is due now and return whether more is waiting."""
        at = now()
        more = self.advance_due(at)
        more = refresh_order(self.online, at) or more
        more = rollup.refresh(at) or more
        self._keep_up(at)
        return more

    def advance_due(self, at: int) -> bool:
        """Advance people whose next change has come, as far as the log is followed; return whether more are waiting.

        A person is never taken past an instant whose facts are not followed yet, or those would come late.
        """
        if self.horizon is None:
            self.horizon = (self.log.end(), at)
        end, until = self.horizon
        if not cursor_of_tables().passed(end):
            return False
        count = advance(self.online, self.log, until)
        self.moved += count
        if count < SLICE:
            self.horizon = None
        return count == SLICE

    def _keep_up(self, at: int) -> None:
        """Have the log kept up when that is due; a child that fails is tried again after longer and longer waits."""
        code = self.child.poll() if self.child is not None else 0
        if code is None:
            return
        if self.child is not None:
            self._learn(code)
        tired = time.monotonic() < self.keep_up_from
        self.child = upkeep.start(self.config) if not tired and upkeep.due(self.config, self.log, at) else None

    def _learn(self, code: int) -> None:
        """Take note of how the log's upkeep ended; said once, until it has ended well again."""
        if code == 0:
            if self.wait_s:
                logger.info("the log's upkeep works again")
            self.wait_s = 0.0
            return
        if not self.wait_s:
            logger.error("the log's upkeep failed (exit code %s), and is tried again; its own lines say why", code)
        self.wait_s = min(2 * self.wait_s, LONGEST_WAIT_S) if self.wait_s else FIRST_WAIT_S
        self.keep_up_from = time.monotonic() + self.wait_s

    def stop(self) -> None:
        """Wait a little for the log's upkeep, which is safe to interrupt but better finished."""
        if self.child is not None:
            with suppress(subprocess.TimeoutExpired):
                self.child.wait(timeout=STOP_S)


def advance(online: Online, log: Log, until: int) -> int:
    """Let time pass up to `until` for some of the people whose next change has come; return how many they were."""
    query = "SELECT person_id FROM leads_score WHERE next_change_at <= %s ORDER BY next_change_at LIMIT %s"
    due = [person for (person,) in sql.rows(query, [until, SLICE])]
    if not due:
        return 0
    there, stale = rows.load(online, due)
    if stale:
        _read_again(online, log, [there[person] for person in stale])
    people = [kept for kept in there.values() if kept.id not in stale]
    for kept in people:
        kept.moves += online.passes(kept.state, until)
    _write(online, people)
    return len(due)


def _read_again(online: Online, log: Log, people: Collection[Kept]) -> None:
    """Bring people whose state is of another definition to the one in force.

    Their rows were read before the pointers and the cursor: whoever follows them meanwhile changes the revision.
    """
    batch = Batch(online, log, Directory(Pointers.load()), cursor_of_tables(), now())
    batch.read_again(people)
    try:
        with transaction.atomic():
            batch.write()
    except Overtaken:
        logger.info("people were followed while they were read again; they come up at the next look")


def _write(online: Online, people: Sequence[Kept]) -> None:
    """Write the people together; where another process was quicker, each alone, and leave those for the next look."""
    try:
        with transaction.atomic():
            _write_all(online, people)
    except Overtaken:
        if len(people) > 1:
            for kept in people:
                _write(online, [kept])


def _write_all(online: Online, people: Sequence[Kept]) -> None:
    at = now()
    rows.write(online, people, at)
    changes = Changes()
    moves.add_moves([moves.move_row(kept, move, at) for kept in people for move in kept.moves], changes)
    changes.settle()


# -- the order of the people list --------------------------------------------------------------------

_NEXT = (
    "SELECT s.person_id, s.state, p.engagement_order, p.engagement_at FROM leads_score s"
    " JOIN leads_person p ON p.id = s.person_id"
    " WHERE s.person_id > %s AND p.known AND p.merged_into_id IS NULL ORDER BY s.person_id LIMIT %s"
)


def refresh_order(online: Online, at: int) -> bool:
    """Freshen the next slice of the order by engagement, when it is getting old; return whether more is to do.

    What follow wrote meanwhile is fresher and stays.
    """
    snapshot = _running_snapshot(at)
    if snapshot is None:
        return False
    number, as_of_at, after = snapshot
    people = sql.rows(_NEXT, [after, SLICE])
    changes = []
    for person, blob, shown, seen_at in people:
        state = online.decode(bytes(blob))
        if state is not None:
            value = online.curve(state).at(max(as_of_at, seen_at))
            if value != shown:
                changes.append((value, person, seen_at))
    with transaction.atomic():
        sql.many("UPDATE leads_person SET engagement_order = %s WHERE id = %s AND engagement_at = %s", changes)
        if people:
            sql.one(
                'UPDATE leads_engagementsnapshot SET "after" = %s, people = people + %s WHERE id = %s',
                [people[-1][0], len(people), number],
            )
        if len(people) < SLICE:
            sql.one("UPDATE leads_engagementsnapshot SET finished_at = %s WHERE id = %s", [now(), number])
            sql.one("DELETE FROM leads_engagementsnapshot WHERE id < %s", [number])
    return len(people) == SLICE


def _running_snapshot(at: int) -> tuple[int, int, int] | None:
    """The snapshot to go on with: an unfinished one, or a new one when the last is too old."""
    found = sql.rows('SELECT id, as_of_at, "after", finished_at FROM leads_engagementsnapshot ORDER BY id DESC LIMIT 1')
    if found:
        number, as_of_at, after, finished_at = found[0]
        if finished_at is None:
            return number, as_of_at, after
        if as_of_at > at - FRESH:
            return None
    sql.one('INSERT INTO leads_engagementsnapshot (as_of_at, "after", people) VALUES (%s, -1, 0)', [at])
    return _running_snapshot(at)


# -- the process -------------------------------------------------------------------------------------


def run(config: Config, stop: threading.Event) -> None:
    """Lead as soon as nobody else does, and advance until `stop` is set."""
    log, lock = open_log(config), Lock(config, "advance")
    while not stop.is_set() and not lock.take():
        stop.wait(STANDBY_S)
    if stop.is_set():
        return
    commit_lazily()
    clockwork = Clockwork(config, log)
    while not stop.is_set():
        try:
            more = clockwork.tick()
        except LogUnavailable as error:
            logger.warning("the log cannot be read now: %s", error)
            more = False
        if not more:
            stop.wait(LOOK_S)
        else:
            time.sleep(0)
    clockwork.stop()
    lock.release()
