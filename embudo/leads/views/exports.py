"""The list of people as a file: short ones at once, long ones as long work whose file is fetched when it is done."""

import io
from typing import Any

from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from embudo.accounts.models import AuditEntry
from embudo.accounts.permissions import require
from embudo.leads import columns, exported, exporting
from embudo.leads.clock import now
from embudo.leads.exporting import FORMATS
from embudo.leads.selection import Selection
from embudo.leads.showing import BadValue
from embudo.leads.views.applying import list_left
from embudo.ui.figures import moment_of
from embudo.ui.toasts import toast
from embudo.work.models import Job

AT_ONCE = 2000  # people


@require_POST
@require("people.export")
def export(request: HttpRequest) -> HttpResponse:
    """Hand out the list as a file, or have it written."""
    wanted = request.POST.get("format", "")
    if wanted not in FORMATS:
        return HttpResponseBadRequest(_("Choose CSV or XLSX."))
    wants: dict[str, Any] = {
        "query": request.POST.get("query", ""),
        "sort": request.POST.get("sort", "")[:40],
        "columns": columns.known(request.POST.getlist("column")),
        "all": request.POST.get("extent") == "all",
        "format": wanted,
    }
    selection = Selection(query=wants["query"], everybody=True)
    try:
        about = selection.words()
    except BadValue as error:
        toast(request, str(error), failed=True)
        return HttpResponseRedirect(list_left(request))
    AuditEntry.saw(request.user, "list_exported", about, of=f"{now()}", format=wanted, all=wants["all"])
    few = selection.first(AT_ONCE, sort=wants["sort"])
    if few is None:
        job = Job.objects.create(kind=exported.KIND, by=request.user, wants=wants)
        return redirect("work:job", job.pk)
    fields = exporting.fields(wants["columns"], everything=wants["all"])
    if wanted == "csv":
        response: Any = StreamingHttpResponse(exporting.csv_lines(few, fields), content_type=FORMATS["csv"])
    else:
        book = io.BytesIO()
        for _count in exporting.write_xlsx(book, exporting.table(few, fields), fields):
            pass
        response = HttpResponse(book.getvalue(), content_type=FORMATS["xlsx"])
    response["Content-Disposition"] = f'attachment; filename="{_name(wanted)}"'
    response["Cache-Control"] = "private, no-store"
    return response


@require_GET
@require("people.export")
def fetch(request: HttpRequest, job: int) -> HttpResponse:
    """Hand out the file that long work has written; only to who asked for it."""
    found = get_object_or_404(Job, pk=job, kind=exported.KIND, by=request.user, state="done")
    try:
        content = exported.file_of(found).open("rb")
    except OSError as error:
        raise Http404(_("This file is not kept any more. Export the list again.")) from error
    kind = found.wants["format"]
    response = FileResponse(content, as_attachment=True, filename=_name(kind), content_type=FORMATS[kind])
    response["Cache-Control"] = "private, no-store"
    return response


def _name(kind: str) -> str:
    return f"people-{moment_of(now()):%Y-%m-%d}.{kind}"
