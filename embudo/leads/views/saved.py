"""Saved views of the people list: kept under a name with filters, order and columns, private or for everybody here."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from embudo.accounts.permissions import require
from embudo.leads import columns
from embudo.leads.clock import now
from embudo.leads.models import SavedView
from embudo.leads.queries import asked, people
from embudo.leads.selection import Selection
from embudo.leads.showing import BadValue
from embudo.leads.views.applying import list_left
from embudo.ui.toasts import toast

MOST = 30  # views one person sees
PARAMETER = "view"
LONGEST = 2000  # letters of filters and order


@dataclass(frozen=True, slots=True)
class Tab:
    """One view as a tab above the list."""

    view: SavedView
    address: str
    current: bool


def of(request: HttpRequest) -> SavedView | None:
    """Return the view an address or a form names, if this person has it."""
    named = request.GET.get(PARAMETER) or request.POST.get(PARAMETER, "")
    known = named.isascii() and named.isdecimal() and len(named) < 18
    return _visible(request).select_related("owner").filter(pk=int(named)).first() if known else None


def address(view: SavedView | None) -> list[tuple[str, str]]:
    """Return what an address holds that stays in a view."""
    return [(PARAMETER, str(view.pk))] if view else []


def context(
    request: HttpRequest, view: SavedView | None, *, query: str, columns: list[columns.Column]
) -> dict[str, Any]:
    """Return what the tabs and the menu of views show; `query` is of the list as it is shown now."""
    shown = list(_visible(request).order_by("name", "pk")[:MOST])
    keys = [each.key for each in columns]
    return {
        "view": view,
        "views": [Tab(each, _address_of(each), each == view) for each in shown],
        "view_query": query,
        "changed": view is not None and (view.query != query or view.columns != keys),
        "may_change": view is not None and _may_change(request, view),
    }


@require_POST
@require("people.see")
def add(request: HttpRequest) -> HttpResponse:
    """Save the list as a new view."""
    name = _name(request)
    if not name:
        return _refused(request, _("Give the view a name."))
    if _is_taken(request, name):
        return _refused(request, _taken(name))
    if _visible(request).count() >= MOST:
        return _refused(request, _("There are %(most)s views already. Delete one first.") % {"most": MOST})
    try:
        query = _query(request)
    except BadValue as error:
        return _refused(request, str(error))
    view = SavedView.objects.create(
        name=name,
        query=query,
        columns=columns.known(request.POST.getlist("column")),
        shared=request.POST.get("shared") == "1",
        owner=request.user,
        at=now(),
    )
    undo = reverse("leads:view_removal", args=[view.pk])
    toast(request, _("The view “%(name)s” is saved.") % {"name": name}, undo=undo)
    return HttpResponseRedirect(_address_of(view))


@require_POST
@require("people.see")
def change(request: HttpRequest, view: int) -> HttpResponse:
    """Save what the list shows now to its view, or give the view another name; share it or keep it."""
    found = _own(request, view)
    before = {"name": found.name, "shared": "1" if found.shared else "0", "query": found.query, "column": found.columns}
    given = request.POST if "act" in request.POST else request.GET  # an Undo's address holds what was
    act = given.get("act", "")
    if act == "save":
        try:
            found.query, found.columns = _query(request, given), columns.known(given.getlist("column"))
        except BadValue as error:
            return _refused(request, str(error))
        columns.as_saved(request, found)
        done = _("The view “%(name)s” is saved.")
    else:
        name = _name(request, given)
        if not name:
            return _refused(request, _("Give the view a name."))
        if name.casefold() != found.name.casefold() and _is_taken(request, name, but=found.pk):
            return _refused(request, _taken(name))
        found.name, found.shared = name, given.get("shared") == "1"
        done = (
            _("The view is called “%(name)s” now, and shared.")
            if found.shared
            else _("The view is called “%(name)s” now.")
        )
    found.save()
    undo = f"{reverse('leads:view', args=[found.pk])}?{urlencode({'act': act, **before}, doseq=True)}"
    toast(request, done % {"name": found.name}, undo=undo)
    return HttpResponseRedirect(_address_of(found))


@require_POST
@require("people.see")
def removal(request: HttpRequest, view: int) -> HttpResponse:
    """Delete a view, or bring a deleted one back."""
    found = _own(request, view, removed=True)
    if request.GET.get("back") == "1":
        SavedView.objects.filter(pk=found.pk).update(removed_at=None)
        toast(request, _("The view “%(name)s” is back.") % {"name": found.name})
        return HttpResponseRedirect(_address_of(found))
    SavedView.objects.filter(pk=found.pk).update(removed_at=now())
    undo = f"{reverse('leads:view_removal', args=[found.pk])}?back=1"
    toast(request, _("The view “%(name)s” is deleted.") % {"name": found.name}, undo=undo)
    return HttpResponseRedirect(reverse("leads:people"))


def _visible(request: HttpRequest) -> Any:
    return SavedView.objects.filter(Q(owner=request.user) | Q(shared=True), removed_at=None)


def _may_change(request: HttpRequest, view: SavedView) -> bool:
    """One's own; of shared ones also managers."""
    return view.owner_id == request.user.pk or (view.shared and request.user.may("system.see"))


def _own(request: HttpRequest, view: int, *, removed: bool = False) -> SavedView:
    found = get_object_or_404(SavedView, pk=view, **({} if removed else {"removed_at": None}))
    if not _may_change(request, found):
        raise Http404
    return found


def _name(request: HttpRequest, given: QueryDict | None = None) -> str:
    return " ".join((given or request.POST).get("name", "").replace("\0", "").split())[:60]


def _is_taken(request: HttpRequest, name: str, *, but: int | None = None) -> bool:
    """Whether another of the tabs this person sees is called so already."""
    others = _visible(request).exclude(pk=but).values_list("name", flat=True)
    return any(each.casefold() == name.casefold() for each in others)


def _taken(name: str) -> str:
    return _("There is a view “%(name)s” already. Choose another name.") % {"name": name}


def _query(request: HttpRequest, given: QueryDict | None = None) -> str:
    """The filters and the order of a list as they are read; raises BadValue where that cannot be."""
    selection = Selection(query=(given or request.POST).get("query", ""), everybody=True)
    query, filters = selection.given, selection.filters()
    sort = people.sort_of(query.get("sort", ""), filters)
    order = [("sort", sort.address)] if sort.address not in ("engagement", "reached") else []
    found = urlencode([*asked.address(filters), *order])
    if len(found) > LONGEST:
        raise BadValue(_("These are too many filters for a view. Take some out."))
    return found


def _address_of(view: SavedView) -> str:
    return f"{reverse('leads:people')}?{'&'.join(part for part in (view.query, urlencode(address(view))) if part)}"


def _refused(request: HttpRequest, words: str) -> HttpResponse:
    toast(request, words, failed=True)
    return HttpResponseRedirect(list_left(request))
