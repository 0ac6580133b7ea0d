"""The System page and the Failed events page."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from embudo.accounts.models import AuditEntry
from embudo.accounts.permissions import require
from embudo.collector.failure import origin_of
from embudo.core.event import Door
from embudo.eventlog import Failed, FailedState, LogUnavailable, shared_log
from embudo.leads.expiry import days_of
from embudo.operate import doctor, machine, replay
from embudo.operate.details import detail_of
from embudo.operate.finding import Grade
from embudo.operate.reasons import words_of
from embudo.operate.vitals import vitals
from embudo.ui.toasts import toast
from embudo.work.models import ENDED, Job

PAGE = 50


@require_GET
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the site answers; nothing else."""
    return HttpResponse("ok", content_type="text/plain")


@require("system.see")
@require_GET
def system(request: HttpRequest) -> HttpResponse:
    """Show the ledger, how far follow is behind, the disk and the versions; as a fragment only what changes."""
    try:
        now = vitals(settings.EMBUDO)
    except LogUnavailable as error:
        return render(request, "operate/system.html", {"unavailable": str(error)}, status=503)
    context: dict[str, Any] = {
        "vitals": now,
        "failed": _by_reason(now.ledger.failed_by_reason),
        "refused": _by_reason(now.ledger.refused),
        "retention": list(days_of(settings.EMBUDO).items()),
    }
    if request.headers.get("HX-Request") == "true":
        if request.GET.get("seen") == now.mark:
            return HttpResponse(status=204)
        return render(request, "operate/_vitals.html", context)
    findings = doctor.examine(settings.EMBUDO, doctor.QUICK)
    context["findings"] = [each for each in findings if each.grade is not Grade.GOOD]
    context["versions"] = [line.rsplit(" ", 1) for line in machine.version_lines()]
    return render(request, "operate/system.html", context)


@require("failed_events.see")
@require_GET
def failed_events(request: HttpRequest) -> HttpResponse:
    """List failed events, newest first, those of one reason or state when asked."""
    record = shared_log(settings.EMBUDO)
    reason, state = request.GET.get("reason", ""), request.GET.get("state", FailedState.OPEN.value)
    before = request.GET.get("before", "")
    older = int(before) if before.isdecimal() and len(before) < 19 else None
    rows = record.failed(limit=PAGE + 1, before=older, reason=reason, state=state)
    shown = rows[:PAGE]
    context = {
        "rows": [_shown(each) for each in shown],
        "reasons": _by_reason(_counts(record.failed_counts(), state)),
        "reason": reason,
        "reason_words": words_of(reason) if reason else None,
        "state": state,
        "may_replay": request.user.may("failed_events.replay"),
        "states": _states(),
        "page": {"next": _older(reason, state, shown[-1].number) if len(rows) > PAGE else ""},
    }
    return render(request, "operate/failed_events.html", context)


@require("failed_events.see")
@require_GET
def failed_event(request: HttpRequest, number: int) -> HttpResponse:
    """Show one failed event: why, what came, what became of it since."""
    event = _found(number)
    context = {
        "event": _shown(event),
        "body": _readable(event.body),
        "may_replay": request.user.may("failed_events.replay"),
        "may_dismiss": request.user.may("failed_events.dismiss"),
        "taken_in": event.state is FailedState.REPLAYED,
    }
    return render(request, "operate/failed_event.html", context)


@require("failed_events.replay")
@require_POST
def replay_one(request: HttpRequest, number: int) -> HttpResponse:
    """Take one failed event in again."""
    _tell(request, replay.replay(settings.EMBUDO, [_found(number)], by=request.user.get_username()))
    return redirect("operate:failed_event", number=number)


@require("failed_events.dismiss")
@require_POST
def dismiss(request: HttpRequest, number: int) -> HttpResponse:
    """Settle a failed event without taking anything of it in: nobody will mend it."""
    event = _found(number)
    if shared_log(settings.EMBUDO).dismiss(number, by=request.user.get_username()):
        AuditEntry.record(request.user, "failed_event_dismissed", about=f"{number} ({event.reason})")
        toast(request, _("Dismissed: it counts as failed and waits for nobody."))
    return redirect("operate:failed_event", number=number)


@require("failed_events.replay")
@require_POST
def replay_all(request: HttpRequest) -> HttpResponse:
    """Ask that all open failed events of one reason are taken in again; who asks twice sees the first work go on."""
    reason = request.POST.get("reason", "")
    if reason not in {each for each, _state in shared_log(settings.EMBUDO).failed_counts()}:
        raise Http404
    open_already = Job.objects.exclude(state__in=ENDED).filter(kind="replay", wants__reason=reason)
    job = open_already.first() or Job.objects.create(
        kind="replay",
        by=request.user,
        wants={"reason": reason, "by": request.user.get_username()},
    )
    return redirect("work:job", job.pk)


def _tell(request: HttpRequest, outcome: replay.Outcome) -> None:
    if outcome.kept:
        words = ngettext("%(n)d event was taken in", "%(n)d events were taken in", outcome.kept) % {"n": outcome.kept}
        toast(request, words)
    if outcome.still_failing:
        words = ngettext(
            "%(n)d event still fails; it stays here", "%(n)d events still fail; they stay here", outcome.still_failing
        )
        toast(request, words % {"n": outcome.still_failing}, failed=True)
    if not outcome.kept and not outcome.still_failing:
        toast(request, _("There was nothing to take in again."))


def _found(number: int) -> Failed:
    rows = shared_log(settings.EMBUDO).failed(limit=1, before=number + 1) if number < 2**62 else []
    if not rows or rows[0].number != number:
        raise Http404
    return rows[0]


def _shown(event: Failed) -> dict[str, Any]:
    origin = origin_of(event.detail)
    return {
        "event": event,
        "words": words_of(event.reason),
        "origin": origin,
        "detail": detail_of(origin.detail),
        "door": _("a public key") if origin.door is Door.PUBLIC else _("a secret key"),
        "start": event.body[:160].decode(errors="replace"),
        "open": event.state is FailedState.OPEN,
    }


def _readable(body: bytes) -> str:
    """Return a body for reading: indented when it is JSON, else as it came."""
    try:
        text = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
        text.encode()  # JSON may hold half a sign, which no page can
        return text
    except (ValueError, RecursionError):
        return body.decode(errors="backslashreplace")


def _by_reason(counts: Mapping[str, int]) -> list[tuple[str, Any, int]]:
    rows = [(reason, words_of(reason), count) for reason, count in counts.items()]
    return sorted(rows, key=lambda row: -row[2])


def _counts(counts: Mapping[tuple[str, FailedState], int], state: str) -> Mapping[str, int]:
    """Return how many failed events there are of each reason, those of a state when one is given."""
    total: Counter[str] = Counter()
    for (reason, its), count in counts.items():
        total[reason] += count if state in ("", its) else 0
    return +total


def _states() -> list[tuple[str, str]]:
    return [
        (FailedState.OPEN.value, _("Open")),
        (FailedState.REPLAYED.value, _("Taken in later")),
        (FailedState.DISMISSED.value, _("Dismissed")),
        ("", _("All")),
    ]


def _older(reason: str, state: str, before: int) -> str:
    return "?" + urlencode({"reason": reason, "state": state, "before": before})
