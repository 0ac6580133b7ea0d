"""Everything about one person as files, and their erasure: what will go, the long work, the evidence."""

from typing import Any

from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from embudo.accounts.models import AuditEntry
from embudo.accounts.permissions import require
from embudo.leads.exported import OF_PERSON, file_of
from embudo.leads.models import Identifier, Person
from embudo.leads.pointers import members
from embudo.leads.record import the_log
from embudo.leads.story import history_of, subjects_of
from embudo.leads.templatetags.leads import called
from embudo.leads.views.applying import of_person
from embudo.privacy.erasing import forgetting
from embudo.privacy.everything import failed_of, tables_about_people
from embudo.work.models import ENDED, Job, State

LONGEST_WHY = 300
SHOWN = 200


@never_cache
@require_http_methods(["GET", "POST"])
@require("people.take_out")
@of_person
def take_out(request: HttpRequest, person: Person) -> HttpResponse:
    """Say what the files hold; a POST has them made and writes down who takes them."""
    mine = Job.objects.filter(kind=OF_PERSON, by=request.user, wants={"person": str(person.id)})
    if request.method != "POST":
        there = [job for job in mine.filter(state=State.DONE)[:SHOWN] if file_of(job).exists()]
        return render(request, "privacy/take_out.html", {"person": person, "held": _held(person), "there": there})
    running = mine.exclude(state__in=ENDED).first()
    if running is not None:
        return redirect("work:job", running.pk)
    with transaction.atomic():
        AuditEntry.record(request.user, "person_taken_out", called(person), person=str(person.id))
        job = Job.objects.create(kind=OF_PERSON, by=request.user, wants={"person": str(person.id)})
    return redirect("work:job", job.pk)


@require_GET
@require("people.take_out")
def taken_out(request: HttpRequest, job: int) -> HttpResponse:
    """Hand out the files of a person that long work has written; only to who asked for them."""
    found = get_object_or_404(Job, pk=job, kind=OF_PERSON, by=request.user, state=State.DONE)
    try:
        content = file_of(found).open("rb")
    except OSError as error:
        raise Http404(_("This file is not kept any more. Make it again.")) from error
    response = FileResponse(content, as_attachment=True, filename="person.zip", content_type="application/zip")
    response["Cache-Control"] = "private, no-store"
    return response


@never_cache
@require_http_methods(["GET", "POST"])
@require("people.erase")
@of_person
def erasure(request: HttpRequest, person: Person) -> HttpResponse:
    """Show what will be erased and ask why; a POST begins it."""
    why, error, status = request.POST.get("why", "").strip()[:LONGEST_WHY], "", 200
    if request.method == "POST":
        running = Job.objects.filter(kind="erasure", wants__person=str(person.id)).exclude(state__in=ENDED).first()
        if running is not None:
            return redirect("work:job", running.pk)
        if _names(person, why):
            error = _("Leave their name and addresses out: the reason is kept with the evidence.")
        elif not why:
            error = _("Write why, in a few words: it is kept with the evidence.")
        elif request.POST.get("sure") != "1":
            error = _("Tick the box: an erasure cannot be undone.")
        else:
            wants = {"person": str(person.id), "why": why}
            return redirect("work:job", Job.objects.create(kind="erasure", by=request.user, wants=wants).pk)
        status = 422
    context = {"person": person, "held": _held(person), "why": why, "error": error}
    return render(request, "privacy/erasure.html", context, status=status)


@require_GET
@require("people.erase")
def erasures(request: HttpRequest) -> HttpResponse:
    """List the evidence of erasures and of what left after its time, newest first."""
    told = the_log().evidence()[::-1]
    jobs = Job.objects.filter(kind="erasure").select_related("by").order_by("-id")[:SHOWN]
    context = {"told": told[:SHOWN], "jobs": jobs, "more": len(told) > SHOWN, "tab": "erasures"}
    return render(request, "privacy/erasures.html", context)


def _held(person: Person) -> dict[str, Any]:
    """How much of each store is about the person."""
    ids = members(person.id)
    rows = {
        model._meta.verbose_name_plural: sum(model.objects.filter(**{f"{name}__in": ids}).count() for name in names)  # type: ignore[attr-defined]
        for model, names in tables_about_people()
    }
    return {
        "facts": len(history_of(person.id)),
        "identifiers": Identifier.objects.filter(person_id__in=ids).count(),
        "joined": len(ids) - 1,
        "failed": len(failed_of(person.id)),
        "rows": sum(rows.values()) + 1,
        "tables": sum(1 for count in rows.values() if count) + 1,
        "elsewhere": [(module.WHAT, module.left(subjects_of(person.id))) for _label, module in forgetting()],
        "changes": AuditEntry.about_people(ids).count(),
    }


def _names(person: Person, why: str) -> bool:
    said = why.casefold()
    return any(each and len(each) > 3 and each.casefold() in said for each in (person.mail, person.phone, person.name))
