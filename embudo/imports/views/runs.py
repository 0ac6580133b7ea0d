"""What was brought in: the list, one run with its rows, and taking it back."""

from typing import Any

from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from embudo.accounts.models import AuditEntry
from embudo.accounts.permissions import require
from embudo.imports import undo as taking_back
from embudo.imports.keeping import KEPT
from embudo.imports.models import Mapping, Undo, Upload
from embudo.imports.presets import presets
from embudo.imports.views.rows import page_of
from embudo.imports.views.visits import figures_of
from embudo.leads.models import ImportRun
from embudo.ui import keyset
from embudo.ui.toasts import toast
from embudo.work.models import Job

PAGE = 50


@require("imports.see")
@require_GET
def imports(request: HttpRequest) -> HttpResponse:
    """List what was brought in, and the reader's own files on their way."""
    done = ImportRun.objects.filter(dry_run=False).select_related("undo", "upload")
    page = keyset.page(request, done, order=("-id",), size=PAGE)
    waiting = Upload.objects.filter(by=request.user, run=None, created_at__gt=timezone.now() - KEPT)
    shown = {"page": page, "waiting": waiting, "mappings": Mapping.objects.all(), "presets": presets()}
    return render(request, "imports/imports.html", shown)


@never_cache
@require("imports.see")
@require_GET
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one import: how it stands, its rows, and what can be done about it."""
    record = _record(pk)
    job = _job_of(record)
    shown: dict[str, Any] = {"record": record, "job": job, "live": job is not None and not job.ended}
    shown["undone"] = getattr(record, "undo", None)
    shown["mine"] = job is not None and (job.by_id == request.user.pk or request.user.may("system.see"))
    shown["left"] = taking_back.left(record) if record.undone_at is None else 0
    shown["figures"] = figures_of(record)
    return render(request, "imports/run.html", shown | page_of(request, record, getattr(record, "upload", None)))


@never_cache
@require("imports.see")
@require_GET
def state(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far the work on an import is; when it has ended the page is loaded again."""
    record = _record(pk)
    job = _job_of(record)
    mine = job is not None and (job.by_id == request.user.pk or request.user.may("system.see"))
    response = render(request, "imports/_state.html", {"record": record, "job": job, "here": "run", "mine": mine})
    if job is None or job.ended:
        response["HX-Refresh"] = "true"
    return response


@require("imports.run")
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask that the whole import be taken back; asked twice, it is one undo."""
    record = _record(pk)
    job = _job_of(record)
    if job is not None and not job.ended:
        toast(request, _("It is still being worked on. Cancel that first, or wait."), failed=True)
        return redirect("imports:run", pk)
    try:
        with transaction.atomic():
            asked = Undo.objects.create(run=record, by=request.user)
            asked.job = Job.objects.create(
                kind="import_undo", about=record.file, by=request.user, wants={"run": record.pk}
            )
            asked.save()
            AuditEntry.record(request.user, "import_undone", record.file, rows=record.rows)
    except IntegrityError:
        _again(record)
    return redirect("imports:run", pk)


@require("imports.run")
@require_POST
def forget_mapping(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a mapping that was kept."""
    found = get_object_or_404(Mapping, pk=pk)
    found.delete()
    toast(request, _("The mapping “%(name)s” is removed.") % {"name": found.name})
    return redirect("imports:imports")


def _record(pk: int) -> ImportRun:
    found = ImportRun.objects.select_related("undo__job", "upload__run_job").filter(pk=pk, dry_run=False).first()
    if found is None:
        raise Http404(_("There is no such import."))
    return found


def _job_of(record: ImportRun) -> Job | None:
    """The work that was asked for last."""
    undone: Undo | None = getattr(record, "undo", None)
    upload: Upload | None = getattr(record, "upload", None)
    return undone.job if undone else upload.run_job if upload else None


def _again(record: ImportRun) -> None:
    """An undo that was cancelled or failed is taken up where it stopped."""
    asked = Undo.objects.select_related("job").get(run=record)
    if record.undone_at is None and (asked.job is None or asked.job.state == "cancelled"):
        asked.job = Job.objects.create(kind="import_undo", about=record.file, by=asked.by, wants={"run": record.pk})
        asked.save()
    elif asked.job is not None:
        asked.job.try_again()
