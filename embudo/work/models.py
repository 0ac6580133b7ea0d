"""The table of long work. A state changes by a conditional update, so that two who act at once cannot both win."""

import os
import shutil
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from embudo.accounts.models import User
from embudo.work.kinds import Progress, kind_of

STALE = timedelta(seconds=30)  # a running job whose process has not been heard of for so long may be taken over
KEPT = timedelta(days=7)  # how long the files of work that has ended are kept


class State(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


ENDED = (State.DONE, State.FAILED, State.CANCELLED)


class Job(models.Model):
    """One piece of long work that somebody asked for."""

    kind = models.CharField(max_length=40)  # a key of settings.WORK
    about = models.CharField(max_length=200, blank=True)  # a name, such as the file's, and no words of a language
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    wants = models.JSONField(default=dict)  # what was asked for
    memory = models.JSONField(default=dict)  # what it takes to go on after a crash or a pause
    result = models.JSONField(default=dict)
    trouble = models.TextField(blank=True)  # why it failed, in the words of the one who asked

    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    asked = models.CharField(max_length=10, choices=State.choices, blank=True)  # PAUSED or CANCELLED, while running
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True)
    worker = models.CharField(max_length=40, blank=True)  # who has it

    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)  # this run
    started_from = models.BigIntegerField(default=0)  # `done` at that instant
    beat_at = models.DateTimeField(null=True)  # the worker's last sign of life
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "id"], name="job_by_state")]

    def __str__(self) -> str:
        about = self.about_words
        return f"{self.label}: {about}" if about else str(self.label)

    @property
    def label(self) -> Any:
        """What kind of work it is."""
        return kind_of(self.kind).LABEL

    @property
    def about_words(self) -> str:
        """What it is about, in the reader's language."""
        about: Callable[[Job], str] | None = getattr(kind_of(self.kind), "about", None)
        return about(self) if about else self.about

    @property
    def result_template(self) -> str:
        """The template that shows the result."""
        return kind_of(self.kind).RESULT

    @property
    def left_template(self) -> str:
        """The template that shows what cancelled or failed work has left behind; empty where it says nothing."""
        return getattr(kind_of(self.kind), "LEFT", "")

    @property
    def may_be_cancelled(self) -> bool:
        """Whether it can be stopped for good now; of work that must end: only while it has not begun."""
        return not self.ended and self.asked != State.CANCELLED and not (self._must_end and self.started_at)

    @property
    def _must_end(self) -> bool:
        return getattr(kind_of(self.kind), "MUST_END", False)

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.state in ENDED

    @property
    def share(self) -> float | None:
        """How much is done, 0 to 1; None while the whole is not known."""
        return None if not self.total else min(1.0, self.done / self.total)

    @property
    def microseconds_left(self) -> float | None:
        """How long it will still take at the pace of this run; None while nobody can say."""
        fresh = self.done - self.started_from
        if self.state != State.RUNNING or not self.total or not self.started_at or fresh <= 0:
            return None
        took = (timezone.now() - self.started_at).total_seconds()
        return took / fresh * max(0, self.total - self.done) * 1_000_000 if took > 1 else None

    @property
    def folder(self) -> Path:
        """The job's own files, on the disk that site and worker share."""
        return settings.EMBUDO.data / "work" / str(self.pk)

    def make_folder(self) -> Path:
        """Make the folder, for the owner of the process alone, and return it."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.chmod(self.folder, 0o700)
        return self.folder

    def drop_folder(self) -> None:
        """Remove the job's files."""
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- what people do -----------------------------------------------------------------------------

    def pause(self) -> bool:
        """Stop for now; running work stops at its next step. Return whether that was possible."""
        return self._turn([State.WAITING], state=State.PAUSED) or self._turn([State.RUNNING], asked=State.PAUSED)

    def go_on(self) -> bool:
        """Go on from where it stopped. Return whether that was possible."""
        return self._turn([State.PAUSED], state=State.WAITING) or (
            self._rows(state=State.RUNNING, asked=State.PAUSED).update(asked="") == 1
        )

    def cancel(self) -> bool:
        """Stop for good; running work stops at its next step. Return whether that was possible."""
        end = {"state": State.CANCELLED, "ended_at": timezone.now()}
        idle = [State.WAITING, State.PAUSED]
        if self._must_end:
            return self._rows(state__in=idle, started_at=None).update(**end) == 1
        return self._turn(idle, **end) or self._turn([State.RUNNING], asked=State.CANCELLED)

    def try_again(self) -> bool:
        """Take up work that failed once more, from where it stopped. Return whether that was possible."""
        return self._turn([State.FAILED], state=State.WAITING, trouble="", ended_at=None)

    # -- what a worker does -------------------------------------------------------------------------

    @classmethod
    def claim(cls, worker: str) -> "Job | None":
        """Return the oldest job that waits, or whose worker has died, now the worker's own; None: there is none."""
        now = timezone.now()
        free = models.Q(state=State.WAITING) | models.Q(state=State.RUNNING, beat_at__lt=now - STALE)
        for pk, done in cls.objects.filter(free).order_by("id").values_list("pk", "done")[:10]:
            mine = {"state": State.RUNNING, "worker": worker, "beat_at": now, "started_at": now, "started_from": done}
            if cls.objects.filter(free, pk=pk).update(**mine):
                return cls.objects.get(pk=pk)
        return None

    def beat(self) -> None:
        """Show that the worker lives."""
        self._mine().update(beat_at=timezone.now())

    def note(self, progress: Progress) -> str | None:
        """Keep how far it is; return what was asked for meanwhile, or None when the job is no longer the worker's."""
        changes: dict[str, Any] = {"done": progress.done, "total": progress.total, "beat_at": timezone.now()}
        if progress.memory is not None:
            changes["memory"] = dict(progress.memory)
        if not self._mine().update(**changes):
            return None
        return Job.objects.values_list("asked", flat=True).get(pk=self.pk)

    def end(self, state: str, *, result: Mapping[str, Any] | None = None, trouble: str = "") -> None:
        """Let go of the job: done, failed, cancelled, paused, or waiting when the worker has to leave."""
        ended: dict[str, Any] = {"ended_at": timezone.now()} if state in ENDED else {}
        if state == State.DONE:
            ended["memory"] = {}  # nothing is left to go on with, and it may say of people what the result must not
        self._mine().update(state=state, asked="", worker="", result=dict(result or {}), trouble=trouble, **ended)

    def _mine(self) -> models.QuerySet["Job"]:
        return self._rows(state=State.RUNNING, worker=self.worker)

    def _turn(self, states: list[State], **changes: Any) -> bool:
        return self._rows(state__in=states).update(**changes) == 1

    def _rows(self, **conditions: Any) -> models.QuerySet["Job"]:
        return Job.objects.filter(pk=self.pk, **conditions)
