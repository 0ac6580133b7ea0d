"""One person: who they are, how they score and why, what they did, what they care about."""

from datetime import date
from typing import Any

from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from embudo.accounts.models import AuditEntry
from embudo.accounts.permissions import require
from embudo.core import scoring
from embudo.core.definition import Definition
from embudo.core.event import DAY, Event
from embudo.core.scoring import Explanation
from embudo.leads import files, score_history, tags, why
from embudo.leads.clock import end_of_day, now
from embudo.leads.history import counted
from embudo.leads.interests import interests
from embudo.leads.models import Dispute, Identifier, Merge, Person
from embudo.leads.naming import LOSSES, REJECTIONS, defined
from embudo.leads.opportunities import opportunities
from embudo.leads.pointers import members
from embudo.leads.queries import scores
from embudo.leads.story import Times, history_of
from embudo.leads.timeline import FAMILIES, entries, moves_of, owned_by
from embudo.leads.timeline import page as timeline_page
from embudo.leads.touch import is_outbound
from embudo.leads.views.applying import fact_id, list_left, of_person
from embudo.leads.views.identity import absorbed_called
from embudo.leads.views.profile import profile_card
from embudo.ui.figures import moment_of
from embudo.ui.stages import STAGES

TREND_DAYS = 90
TREND_STEPS = 46
TAGS_OFFERED = 200


@require_GET
@require("people.see")
@of_person
def page(request: HttpRequest, person: Person) -> HttpResponse:
    """The page of one person."""
    AuditEntry.saw(request.user, "person_opened", str(person), of=person.id)
    return shown(request, person)


def shown(request: HttpRequest, found: Person, *, status: int = 200, **typed: Any) -> HttpResponse:
    """Return the page of a person; `typed` is what a form of it held that was refused, and why."""
    at = now()
    history = history_of(found.id)
    times = Times(history)
    definition = scores.definition()
    explanation = scoring.explain(counted(history), definition, at)
    context = {
        **_scored(found, explanation, definition),
        **_timeline(request, found, history, definition, explanation),
        **_identity(found, times),
        "since_unknown": times.made_up_since(found.stage_since_at),
        "interests": interests(history),
        **profile_card(found, history),
        "opportunities": opportunities(history),
        "stages": STAGES,
        "users": get_user_model().objects.filter(is_active=True),
        "rejections": REJECTIONS,
        "losses": LOSSES,
        "fact": fact_id(),
        "back": list_left(request),
        **_touches(found),
        "files": files.of(members(found.id)),
        "files_largest_mb": files.LARGEST_MB,
        "files_taken": ",".join(f".{each}" for each in files.TYPES),
        "tags": tags.of([found.id]).get(found.id, []),
        "tags_used": tags.used(TAGS_OFFERED),
        **typed,
    }
    return render(request, "leads/person.html", context, status=status)


@require_GET
@require("people.see")
@of_person
def timeline(request: HttpRequest, person: Person) -> HttpResponse:
    """The timeline alone: another part of it, or what is older."""
    if not request.htmx:
        query = request.GET.urlencode()
        return HttpResponseRedirect(f"{reverse('leads:person', args=[person.id])}?{query}#_timeline")
    history = history_of(person.id)
    definition = scores.definition()
    explanation = scoring.explain(counted(history), definition, now())
    context = _timeline(request, person, history, definition, explanation)
    name = "leads/_entries.html" if request.GET.get("after") else "leads/_timeline.html"
    return render(request, name, {"person": person, **context})


@require_GET
@require("people.see")
@of_person
def why_page(request: HttpRequest, person: Person) -> HttpResponse:
    """Everything a score is made of, at any date."""
    present = now()
    at = min(_end_of_day(request.GET.get("on", "")) or present, present)
    definition = scores.definition()
    facts = counted(history_of(person.id, until=at))
    explanation = scoring.explain(facts, definition, at)
    told = why.why(explanation, definition)
    attributes = scores.attributes_at(facts, at)
    fit = scoring.fit(attributes, definition)
    context = {
        "person": person,
        "told": told,
        "at": at,
        "is_now": at == present,
        "on": moment_of(at).date().isoformat(),
        **_score_days(person, explanation, at, present),
        "fit": fit,
        "criteria": [(defined(each.name), each.points, each in fit.met) for each in definition.criteria],
        "against": defined(fit.disqualified_by or ""),
        "half_life_days": definition.half_life / DAY,
        "name": defined(definition.name),
    }
    return render(request, "leads/_why.html" if request.htmx else "leads/why.html", context)


def _score_days(person: Person, explanation: Explanation, at: int, present: int) -> dict[str, Any]:
    """The engagement day by day, with the day of the instant marked."""
    definition = scores.definition()
    if at != present:
        explanation = scoring.explain(counted(history_of(person.id)), definition, present)
    told = score_history.days(explanation, definition)
    chosen = moment_of(at).date() if at != present else None
    return {
        "chart": score_history.chart(told, definition, chosen),
        "score_days": score_history.turns(told),
        "back_days": score_history.BACK_DAYS,
    }


def _scored(person: Person, explanation: Explanation, definition: Definition) -> dict[str, Any]:
    """Score now, its reasons, its trend and when it will fall."""
    at = explanation.at
    told = why.why(explanation, definition)
    reasons, rest = why.reasons(told)
    curve = scores.curves([person]).get(person.id)
    line = _line(explanation.score, definition.promotion.engagement, definition.promotion.keeps)
    turn = curve.next_turn(line, at) if curve and line else None
    return {
        "person": person,
        "at": at,
        "engagement": explanation.score,
        "told": told,
        "reasons": reasons,
        "rest": rest,
        "parts": sum(not each.cut_by_limit for each in told.lines),
        "trend": why.trend(explanation, definition, start=at - TREND_DAYS * DAY, steps=TREND_STEPS),
        "trend_days": TREND_DAYS,
        "falls_below": line / 1000 if line else None,
        "falls_at": turn,
        "explanation": explanation,
        "definition": definition,
    }


def _line(score: float, *lines: int) -> int:
    """The highest line the score still reaches; 0 when it reaches none."""
    return max((line for line in lines if line and score >= line / 1000), default=0)


def _timeline(
    request: HttpRequest, person: Person, history: list[Event], definition: Definition, explanation: Explanation
) -> dict[str, Any]:
    people = members(person.id)
    found = entries(history, moves_of(people), definition, explanation, owned_by(people))
    family = request.GET.get("show", "")
    family = family if family in FAMILIES else ""
    shown, after = timeline_page(found, family=family, after=request.GET.get("after", ""))
    return {
        "entries": shown,
        "after": after,
        "family": family,
        "families": [each for each in FAMILIES if any(entry.family == each for entry in found)],
        "entries_in_all": len(found),
    }


def _touches(person: Person) -> dict[str, Any]:
    """The first and the last touch; the last only where it is another one."""
    first = (person.source, person.medium, person.campaign, person.landing_page)
    last = (person.last_source, person.last_medium, person.last_campaign, person.last_landing_page)
    names = ("source", "medium", "campaign", "landing_page")
    found = []
    if any(first):
        query = urlencode({"source": person.source or "-"})
        found.append({"label": _("First touch"), "query": query, **dict(zip(names, first, strict=True))})
    if any(last) and last != first:
        query = urlencode({"last.source": person.last_source})
        found.append({"label": _("Last touch"), "query": query, **dict(zip(names, last, strict=True))})
    return {"touches": found, "outbound": is_outbound(person.medium)}


def _identity(person: Person, times: Times) -> dict[str, Any]:
    ids = members(person.id)
    merges = Merge.objects.filter(survivor_id__in=ids, unmerged_at=None).order_by("-merged_at")
    identifiers = Identifier.objects.filter(person_id__in=ids).order_by("linked_at", "identifier")[:50]
    return {
        "identifiers": [(each, not times.made_up(each.linked_at)) for each in identifiers],
        "disputes": Dispute.objects.filter(person_id__in=ids, settled_at=None).select_related("claimed_by")[:10],
        "claims": Dispute.objects.filter(claimed_by_id__in=ids, settled_at=None).select_related("person")[:10],
        "merges": [
            (each, absorbed_called(each.absorbed_id), not times.made_up(each.merged_at)) for each in merges[:20]
        ],
    }


def _end_of_day(text: str) -> int | None:
    try:
        return end_of_day(date.fromisoformat(text))
    except (ValueError, OverflowError):
        return None
