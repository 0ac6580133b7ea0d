"""The process that does long work: a few threads, each with one job at a time. As many such processes as wanted."""

import logging
import os
import socket
import threading
import time
from secrets import token_hex

from django.db import close_old_connections, connection
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from embudo.config import Config
from embudo.work.kinds import Progress, Refused, Steps, kind_of
from embudo.work.models import ENDED, KEPT, Job, State

logger = logging.getLogger(__name__)

LOOK_S = 0.5  # between two looks for work
NOTE_S = 0.5  # at most so often is progress written down
BEAT_S = 5.0
LEAVE_S = 5.0  # for all threads together; then the process ends, and what it had is taken over by another
SWEEP_S = 3600.0


def run(config: Config, stop: threading.Event) -> None:
    """Do what is asked for until `stop` is set."""
    threads = [threading.Thread(target=_work, args=(stop,), daemon=True) for _number in range(config.work_threads)]
    for thread in threads:
        thread.start()
    swept = 0.0
    while not stop.wait(LOOK_S):
        if time.monotonic() - swept > SWEEP_S or not swept:
            _try_to_sweep()
            swept = time.monotonic()
    leave_at = time.monotonic() + LEAVE_S
    for thread in threads:
        thread.join(timeout=max(0.0, leave_at - time.monotonic()))


def sweep() -> int:
    """Remove the files of jobs that ended long ago; return of how many."""
    ended = Job.objects.filter(state__in=ENDED, ended_at__lt=timezone.now() - KEPT)
    gone = [job for job in ended if job.folder.exists()]
    for job in gone:
        job.drop_folder()
    return len(gone)


def _try_to_sweep() -> None:
    try:
        close_old_connections()
        sweep()
    except Exception:
        logger.exception("the files of work that has ended cannot be swept away now")


def _work(stop: threading.Event) -> None:
    worker = f"{socket.gethostname()[:20]}:{os.getpid()}:{token_hex(4)}"
    while not stop.is_set():
        if not _take_one(worker, stop):
            stop.wait(LOOK_S)
    connection.close()


def _take_one(worker: str, stop: threading.Event) -> bool:
    """Do one job, if there is one; return whether there was.

    No error ends the thread. A job whose row could not be written stays without a sign of life and is taken over.
    """
    try:
        close_old_connections()
        job = Job.claim(worker)
        if job is not None:
            do(job, stop)
        return job is not None
    except Exception:
        logger.exception("long work cannot be looked for or let go of now; what was begun is taken up again by itself")
        return False


def do(job: Job, stop: threading.Event) -> None:
    """Do one job that has been claimed, as far as it goes; however it ends, its row says so."""
    pulse = _Pulse(job)
    language = (job.by.language if job.by else "") or translation.get_language() or "en"
    try:
        with translation.override(language), pulse:
            _go(job, stop)
    except Refused as error:
        job.end(State.FAILED, trouble=str(error))
    except Exception:
        logger.exception("the job %s (%s) failed", job.pk, job.kind)
        with translation.override(language):
            words = _(
                "Something went wrong that nobody foresaw; the lines of the process “work” say what. "
                "Nothing done so far is lost: try again, it goes on from there."
            )
        job.end(State.FAILED, trouble=words)


def _go(job: Job, stop: threading.Event) -> None:
    steps: Steps = kind_of(job.kind).run(job)
    noted = 0.0
    while True:
        try:
            progress = next(steps)
        except StopIteration as finished:
            job.note(Progress(job.done, job.total))
            job.end(State.DONE, result=finished.value)
            return
        job.done, job.total = progress.done, progress.total
        if time.monotonic() - noted < NOTE_S and not stop.is_set() and not progress.at_once:
            continue
        noted = time.monotonic()
        asked = job.note(progress)
        if asked is None:  # somebody else has taken it over
            steps.close()
            return
        if asked or stop.is_set():
            steps.close()
            job.end(asked or State.WAITING)
            return


class _Pulse:
    """Shows that the worker lives while one step takes long."""

    def __init__(self, job: Job) -> None:
        self.job, self.over = job, threading.Event()
        self.thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_error: object) -> None:
        self.over.set()

    def _beat(self) -> None:
        while not self.over.wait(BEAT_S):
            try:
                close_old_connections()
                self.job.beat()
            except Exception:
                logger.exception("the sign of life of the job %s could not be given", self.job.pk)
        connection.close()
