"""What was and will be told to one webhook: the log of deliveries, one of them with its tries, a test, replays."""

from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from embudo import pulse
from embudo.accounts.models import AuditEntry
from embudo.accounts.permissions import require
from embudo.doors.hooks import send
from embudo.doors.hooks.gather import delivery_of
from embudo.doors.hooks.kinds import TEST, called
from embudo.doors.hooks.news import News, key_of, whose
from embudo.doors.models import Delivery, Endpoint
from embudo.doors.views.webhooks import endpoint, shown_once, waiting
from embudo.leads.clock import now
from embudo.ui import keyset
from embudo.ui.toasts import toast

SIZE = 40


@never_cache
@require("webhooks.edit")
@require_GET
def webhook(request: HttpRequest, pk: int) -> HttpResponse:
    """The page of one webhook."""
    found = endpoint(pk)
    context = {**_log(request, found), "secret": shown_once(request, found), "tab": "log", "runs": _runs()}
    return render(request, "doors/webhook.html", context)


@require("webhooks.edit")
@require_GET
def log(request: HttpRequest, pk: int) -> HttpResponse:
    """The rows alone, for a page that is open; nothing when nothing is new."""
    if not request.htmx:
        return redirect("doors:webhook", pk)
    context = _log(request, endpoint(pk))
    if request.GET.get("seen") == context["mark"]:
        return HttpResponse(status=204)
    return render(request, "doors/_log.html", context)


def _log(request: HttpRequest, found: Endpoint) -> dict[str, object]:
    state = request.GET.get("state", "")
    rows = found.deliveries.all()
    if state in Delivery.State.values:
        rows = rows.filter(state=state)
    page = keyset.page(request, rows, order=("-created_at", "-id"), size=SIZE)
    last = {each.pk: each.log.first() for each in page.rows}
    shown = [(each, called(each.kind), last[each.pk]) for each in page.rows]
    mark = key_of(*((each.pk, each.state, each.attempts) for each in page.rows), found.failures, found.paused_at)
    page = keyset.Page(page.rows, _on_page(request, found, page.next), _on_page(request, found, page.previous))
    return {
        "endpoint": found, "page": page, "rows": shown, "state": state, "states": Delivery.State.choices,
        "waiting": waiting(found), "mark": mark, "first": not request.GET.keys() & {"after", "before"},
    }  # fmt: skip


def _on_page(request: HttpRequest, found: Endpoint, address: str) -> str:
    """A neighbour's address, which leads to the whole page wherever the rows were asked for."""
    query = QueryDict(address.partition("?")[2], mutable=True)
    query.pop("seen", None)
    return f"{reverse('doors:webhook', args=[found.pk])}?{query.urlencode()}" if address else ""


def _runs() -> bool:
    """Whether the process that sends runs on this machine; on the server shape it may run on another."""
    here = [each.name for each in pulse.processes(settings.EMBUDO) if each.lives]
    return "deliver" in here or not settings.EMBUDO.embedded


@require("webhooks.edit")
@require_GET
def delivery(request: HttpRequest, pk: int, delivery: int) -> HttpResponse:
    """One delivery with everything that was tried."""
    found = get_object_or_404(Delivery, pk=delivery, endpoint=endpoint(pk))
    context = {
        "endpoint": found.endpoint, "delivery": found, "what": called(found.kind), "log": found.log.all(),
        "person": None if found.subject is None else whose(found.subject),
    }  # fmt: skip
    return render(request, "doors/delivery.html", context)


@require("webhooks.edit")
@require_POST
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell the webhook a test, signed and sent like everything else."""
    found = endpoint(pk)
    told = {"words": "This is a test.", "by": str(request.user)}
    delivery_of(News(TEST, key_of("test", uuid4()), now(), now(), None, told), found).save()
    if found.live:
        toast(request, _("A test is on its way; it appears here."))
    else:
        toast(request, _("A test waits until the webhook is resumed."))
    return redirect("doors:webhook", pk)


@require("webhooks.edit")
@require_POST
def replay(request: HttpRequest, pk: int, delivery: int) -> HttpResponse:
    """Send one delivery again, with the same id."""
    found = get_object_or_404(Delivery, pk=delivery, endpoint=endpoint(pk))
    _again(request, found.endpoint, Delivery.objects.filter(pk=found.pk))
    return redirect("doors:delivery", pk, delivery)


@require("webhooks.edit")
@require_POST
def replays(request: HttpRequest, pk: int) -> HttpResponse:
    """Send those of a span again: all that were given up, or all that happened from one instant to another."""
    found = endpoint(pk)
    rows = found.deliveries.filter(state__in=(Delivery.State.FAILED, Delivery.State.DELIVERED))
    if request.POST.get("which") == "failed":
        rows = rows.filter(state=Delivery.State.FAILED)
    start, end = _instant(request.POST.get("from", "")), _instant(request.POST.get("to", ""))
    if request.POST.get("which") != "failed" and (start is None or end is None or end < start):
        toast(request, _("Give both instants, the earlier one first, such as 2026-03-02T09:00."), failed=True)
        return redirect("doors:webhook", pk)
    if start is not None and end is not None:
        rows = rows.filter(created_at__gte=start, created_at__lt=end + timedelta(minutes=1))
    _again(request, found, rows)
    return redirect("doors:webhook", pk)


def _again(request: HttpRequest, found: Endpoint, wanted: QuerySet[Delivery]) -> None:
    count = send.again(wanted)
    if not count:
        toast(request, _("There is nothing to send again: what waits already is sent by itself."), failed=True)
        return
    AuditEntry.record(request.user, "webhook_replayed", found.name, count=count)
    words = ngettext("%(n)d delivery is sent again.", "%(n)d deliveries are sent again.", count)
    toast(request, words % {"n": count})


def _instant(text: str) -> datetime | None:
    """An instant as a browser's field writes it, in the reader's zone."""
    try:
        found = parse_datetime(text)
        return timezone.make_aware(found) if found and timezone.is_naive(found) else found
    except (ValueError, OverflowError):
        return None
