"""Imports on screen: a file on its way to a run, mappings kept for the next file, and undos. Ordinary records."""

import os
import shutil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from embudo.accounts.models import User
from embudo.imports.plan import Plan
from embudo.imports.reading import Reading
from embudo.leads.models import ImportRun
from embudo.work.models import Job, State


class Kind(models.TextChoices):
    PEOPLE = "people", _("People")
    OPPORTUNITIES = "opportunities", _("Opportunities")
    COMPANIES = "companies", _("Companies")
    VISITS = "visits", _("Visits: the access log of a web server")


class Upload(models.Model):
    """A file that somebody brings in, from the upload to its run."""

    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(max_length=20, choices=Kind.choices, default=Kind.PEOPLE)
    file = models.CharField(max_length=200)  # its name, without folders
    created_at = models.DateTimeField(default=timezone.now)
    sheets = models.JSONField(default=list)  # of a workbook
    reading = models.JSONField(default=dict)
    plan = models.JSONField(default=dict)
    preset = models.CharField(max_length=40, blank=True)
    check_run = models.ForeignKey(ImportRun, null=True, on_delete=models.SET_NULL, related_name="+")  # dry
    check_job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    run = models.OneToOneField(ImportRun, null=True, on_delete=models.SET_NULL, related_name="upload")
    run_job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.file

    @property
    def folder(self) -> Path:
        """Where its files are, on the disk that site and worker share."""
        return Path(settings.EMBUDO.data) / "imports" / str(self.pk)

    @property
    def original(self) -> Path:
        """The file as it came."""
        return self.folder / "original"

    @property
    def text(self) -> Path:
        """The file as it is read: a workbook's sheet as text, any other file as it came."""
        return self.folder / "sheet.csv" if self.sheets else self.original

    def make_folder(self) -> Path:
        """Make the folder, for the owner of the process alone, and return it."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.chmod(self.folder, 0o700)
        return self.folder

    def drop_files(self) -> None:
        """Remove the files; what was imported stays."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def change(self, **said: Any) -> bool:
        """Keep what is said of how it is read and mapped, unless its run was asked for already; return whether it is.

        What was tried out before is of another reading, so it counts no more.
        """
        job, said = self.check_job, {"check_job": None, **said}
        if not Upload.objects.filter(pk=self.pk, run_job=None).update(**said):
            return False
        for name, value in said.items():
            setattr(self, name, value)
        if job:
            job.cancel()
        return True

    @property
    def trial(self) -> ImportRun | None:
        """The trial of what is said now, once it is done."""
        done = self.check_job is not None and self.check_job.state == State.DONE
        return self.check_run if done and self.check_run and self.check_run.finished_at else None

    def of_trial(self, job: Job | None) -> "models.QuerySet[Upload]":
        """Return this file as long as this is its trial."""
        return Upload.objects.filter(pk=self.pk, check_job=job, run_job=None)

    def how_read(self) -> Reading:
        """Return how the file is read."""
        return Reading(**self.reading)

    def how_mapped(self) -> Plan:
        """Return what the columns are."""
        return Plan(**self.plan)


class Mapping(models.Model):
    """A mapping that was kept, to be used for the next file with the same columns."""

    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    headers = models.JSONField(default=list)
    plan = models.JSONField(default=dict)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["name", "kind"], name="mapping_once")]

    def __str__(self) -> str:
        return self.name

    def plan_for(self, headers: list[str]) -> dict[str, Any]:
        """Return the plan for a file with these headers; columns it does not know are left out."""
        columns = self.plan.get("columns", {})
        nothing = {"target": "", "kind": "text", "label": "", "separator": ";"}
        plan = {**self.plan, "columns": {header: columns.get(header, nothing) for header in headers}}
        plan["key"] = [header for header in plan.get("key", ()) if header in headers]
        if plan.get("skip", {}).get("column") not in headers:
            plan["skip"] = {}
        return plan


class Undo(models.Model):
    """Somebody asked that a whole import be taken back."""

    run = models.OneToOneField(ImportRun, on_delete=models.CASCADE, related_name="undo")
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)


class VisitsReport(models.Model):
    """What an access log held, in numbers (weblog/figures.py): kept beside its run."""

    run = models.OneToOneField(ImportRun, on_delete=models.CASCADE, related_name="visits")
    site = models.CharField(max_length=32)  # its public id
    figures = models.JSONField(default=dict)
