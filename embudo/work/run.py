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
SWEEP_S = 3600.0


def run(config: Config, stop: threading.Event) -> None:
    """Do what is asked for until `stop` is set."""
    threads = [threading.Thread(target=_work, args=(stop,), daemon=True) for _number in range(config.work_threads)]
    for thread in threads:
        thread.start()
    swept = 0.0
    while not stop.wait(LOOK_S):
        if time.monotonic() - swept > SWEEP_S or not swept:
            sweep()
            swept = time.monotonic()
    for thread in threads:
        thread.join(timeout=5)


def sweep() -> int:
    """Remove the files of jobs that ended long ago; return of how many."""
    ended = Job.objects.filter(state__in=ENDED, ended_at__lt=timezone.now() - KEPT)
    gone = [job for job in ended if job.folder.exists()]
    for job in gone:
        job.drop_folder()
    return len(gone)


def _work(stop: threading.Event) -> None:
    worker = f"{socket.gethostname()[:20]}:{os.getpid()}:{token_hex(4)}"
    while not stop.is_set():
        try:
            close_old_connections()
            job = Job.claim(worker)
        except Exception:
            logger.exception("long work cannot be looked for now")
            job = None
        if job is None:
            stop.wait(LOOK_S)
            continue
        do(job, stop)
    connection.close()


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
        if time.monotonic() - noted < NOTE_S and not stop.is_set():
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
            self.job.beat()
        connection.close()
