"""The way of an access log: of which site it is, and what it held in numbers."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from embudo.accounts.permissions import require
from embudo.capture.models import Site
from embudo.imports.forms import PlaceForm
from embudo.imports.models import Kind, Upload, VisitsReport
from embudo.imports.reading import BadFile
from embudo.imports.views.waiting import try_out, upload_of
from embudo.imports.weblog.figures import tables
from embudo.imports.weblog.lines import is_access_log
from embudo.leads.models import ImportRun


@require("imports.run")
@require_http_methods(["GET", "POST"])
def place(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask of which site the log is; then try the whole file out."""
    upload = upload_of(request, pk)
    if upload.kind != Kind.VISITS:
        return redirect("imports:file", pk)
    if upload.run_job_id is not None:
        return redirect("imports:trial", pk)
    form = PlaceForm(request.POST or None, initial=upload.reading)
    if request.method == "POST" and form.is_valid():
        said = {"site": form.cleaned_data["site"].public_id, "domain": form.cleaned_data["domain"]}
        try_out(request, upload, reading=said)
        return redirect("imports:trial", pk)
    shown = {"upload": upload, "form": form, "sites": Site.objects.filter(archived_at=None).exists()}
    return render(request, "imports/place.html", shown, status=422 if form.errors else 200)


def check_access_log(upload: Upload) -> None:
    """Refuse what is no access log; raises BadFile."""
    if not is_access_log(upload.original):
        raise BadFile(
            _("This is no access log in combined format. Choose what the file holds, or the log of the web server.")
        )


def figures_of(record: ImportRun | None) -> dict[str, Any] | None:
    """Return what an access log held, in words and numbers; None for what is no access log."""
    report = VisitsReport.objects.filter(run=record).first() if record else None
    if report is None:
        return None
    site = Site.objects.filter(public_id=report.site).first()
    kept = report.figures
    return {
        "site": site, "tables": tables(kept), "lines": kept["lines"], "visits": sum(kept["things"].values()),
        "broken_off": kept["broken_off"], "first_at": kept["first_at"], "last_at": kept["last_at"],
    }  # fmt: skip
