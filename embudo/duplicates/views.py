"""The review of duplicates: look for them, join a pair, or say that they are two, of people and of companies."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from embudo.accounts.permissions import require
from embudo.duplicates.models import Pair, with_sides
from embudo.duplicates.search import KIND, whose_of
from embudo.duplicates.showing import lines, sides
from embudo.engines.likeness import Whose
from embudo.leads.views import company_joins
from embudo.leads.views.applying import fact_id, join_two
from embudo.ui.toasts import toast
from embudo.work.models import Job

SIZE = 20


@require_GET
@require("people.merge")
def pairs(request: HttpRequest, whose: str = Whose.PEOPLE) -> HttpResponse:
    """The most probable pairs nobody has decided on."""
    found = with_sides(Pair.open(whose)[:SIZE])
    context = {
        "whose": str(whose),
        "pairs": [(pair, sides(pair), lines(pair), fact_id()) for pair in found],
        "here": min(_place(request.GET.get("at", "")), len(found) - 1),
        "count": Pair.open(whose).count(),
        "last": next(_searches(whose), None),
    }
    return render(request, "duplicates/pairs.html", context)


@require_POST
@require("people.merge")
def search(request: HttpRequest, whose: str = Whose.PEOPLE) -> HttpResponse:
    """Ask for a search; who asks while one is under way sees that one."""
    running = next((job for job in _searches(whose) if not job.ended), None)
    job = running or Job.objects.create(kind=KIND, by=request.user, wants={"whose": str(whose)})
    return HttpResponseRedirect(reverse("work:job", args=[job.pk]))


@require_POST
@require("people.merge")
def join(request: HttpRequest, pair: int) -> HttpResponse:
    """Join the two: the person with more facts, or the company with more people, keeps the page."""
    found = _pair(pair)
    if found.left.merged_into_id is not None or found.right.merged_into_id is not None:
        toast(request, _("One of the two was joined with somebody meanwhile."))
    elif _joined(request, found):
        Pair.objects.filter(pk=pair).update(joined_at=timezone.now())
    return _back(request, found)


@require_POST
@require("people.merge")
def refuse(request: HttpRequest, pair: int) -> HttpResponse:
    """Keep that these are two."""
    found = _pair(pair)
    if found.refuse(by=request.user):
        one, other = sides(found)
        words = _("%(one)s and %(other)s stay two people.")
        if found.whose == Whose.COMPANIES:
            words = _("%(one)s and %(other)s stay two companies.")
        toast(request, words % {"one": one.name, "other": other.name}, undo=reverse("duplicates:reopen", args=[pair]))
    return _back(request, found)


@require_POST
@require("people.merge")
def reopen(request: HttpRequest, pair: int) -> HttpResponse:
    """Ask about a pair again."""
    found = _pair(pair)
    if found.reopen(by=request.user):
        toast(request, _("The pair is back in the list."))
    return _back(request, found)


def _pair(pair: int) -> Pair:
    """The pair, if both are there still."""
    found = with_sides([get_object_or_404(Pair, pk=pair)])
    if not found:
        raise Http404(_("One of the two is not there any more."))
    return found[0]


def _joined(request: HttpRequest, pair: Pair) -> bool:
    if pair.whose == Whose.PEOPLE:
        return join_two(request, *sorted((pair.left, pair.right), key=lambda each: (-each.events, each.created_at)))
    one, other = sides(pair)
    both = (pair.left, pair.right) if one.count >= other.count else (pair.right, pair.left)
    return company_joins.join_two(request, *both)


def _searches(whose: str) -> Any:
    """The searches among these, the last one first."""
    return (job for job in Job.objects.filter(kind=KIND).order_by("-id")[:50] if whose_of(job) == whose)


def _back(request: HttpRequest, pair: Pair) -> HttpResponse:
    """Lead back to the list, to the pair that has come into the place of this one."""
    address = reverse("duplicates:pairs" if pair.whose == Whose.PEOPLE else "duplicates:company_pairs")
    place = _place(request.POST.get("place", ""))
    return HttpResponseRedirect(f"{address}?at={place}" if place >= 0 else address)


def _place(text: str) -> int:
    """The place in the list that a form or an address names, -1 where it names none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else -1
