"""The purposes: list, their words in each language, edition after edition, and which receipts name which."""

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from embudo.accounts.models import AuditEntry
from embudo.accounts.permissions import NotAllowed, require
from embudo.eventlog import LogUnavailable
from embudo.leads.record import the_log
from embudo.privacy.forms import PurposeForm
from embudo.privacy.models import Purpose, Wording
from embudo.privacy.receipts import by_edition
from embudo.ui.toasts import toast

NAMES = dict(settings.LANGUAGES)


@require_GET
@require("privacy.see")
def purposes(request: HttpRequest) -> HttpResponse:
    """List the purposes with their edition and languages."""
    known = list(Purpose.objects.prefetch_related("wordings"))
    rows = [(each, *_edition(each)) for each in known]
    shown = {
        "rows": [row for row in rows if not row[0].archived],
        "archived": [row for row in rows if row[0].archived],
        "tab": "purposes",
    }
    return render(request, "privacy/purposes.html", shown)


@require_http_methods(["GET", "POST"])
@require("purposes.edit")
def new(request: HttpRequest) -> HttpResponse:
    """Add a purpose with its first words."""
    form = PurposeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        purpose = form.keep(by=request.user)
        toast(request, _("People can be asked for “%(name)s” now.") % {"name": purpose})
        return redirect("privacy:purpose", purpose.code)
    return render(request, "privacy/purpose_new.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@require("privacy.see")
def purpose(request: HttpRequest, code: str) -> HttpResponse:
    """Show the words of a purpose, edition after edition; a POST puts it in new words."""
    found = get_object_or_404(Purpose, code=code)
    may = request.user.may("purposes.edit")
    if request.method == "POST" and not may:
        raise NotAllowed("purposes.edit")
    before = found.version
    form = PurposeForm(request.POST or None, purpose=found)
    if request.method == "POST" and form.is_valid():
        kept = form.keep(by=request.user)
        words = _("Version %(n)d is in use from now on.") if kept.version != before else _("It is saved.")
        toast(request, words % {"n": kept.version})
        return redirect("privacy:purpose", code)
    shown = {"purpose": Purpose.objects.get(pk=found.pk), "form": form, "may": may, "editions": _editions(found)}
    return render(request, "privacy/purpose.html", shown, status=422 if form.errors else 200)


@require_GET
@require("privacy.see")
def receipts(request: HttpRequest, code: str) -> HttpResponse:
    """Count the receipts that name each edition; a fragment asked for when somebody wants to know."""
    found = get_object_or_404(Purpose, code=code)
    try:
        counted = by_edition(the_log(), code)
    except LogUnavailable:
        return render(request, "privacy/_receipts.html", {"purpose": found, "unavailable": True})
    known = {(each.version, each.language) for each in found.wordings.all()}
    rows = [
        (version, NAMES.get(language, language), count, (version, language) in known or not version)
        for (version, language), count in sorted(counted.items(), reverse=True)
    ]
    context = {"purpose": found, "rows": rows, "total": sum(counted.values())}
    whole = request.headers.get("HX-Request") != "true"
    return render(request, "privacy/receipts.html" if whole else "privacy/_receipts.html", context)


@require_POST
@require("purposes.edit")
def archival(request: HttpRequest, code: str) -> HttpResponse:
    """Ask nobody for it any more; what was said stays."""
    found = get_object_or_404(Purpose, code=code)
    _turn(found, "purpose_archived", request, timezone.now())
    words = _("Nobody is asked for “%(name)s” any more.") % {"name": found}
    toast(request, words, undo=reverse("privacy:purpose_reopening", args=[code]))
    return redirect("privacy:purposes")


@require_POST
@require("purposes.edit")
def reopening(request: HttpRequest, code: str) -> HttpResponse:
    """Ask for it again (the undo of archival)."""
    found = get_object_or_404(Purpose, code=code)
    _turn(found, "purpose_reopened", request, None)
    toast(request, _("People can be asked for “%(name)s” again.") % {"name": found})
    return redirect("privacy:purpose", code)


def _turn(purpose: Purpose, verb: str, request: HttpRequest, archived_at: object) -> None:
    there = Purpose.objects.filter(pk=purpose.pk, archived_at__isnull=archived_at is not None)
    with transaction.atomic():
        if there.update(archived_at=archived_at):
            AuditEntry.record(request.user, verb, purpose.label)


def _edition(purpose: Purpose) -> tuple[int, list[str], str]:
    """The version in use, its languages, and its words in the reader's language."""
    there = list(purpose.wordings.all())
    version = max((each.version for each in there), default=0)
    used = [each for each in there if each.version == version]
    words = purpose.wording(get_language() or settings.LANGUAGE_CODE).text if used else ""
    return version, [NAMES.get(each.language, each.language) for each in used], words


def _editions(purpose: Purpose) -> list[tuple[int, list[tuple[str, Wording]]]]:
    found: dict[int, list[tuple[str, Wording]]] = {}
    for each in purpose.wordings.select_related("by"):
        found.setdefault(each.version, []).append((NAMES.get(each.language, each.language), each))
    return sorted(found.items(), reverse=True)
