"""The funnel: the home page, and the part of it that is asked for again each second."""

from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_GET

from embudo.accounts.permissions import require
from embudo.core.funnel import Step
from embudo.eventlog import FailedState, LogUnavailable
from embudo.leads.models import LISTED, Person, Rebuild, StageChange
from embudo.leads.record import the_log
from embudo.reports import live, period, shape
from embudo.reports.funnel import Origin, entered, funnel, origins
from embudo.reports.period import Period
from embudo.reports.weeks import weeks

KEPT_S = 60


@dataclass(frozen=True, slots=True)
class Counted:
    """The funnel of a period, who entered each stage in the one before, and the state of the tables that this tells.

    `before` is None when nothing was recorded then: there is nothing to compare with.
    """

    period: Period
    steps: list[Step]
    before: list[int] | None
    origins: list[Origin]
    token: str


@require_GET
@require("funnel.see")
def home(request: HttpRequest) -> HttpResponse:
    """The funnel page; asked by htmx, only the live part."""
    at = live.now()
    wanted = period.chosen(request.GET, at)
    mark = live.token(at)
    if request.GET.get("seen") == mark:
        return HttpResponse(status=204)
    counted = _counted(wanted, mark)
    moves_today, visitors_today = live.today(at)
    context: dict[str, Any] = {
        "period": wanted,
        "understood": period.understood(request.GET, wanted),
        "rolling": period.ROLLING,
        "token": counted.token,
        "columns": shape.columns(counted.steps, counted.before, counted.period),
        "compared": counted.before is not None,
        "origins": shape.rows(counted.origins, counted.period),
        "moved": live.moved_last(at),
        "moves_today": moves_today,
        "visitors_today": visitors_today,
        "waiting": Person.objects.filter(LISTED, handoff_ready=True).count(),
        **_failed(request),
        "empty": not any(step.population or step.entered for step in counted.steps),
        "nobody": not StageChange.objects.exists(),
        "rebuild": Rebuild.objects.filter(finished_at=None).exists(),
        "now": counted.period.end,
    }
    if request.htmx:
        return render(request, "reports/_funnel.html", context)
    by_week = weeks(wanted)
    return render(request, "reports/funnel.html", {**context, "weeks": by_week, "charts": list(by_week.charts())})


def _counted(wanted: Period, mark: str) -> Counted:
    """The counts of a period, kept until somebody moves or the minute is over."""
    key = f"funnel:{wanted.key}:{wanted.start if not wanted.days else ''}"
    kept: Counted | None = cache.get(key)
    if kept is not None and kept.token == mark:
        return kept
    before = entered(wanted.before) if wanted.before else []
    fresh = Counted(wanted, funnel(wanted), before if any(before) else None, origins(wanted), mark)
    cache.set(key, fresh, KEPT_S)
    return fresh


def _failed(request: HttpRequest) -> dict[str, Any]:
    """How many failed events wait, for those who may see them, and where."""
    if not request.user.may("failed_events.see"):
        return {"failed": 0}
    try:
        counts = the_log().failed_counts()
        address = reverse("operate:failed_events")
    except (LogUnavailable, NoReverseMatch):
        return {"failed": 0}
    return {
        "failed": sum(n for (_reason, state), n in counts.items() if state is FailedState.OPEN),
        "failed_url": address,
    }
