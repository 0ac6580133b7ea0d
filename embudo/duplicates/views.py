"""The review of duplicates: look for them, join a pair, or say that they are two people."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from embudo.accounts.permissions import require
from embudo.duplicates.models import Pair
from embudo.duplicates.search import KIND
from embudo.duplicates.showing import lines
from embudo.leads.templatetags.leads import called
from embudo.leads.views.applying import fact_id, join_two
from embudo.ui.toasts import toast
from embudo.work.models import ENDED, Job

SIZE = 20


@require_GET
@require("people.merge")
def pairs(request: HttpRequest) -> HttpResponse:
    """The most probable pairs nobody has decided on."""
    found = list(Pair.open().select_related("left__owner", "right__owner", "left__company", "right__company")[:SIZE])
    context = {
        "pairs": [(pair, lines(pair), fact_id()) for pair in found],
        "count": Pair.open().count(),
        "last": Job.objects.filter(kind=KIND).order_by("-id").first(),
    }
    return render(request, "duplicates/pairs.html", context)


@require_POST
@require("people.merge")
def search(request: HttpRequest) -> HttpResponse:
    """Ask for a search; who asks while one is under way sees that one."""
    running = Job.objects.exclude(state__in=ENDED).filter(kind=KIND).first()
    job = running or Job.objects.create(kind=KIND, by=request.user)
    return HttpResponseRedirect(reverse("work:job", args=[job.pk]))


@require_POST
@require("people.merge")
def join(request: HttpRequest, pair: int) -> HttpResponse:
    """Join the two: the one with more facts keeps the page."""
    found = get_object_or_404(Pair.objects.select_related("left", "right"), pk=pair)
    if found.left.merged_into_id is not None or found.right.merged_into_id is not None:
        toast(request, _("One of the two was joined with somebody meanwhile."))
    else:
        people = sorted((found.left, found.right), key=lambda person: (-person.events, person.created_at))
        if join_two(request, *people):
            Pair.objects.filter(pk=pair).update(joined_at=timezone.now())
    return _back(request)


@require_POST
@require("people.merge")
def refuse(request: HttpRequest, pair: int) -> HttpResponse:
    """Keep that these are two people."""
    found = get_object_or_404(Pair.objects.select_related("left", "right"), pk=pair)
    if found.refuse(by=request.user):
        names = {"one": called(found.left), "other": called(found.right)}
        words = _("%(one)s and %(other)s stay two people.") % names
        toast(request, words, undo=reverse("duplicates:reopen", args=[pair]))
    return _back(request)


@require_POST
@require("people.merge")
def reopen(request: HttpRequest, pair: int) -> HttpResponse:
    """Ask about a pair again."""
    if get_object_or_404(Pair, pk=pair).reopen(by=request.user):
        toast(request, _("The pair is back in the list."))
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(reverse("duplicates:pairs"))
