"""The trail of who changed and who saw what, by person, by what was done, and by date."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from embudo.accounts import audit
from embudo.accounts.forms import TrailForm
from embudo.accounts.models import AuditEntry
from embudo.accounts.permissions import require
from embudo.ui import keyset


@require("audit.see")
@require_GET
def trail(request: HttpRequest) -> HttpResponse:
    """A filter that cannot be read filters nothing, and the page says so."""
    form = TrailForm(request.GET or None)
    found = _chosen(AuditEntry.objects.select_related("by"), form.cleaned_data if form.is_valid() else {})
    page = keyset.page(request, found, order=("-at", "-id"), size=50)
    entries = [(entry, audit.sentence(entry)) for entry in page.rows]
    narrowed = any(request.GET.get(name) for name in form.fields)
    shown = {"page": page, "entries": entries, "form": form, "narrowed": narrowed}
    return render(request, "accounts/trail.html", shown, status=422 if form.errors else 200)


def _chosen(entries: QuerySet[AuditEntry], by: dict[str, Any]) -> QuerySet[AuditEntry]:
    """Days are those of the reader's time zone, both included."""
    if by.get("who"):
        entries = entries.filter(by=by["who"])
    if by.get("what"):
        entries = entries.filter(verb=by["what"])
    if by.get("person"):
        entries = entries & AuditEntry.about_people([by["person"]])
    if by.get("since"):
        entries = entries.filter(at__gte=_start(by["since"]))
    if by.get("until"):
        entries = entries.filter(at__lt=_start(by["until"] + timedelta(days=1)))
    return entries


def _start(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
