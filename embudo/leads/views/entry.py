"""Write somebody down in ten seconds: few fields, a warning when they are known, one tap to the next."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from embudo.accounts.permissions import require
from embudo.eventlog import LogUnavailable
from embudo.leads import entry
from embudo.leads.entry import WAYS, Written
from embudo.leads.models import Person
from embudo.leads.naming import attribute_called
from embudo.leads.record import NotRecorded
from embudo.leads.views import applying
from embudo.leads.views.applying import fact_id, given_id, said_before
from embudo.ui.toasts import toast

TYPES = {"email": ("email", "email"), "phone": ("tel", "tel")}  # of the field, and of the keyboard


@require_http_methods(["GET", "POST"])
@require("people.edit")
def new(request: HttpRequest) -> HttpResponse:
    """The form, and on POST the person: kept, or asked about when somebody is known by the address already."""
    if request.method == "GET":
        return _form(request, {"way": request.GET.get("way", "fair"), "where": request.GET.get("where", "")})
    typed = {name: request.POST.get(name, "") for name in ("way", "where", "note", *entry.FIELDS)}
    written, there = entry.read(typed), entry.known(typed)
    same = next((each for each in there if str(each.pk) in request.POST.getlist("sure")), None)
    sent_before = any(said_before(request, each.pk) for each in there)
    if written.errors or (there and same is None and not sent_before):
        return _form(request, typed, written, there, status=422)
    try:
        person, receipts = entry.keep(written, by=request.user, id=given_id(request), person=same.pk if same else None)
    except LogUnavailable:
        toast(request, _("The log cannot be written just now, so nothing was changed. Try again."), failed=True)
        return _form(request, typed, written, there, status=503)
    except NotRecorded:
        toast(request, _("This was recorded before with other content. Load the page again."), failed=True)
        return _form(request, typed, written, there, status=409)
    for receipt in receipts:
        applying.wait_until_followed(receipt)
    if request.POST.get("next") != "1":
        toast(request, _("%(name)s is kept.") % {"name": written.traits.get("name") or written.traits.get("email", "")})
        return redirect("leads:person", person)
    further = {"way": typed["way"], "where": written.where if typed["way"] == "fair" else "", "kept": person}
    return HttpResponseRedirect(f"{reverse('leads:new')}?{urlencode(further)}")


@require_GET
@require("people.edit")
def known(request: HttpRequest) -> HttpResponse:
    """Who is known by what is typed so far."""
    return render(request, "leads/_known.html", {"known_people": entry.known(request.GET.dict())})


def _form(
    request: HttpRequest,
    typed: dict[str, str],
    written: Written | None = None,
    there: list[Person] | None = None,
    status: int = 200,
) -> HttpResponse:
    errors = dict(written.errors) if written else {}
    context = {
        "ways": WAYS.values(),
        "typed": typed,
        "errors": errors,
        "fields": [_field(name, typed, errors) for name in ("name", "email", "phone", "company", "title", "where")],
        "known_people": there or [],
        "kept": _kept(request),
        "fact": given_id(request) if written else fact_id(),
    }
    return render(request, "leads/new.html", context, status=status)


def _field(name: str, typed: dict[str, str], errors: dict[str, str]) -> dict[str, Any]:
    kind, mode = TYPES.get(name, ("text", "text"))
    label = _("Which fair, or address of the profile") if name == "where" else attribute_called(name).capitalize()
    return {
        "name": name, "label": label, "value": typed.get(name, ""), "error": errors.get(name, ""), "type": kind,
        "mode": mode, "first": name == "name",
    }  # fmt: skip


def _kept(request: HttpRequest) -> Person | None:
    kept = request.GET.get("kept", "")
    known = kept.isascii() and kept.isdecimal() and len(kept) < 20 and int(kept) < 2**63
    return Person.objects.filter(pk=int(kept)).first() if known else None
