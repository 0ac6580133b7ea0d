"""How long facts stay: the page that shows what is held of each kind, previews a change and keeps it."""

import re
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from embudo.accounts.permissions import require
from embudo.eventlog import LogUnavailable
from embudo.leads import expiry
from embudo.leads.clock import now
from embudo.leads.record import the_log
from embudo.privacy import retention
from embudo.setting_text import EVERY_OTHER
from embudo.ui.toasts import toast

FIELD = "days."
KIND = re.compile(r"[^\s=,]{1,200}")


@require_http_methods(["GET", "POST"])
@require("retention.edit")
def page(request: HttpRequest) -> HttpResponse:
    """Show the policy; a POST previews another one, or with `act=keep` keeps it."""
    config, settled = settings.EMBUDO, expiry.days_of(settings.EMBUDO)
    days, wrong = _typed(request.POST) if request.method == "POST" else (settled, {})
    if request.method == "POST" and not wrong and not config.retention and request.POST.get("act") == "keep":
        retention.settle(config, days, by=request.user)
        toast(request, _("It is saved. Facts that are older leave within a day."))
        return redirect("privacy:retention")
    try:
        lines = retention.lines(the_log(), days, at=now())
    except LogUnavailable as error:
        return render(request, "privacy/retention.html", {"unavailable": str(error), "tab": "retention"}, status=503)
    return render(request, "privacy/retention.html", {
        "lines": [(line, _shown(request, line.kind, line.days), wrong.get(line.kind)) for line in lines],
        "other": _shown(request, EVERY_OTHER, days.get(EVERY_OTHER)), "other_wrong": wrong.get(EVERY_OTHER),
        "leaving": sum(line.leaving for line in lines), "facts": sum(line.facts for line in lines),
        "by_operator": bool(config.retention), "previewed": request.method == "POST" and not wrong,
        "changed": days != settled, "failed_days": expiry.as_policy({}).failed_days, "tab": "retention",
    }, status=422 if wrong else 200)  # fmt: skip


def _typed(posted: QueryDict) -> tuple[dict[str, int], dict[str, str]]:
    """The days that were typed by kind, and what is wrong with those that cannot be used."""
    days: dict[str, int] = {}
    wrong: dict[str, str] = {}
    for name, value in posted.items():
        kind, text = name.removeprefix(FIELD), str(value).strip()
        if not name.startswith(FIELD) or not KIND.fullmatch(kind) or not text or kind in expiry.STAYING:
            continue
        if text.isascii() and text.isdecimal() and len(text) < 7 and 0 < int(text) <= expiry.MOST_DAYS:
            days[kind] = int(text)
        else:
            wrong[kind] = _("Write whole days, from 1 to %(most)s, or nothing.") % {"most": expiry.MOST_DAYS}
    return days, wrong


def _shown(request: HttpRequest, kind: str, days: int | None) -> Any:
    """What stands in the field: what was typed, else what holds."""
    return request.POST.get(FIELD + kind, "" if days is None else days)
