"""How long facts stay: the page that shows what is held of each kind, previews a change and keeps it."""

import re
from collections.abc import Mapping
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
from embudo.ui import meanwhile
from embudo.ui.toasts import toast

FIELD = "days."
KIND = re.compile(r"[^\s=,]{1,200}")


@require_http_methods(["GET", "POST"])
@require("retention.edit")
def page(request: HttpRequest) -> HttpResponse:
    """Show the policy; a POST previews another one, or with `act=keep` keeps it."""
    config, settled = settings.EMBUDO, expiry.days_of(settings.EMBUDO)
    days, wrong = _typed(request.POST, settled) if request.method == "POST" else (settled, {})
    if request.method == "POST" and not wrong and not config.retention and request.POST.get("act") == "keep":
        retention.settle(config, days, by=request.user)
        toast(request, _("It is saved. Facts that are older leave within a day."))
        return redirect("privacy:retention")
    try:
        lines = retention.lines(the_log(), days, at=now())
    except LogUnavailable as error:
        return render(request, "privacy/retention.html", {"unavailable": str(error), "tab": "retention"}, status=503)
    return render(request, "privacy/retention.html", {
        "lines": [(line, _shown(request, line.kind, line.days, wrong), wrong.get(line.kind)) for line in lines],
        "other": _shown(request, EVERY_OTHER, days.get(EVERY_OTHER), wrong), "other_wrong": wrong.get(EVERY_OTHER),
        "leaving": sum(line.leaving for line in lines), "facts": sum(line.facts for line in lines),
        "by_operator": bool(config.retention), "previewed": request.method == "POST" and not wrong,
        "changed": days != settled, "shown": _as_drawn(settled), "tab": "retention",
        "failed_days": expiry.as_policy({}).failed_days,
    }, status=422 if wrong else 200)  # fmt: skip


def _typed(posted: QueryDict, settled: Mapping[str, int]) -> tuple[dict[str, int], dict[str, str]]:
    """The days by kind with what was typed, and what is wrong with that; what was left alone stays as it is settled."""
    days, drawn = dict(settled), _drawn(posted)
    wrong: dict[str, str] = {}
    for name, value in posted.items():
        kind, text = name.removeprefix(FIELD), str(value).strip()
        if not name.startswith(FIELD) or not KIND.fullmatch(kind) or kind in expiry.STAYING:
            continue
        if text and not (text.isascii() and text.isdecimal() and len(text) < 7 and 0 < int(text) <= expiry.MOST_DAYS):
            wrong[kind] = _("Write whole days, from 1 to %(most)s, or nothing.") % {"most": expiry.MOST_DAYS}
            continue
        typed = int(text) if text else None
        if drawn is not None and typed == drawn.get(kind):
            continue
        if drawn is not None and settled.get(kind) not in (drawn.get(kind), typed):
            wrong[kind] = meanwhile.changed_to(str(settled.get(kind, "")))
        days = {other: each for other, each in days.items() if other != kind} | ({kind: typed} if typed else {})
    return days, wrong


def _as_drawn(days: Mapping[str, int]) -> str:
    return ",".join(f"{kind}={number}" for kind, number in days.items())


def _drawn(posted: QueryDict) -> dict[str, int] | None:
    """The days that the page showed; None where it does not say."""
    if meanwhile.FIELD not in posted:
        return None
    pairs = (each.partition("=") for each in posted[meanwhile.FIELD].split(","))
    return {kind: int(number) for kind, _is, number in pairs if number.isascii() and number.isdecimal()}


def _shown(request: HttpRequest, kind: str, days: int | None, wrong: Mapping[str, str]) -> Any:
    """What stands in the field: what was typed where it cannot be used, else what holds."""
    held = "" if days is None else days
    return request.POST.get(FIELD + kind, held) if kind in wrong else held
