"""How a view records what a person in the app says: once, before anything else, and waiting until it shows."""

import re
from collections.abc import Mapping
from functools import wraps
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from embudo.accounts.permissions import View
from embudo.core.event import Event
from embudo.eventlog import LogUnavailable, Outcome
from embudo.leads.history import WITHDRAWABLE, withdrawn
from embudo.leads.models import Identifier, Person
from embudo.leads.record import APP, NotRecorded, record, wait_until_followed
from embudo.leads.story import history_of, survivor_of
from embudo.leads.templatetags.leads import called
from embudo.ui.toasts import toast

FACT = re.compile(r"[0-9a-f-]{32,80}")


class Moved(Exception):
    """The person is known by another id now; `person` is them."""

    def __init__(self, person: Person) -> None:
        super().__init__(person.id)
        self.person = person


def person_of(id_: int) -> Person:
    """Return the person; raises Moved when they were merged or named since, Http404 when there is nobody."""
    if not -(2**63) <= id_ < 2**63:
        raise Http404
    found = Person.objects.select_related("company", "owner").filter(pk=id_).first()
    if found is None:
        linked = Identifier.objects.filter(subject=id_).exclude(person_id=id_).first()
        found = Person.objects.filter(pk=linked.person_id).first() if linked else None
        if found is None:
            raise Http404(_("There is no such person."))
        raise Moved(survivor_of(found))
    if found.merged_into_id is not None:
        raise Moved(survivor_of(found))
    return found


def person_now(id_: int) -> Person:
    """Return the person, or who they are known as now; raises Http404 when there is nobody."""
    try:
        return person_of(id_)
    except Moved as moved:
        return moved.person


def of_person(view: View) -> View:
    """Return a view that is handed the person its address names; who is known by another id is shown there."""

    @wraps(view)
    def answered(request: HttpRequest, person: int, **more: Any) -> HttpResponse:
        try:
            found = person_of(person)
        except Moved as moved:
            match: Any = request.resolver_match
            return HttpResponseRedirect(reverse(match.view_name, kwargs={**match.kwargs, "person": moved.person.id}))
        return view(request, found, **more)

    return answered


def fact_id() -> str:
    """Return a new id for a form: whoever sends it twice says it once."""
    return str(uuid4())


def given_id(request: HttpRequest) -> str:
    """Return the id the form was given; an Undo carries its own."""
    wanted = request.POST.get("fact") or request.GET.get("fact", "")
    return wanted if FACT.fullmatch(wanted) else fact_id()


def said_before(request: HttpRequest, person: int) -> Event | None:
    """Return the fact that this very form recorded already, as a second click finds it."""
    wanted = (APP, given_id(request))
    return next((event for event in history_of(person) if event.key == wanted), None)


def say(
    request: HttpRequest,
    kind: str,
    person: int | None,
    props: Mapping[str, Any],
    *,
    done: str,
    undo: str = "",
    id: str = "",
    company: str | None = None,
) -> bool:
    """Record one fact, wait until it shows and tell the reader; return whether it was kept.

    The fact has the form's id, or `id`. Where it can be taken back, that is its Undo. Without a person it is about the
    `company` of this identifier.
    """
    id = id or given_id(request)
    if kind in WITHDRAWABLE:
        undo = reverse("leads:withdrawal", args=[person, id])
    try:
        receipt = record(kind, person=person, company=company, props=props, id=id, by=request.user)
    except LogUnavailable:
        toast(request, _("The log cannot be written just now, so nothing was changed. Try again."), failed=True)
        return False
    except NotRecorded:
        toast(request, _("This was recorded before with other content. Load the page again."), failed=True)
        return False
    repeated = receipt.outcome is Outcome.DUPLICATE and person is not None
    if repeated and (APP, id) in withdrawn(history_of(person)):
        toast(request, _("This was recorded before and taken back. Load the page again."), failed=True)
        return False
    if wait_until_followed(receipt):
        toast(request, done, undo=undo)
    else:
        toast(request, _("%(done)s It is being applied.") % {"done": done}, undo=undo)
    return True


def list_left(request: HttpRequest) -> str:
    """Return the list of people that somebody came from, with its filters and place; else the whole list."""
    people = reverse("leads:people")
    came = request.POST.get("back", "")
    if not came:
        _scheme, _sep, rest = request.headers.get("Referer", "").partition("://")
        host, _slash, path = rest.partition("/")
        came = f"/{path}" if host == request.get_host() else ""
    own = came.split("?")[0] == people and url_has_allowed_host_and_scheme(came, allowed_hosts=None)
    return came if own else people


def join_two(request: HttpRequest, survivor: Person, absorbed: Person) -> bool:
    """Record that two people are one, whose page is the survivor's, and return whether it was kept; it has an Undo."""
    done = _("%(one)s and %(other)s are one person now.") % {"one": called(survivor), "other": called(absorbed)}
    undo = f"{reverse('leads:unmerge', args=[survivor.id, absorbed.id])}?{urlencode({'fact': fact_id()})}"
    props = {"survivor": survivor.id, "absorbed": absorbed.id}
    return say(request, "people_merged", survivor.id, props, done=done, undo=undo)


def back_to(request: HttpRequest, person: int) -> HttpResponse:
    """Lead back to the person's page; for htmx by a header."""
    address = reverse("leads:person", args=[person])
    if request.headers.get("HX-Request") == "true":
        response = HttpResponse(status=204)
        response["HX-Redirect"] = address
        return response
    return HttpResponseRedirect(address)
