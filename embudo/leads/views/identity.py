"""Who somebody is: join two people found to be one, take them apart, settle a dispute. All of it can be undone."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from embudo.accounts.permissions import require
from embudo.core.event import Event
from embudo.core.identity import Strength
from embudo.leads.models import Dispute, Identifier, Merge, Person
from embudo.leads.pointers import members
from embudo.leads.queries import people
from embudo.leads.queries.scores import definition
from embudo.leads.queries.search import Search
from embudo.leads.story import history_of, subjects_of, told
from embudo.leads.templatetags.leads import called, identifier_called
from embudo.leads.timeline import entries
from embudo.leads.views.applying import back_to, fact_id, join_two, person_now, say
from embudo.ui.toasts import toast

FOUND = 8


@require_GET
@require("people.merge")
def merge(request: HttpRequest, person: int) -> HttpResponse:
    """Look for the other one."""
    found = person_now(person)
    search = Search.of(request.GET.get("q", ""))
    ids = people.page([search], people.SORTS["seen"], size=FOUND + 1).ids if search else []
    others = [each for each in Person.objects.filter(pk__in=ids) if each.id != found.id][:FOUND]
    context = {"person": found, "others": others, "typed": request.GET.get("q", ""), "searched": bool(search)}
    return render(request, "leads/_found.html" if request.htmx else "leads/merge.html", context)


@require_http_methods(["GET", "POST"])
@require("people.merge")
def join(request: HttpRequest, person: int, other: int) -> HttpResponse:
    """Show what joins, and on POST join: the person shown keeps the page, the other one's facts come to it."""
    found, second = person_now(person), person_now(other)
    if found.id == second.id:
        toast(request, _("These two are one already."))
        return back_to(request, found.id)
    if request.method == "POST":
        join_two(request, found, second)
        return back_to(request, found.id)
    context = {"person": found, "other": second, "sides": [_side(found), _side(second)], "fact": fact_id()}
    return render(request, "leads/join.html", context)


@require_http_methods(["GET", "POST"])
@require("people.merge")
def unmerge(request: HttpRequest, person: int, absorbed: int) -> HttpResponse:
    """Show which facts go and which stay, and on POST take the two apart."""
    found = person_now(person)
    link = Merge.objects.filter(absorbed_id=absorbed, unmerged_at=None, survivor_id__in=members(found.id)).first()
    if link is None:
        toast(request, _("These two are apart already."))
        return back_to(request, found.id)
    if request.method == "POST":
        names = {"one": called(found), "other": absorbed_called(absorbed)}
        done = _("%(one)s and %(other)s are two people again.") % names
        undo = f"{reverse('leads:join', args=[found.id, absorbed])}?{urlencode({'fact': fact_id()})}"
        props = {"survivor": link.survivor_id, "absorbed": absorbed}
        say(request, "people_unmerged", found.id, props, done=done, undo=undo)
        return back_to(request, found.id)
    goes = subjects_of(absorbed)
    history = told(history_of(found.id))
    context = {
        "person": found,
        "other": absorbed_called(absorbed),
        "going": [event for event in history if event.subject in goes],
        "staying": _entries([event for event in history if _without_identifier(event, link.merged_at)]),
        "remaining": len([event for event in history if event.subject not in goes]),
        "fact": fact_id(),
    }
    return render(request, "leads/unmerge.html", context)


@require_http_methods(["POST"])
@require("people.merge")
def settle(request: HttpRequest, person: int, dispute: int) -> HttpResponse:
    """Decide to whom a disputed identifier belongs."""
    found = person_now(person)
    open_one = get_object_or_404(Dispute, pk=dispute, settled_at=None)
    if found.id not in (person_now(open_one.person_id).id, person_now(open_one.claimed_by_id).id):
        return HttpResponseRedirect(reverse("leads:person", args=[found.id]))
    keeper = open_one.claimed_by_id if request.POST.get("to") == "claimed" else open_one.person_id
    props = {
        "identifier": open_one.identifier,
        "person": keeper,
        "evidence": "by_hand",
        "strength": int(Strength.BY_HAND),
    }
    undo = f"{reverse('leads:unsettle', args=[found.id, dispute])}?{urlencode({'fact': fact_id()})}"
    say(request, "identity_linked", keeper, props, done=_("Decided."), undo=undo)
    return back_to(request, found.id)


@require_http_methods(["POST"])
@require("people.merge")
def unsettle(request: HttpRequest, person: int, dispute: int) -> HttpResponse:
    """Take back how a dispute was decided: the identifier is the former holder's again, and both claim it."""
    found = person_now(person)
    settled = get_object_or_404(Dispute, pk=dispute)
    sides = settled.person_id, settled.claimed_by_id
    open_again = Dispute.objects.filter(identifier=settled.identifier, settled_at=None).exists()
    if found.id not in [person_now(each).id for each in sides]:
        return HttpResponseRedirect(reverse("leads:person", args=[found.id]))
    if open_again:
        toast(request, _("It is open already."))
        return back_to(request, found.id)
    props = {
        "identifier": settled.identifier,
        "person": settled.person_id,
        "evidence": "by_hand",
        "strength": int(Strength.BY_HAND),
        "reopens": {"person": sides[0], "claimed_by": sides[1], "evidence": settled.evidence},
    }
    say(request, "identity_linked", settled.person_id, props, done=_("The two claim it again."))
    return back_to(request, found.id)


def absorbed_called(person: int) -> str:
    """What somebody who was merged is called; who had no page of their own goes by their identifier."""
    row = Person.objects.filter(pk=person).first()
    if row is not None and (row.name or row.mail or row.phone):
        return called(row)
    held = Identifier.objects.filter(person_id=person).order_by("-strength").first()
    return identifier_called(held.identifier) if held else called(row or Person())


def _side(person: Person) -> dict[str, object]:
    """One of the two people as the preview shows them."""
    history = told(history_of(person.id))
    return {"person": person, "facts": len(history), "recent": _entries(history)[:5]}


def _entries(history: list[Event]) -> list[object]:
    return list(entries(history, (), definition()))


def _without_identifier(event: Event, since: int) -> bool:
    """Recorded in the app on the person's page after the two were joined: nothing in it says whose it is."""
    return event.identifier.startswith("person:") and event.at >= since
