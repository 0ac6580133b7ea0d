"""What comes in right now: a site's newest events, and the wait for the first one."""

from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from embudo.accounts.permissions import require
from embudo.capture import examples, feed
from embudo.capture.models import Site
from embudo.capture.sight import sights
from embudo.eventlog import shared_log
from embudo.eventlog.cursor import Cursor

SHOWN = 50
FRESH = 12  # of one second: more nobody can read


@require("sites.see")
@require_GET
def site(request: HttpRequest, public_id: str) -> HttpResponse:
    """The newest events; of a site that was not heard of lately also what it sent first after it was made."""
    known = get_object_or_404(Site, public_id=public_id)
    log = shared_log(settings.EMBUDO)
    seen = feed.newest(log, public_id, limit=SHOWN)
    begun = bool(seen.events)
    if not begun:
        long_ago = feed.first(log, public_id, Cursor.from_text(known.born_at_cursor), limit=1)
        begun = bool(long_ago.events)
        seen = seen if begun else long_ago  # from where the wait reads on
    shown: dict[str, Any] = {"site": known, "tab": "live", "begun": begun, **_seen(seen)}
    if not begun and known.public_key:
        shown["snippet"] = examples.snippet(settings.EMBUDO, known.public_key.text)
    return render(request, "capture/site.html", shown)


@require("sites.see")
@require_GET
def live(request: HttpRequest, public_id: str) -> HttpResponse:
    """The fragment asked for every second: 204 while the log stands still; the wait turns into the list by itself."""
    known = get_object_or_404(Site, public_id=public_id)
    after, waits = _cursor(request.GET.get("after", "")), "waiting" in request.GET
    look, limit = (feed.first, SHOWN) if waits else (feed.since, FRESH)
    seen = look(shared_log(settings.EMBUDO), public_id, after, limit=limit)
    if seen.cursor == after:
        return HttpResponse(status=204)
    shown = {"site": known, "fresh": True, "begun": bool(seen.events) or not waits, **_seen(seen)}
    if waits and seen.events:
        response = render(request, "capture/_live.html", shown)
        response["HX-Retarget"] = "#live"
        return response
    return render(request, "capture/_live_more.html", shown)


def _seen(seen: feed.Feed) -> dict[str, Any]:
    return {
        "events": sights(seen.events),
        "cursor": seen.cursor.to_text(),
        "more": seen.more,
        "unread": seen.unread,
    }


def _cursor(text: str) -> Cursor:
    try:
        return Cursor.from_text(text)
    except ValueError as error:
        raise BadRequest(_("This page's address is damaged; load it again.")) from error
