"""Companies: their list, and the page of one with its people, what they did last and what is open."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from embudo.accounts.permissions import require
from embudo.core.event import Event
from embudo.core.funnel import STAGES
from embudo.leads import cells, columns, free_mail, opportunities, owners, rollup, story
from embudo.leads.clock import now
from embudo.leads.models import Company, Person
from embudo.leads.queries import people, scores
from embudo.leads.queries.companies import ORDERS, Asked, staff
from embudo.leads.showing import BadValue
from embudo.leads.timeline import Entry, entries
from embudo.leads.views.applying import fact_id
from embudo.leads.views.company_joins import company_now, company_of, joins_of
from embudo.ui import figures, keyset
from embudo.ui.stages import stage_of
from embudo.ui.templatetags.ui import instant
from embudo.ui.templatetags.ui import stage as stage_badge
from embudo.ui.toasts import toast

SIZE = 50
MOST_COUNTED = 5_000  # people of the companies of a page that are counted anew; beyond, what is kept is shown
SHOWN = 25  # people on the page of a company
TOLD = 6  # of whom the last facts are shown
DEALING = 10  # of whom opportunities are read
RECENT = 15  # facts
COLUMNS = [each for each in columns.COLUMNS if each.key in ("stage", "fit", "engagement", "seen")]


@dataclass(frozen=True, slots=True)
class Row:
    """One company as the list shows it, written here and not in the template because a page has fifty of them."""

    key: str  # the id as addresses write it
    name: str
    domain: str
    people: str
    count: int  # of people
    stage: str
    fit: str
    engagement: str
    seen: str
    owner: str


@dataclass(frozen=True, slots=True)
class Told:
    """A fact of somebody who works there."""

    person: Person
    entry: Entry


@require_GET
@require("people.see")
def company_list(request: HttpRequest) -> HttpResponse:
    """One page of the list; asked by htmx, only its rows."""
    asked = Asked.read(request.GET)
    page = keyset.page(request, asked.companies().select_related("owner"), order=asked.order, size=SIZE)
    base = [pair for pair in asked.query if pair[0] != "sort"]
    context = {
        "asked": asked,
        "rows": _rows(page.rows),
        "page": page,
        "sorts": [(label, _address(base, key), key == asked.sort) for key, (label, _order) in ORDERS.items()],
        "sort_label": ORDERS[asked.sort][0],
        "stages": [(code, stage_of(code).label) for code in STAGES],
        "users": get_user_model().objects.filter(is_active=True),
        "free_mail": sorted(free_mail.own()) if request.user.may("free_mail.edit") else (),
        "nonsense": _nonsense(request, asked),
    }
    return render(request, "leads/_companies.html" if request.htmx else "leads/companies.html", context)


@require_GET
@require("people.see")
def page(request: HttpRequest, company: int) -> HttpResponse:
    """The page of one company; one that was joined with another leads to that one's."""
    found = company_of(company)
    if found.merged_into is not None:
        toast(request, _("%(name)s was joined with %(other)s.") % {"name": found, "other": found.merged_into})
        return redirect("leads:company", found.merged_into.pk)
    engaged = staff(found, people.SORTS["engagement"], most=SHOWN)
    lately = staff(found, people.SORTS["seen"], most=TOLD)
    dealing = staff(found, people.SORTS["seen"], most=DEALING, stages=STAGES[4:])
    rows = Person.objects.select_related("company", "owner").defer("attributes", "search")
    there = rows.in_bulk({*engaged, *lately, *dealing})
    shown, *telling = ([there[each] for each in ids if each in there] for ids in (engaged, lately, dealing))
    told, deals = _told(*telling)
    rolled = rollup.of([found.pk]).get(found.pk, rollup.NOBODY)
    context = {
        "company": found,
        "rolled": rolled,
        "stage": _stage(rolled),
        "rows": cells.rows(shown, COLUMNS, scores.now_of(shown, now())),
        "columns": COLUMNS,
        "more": rolled.people - len(shown),
        "told": told,
        "deals": deals,
        "deals_filled": opportunities.filled(),
        "users": get_user_model().objects.filter(is_active=True),
        "facts_of": sorted(found.attributes.items()) if isinstance(found.attributes, dict) else [],
        "fact": fact_id(),
        **joins_of(found),
    }
    return render(request, "leads/company.html", context)


@require_POST
@require("people.edit")
def owner(request: HttpRequest, company: int) -> HttpResponse:
    """Give the company to somebody who works here, or to nobody."""
    found = company_now(company)
    try:
        chosen = owners.chosen(request.POST.get("owner", request.GET.get("owner")))
    except BadValue as error:
        toast(request, str(error), failed=True)
        return redirect("leads:company", found.pk)
    if owners.decided_anew(request.POST.get("before", request.GET.get("before")), found.owner_id, chosen):
        toast(request, owners.meanwhile(str(found), found.owner), failed=True)
        return redirect("leads:company", found.pk)
    undo = f"{reverse('leads:company_owner', args=[found.pk])}?{owners.back(found.owner_id, chosen)}"
    owners.give_company(found, chosen, by=request.user)
    words = _("%(name)s belongs to %(owner)s now.") if chosen else _("%(name)s belongs to nobody now.")
    toast(request, words % {"name": found, "owner": chosen}, undo=undo)
    return redirect("leads:company", found.pk)


def _rows(found: list[Company]) -> list[Row]:
    few = sum(each.people_count for each in found) <= MOST_COUNTED
    fresh = rollup.of([each.pk for each in found]) if few else {}
    kept = {each.pk: _kept(each) for each in found}
    stages = {code: stage_badge(code) for code in STAGES} | {"": ""}
    return [_row(each, fresh.get(each.pk, kept[each.pk]), stages) for each in found]


def _row(company: Company, rolled: rollup.Rolled, stages: Mapping[str, str]) -> Row:
    return Row(
        key=str(company.pk),
        name=str(company),
        domain=company.domain if company.domain != company.name else "",
        people=figures.number(rolled.people),
        count=rolled.people,
        stage=stages[_stage(rolled)],
        fit=figures.number(rolled.fit),
        engagement=figures.number(rolled.engagement, 1),
        seen=instant(rolled.last_seen_at),
        owner=str(company.owner or figures.NONE),
    )


def _kept(company: Company) -> rollup.Rolled:
    return rollup.Rolled(company.people_count, company.engagement_order, None, company.last_seen_at, company.rank)


def _stage(rolled: rollup.Rolled) -> str:
    return STAGES[rolled.rank] if rolled.rank >= 0 else ""


def _told(lately: list[Person], dealing: list[Person]) -> tuple[list[Told], list[tuple[Person, Any]]]:
    """The last facts of who was seen last, and the open opportunities of those who have come so far."""
    histories = story.histories_of({each.id for each in lately})
    dealt = opportunities.of([each.id for each in dealing])
    whose = {event.key: each for each in lately for event in _latest(histories[each.id])}
    facts = [event for each in lately for event in _latest(histories[each.id])]
    found = entries(facts, (), scores.definition())
    told = [Told(whose[entry.event.key], entry) for entry in found if entry.event and entry.event.key in whose]
    deals = [(each, deal) for each in dealing for deal in dealt.get(each.id, ()) if deal.status == "open"]
    return told[:RECENT], deals


def _latest(history: list[Event]) -> list[Event]:
    return sorted(history, key=lambda event: event.order)[-RECENT * 2 :]


def _nonsense(request: HttpRequest, asked: Asked) -> bool:
    """Whether the address holds a filter that was left out because it makes no sense."""
    given = (("stage", asked.stage), ("owner", asked.owner), ("sort", asked.sort))
    return any(request.GET.get(name) and request.GET[name] != read for name, read in given)


def _address(base: list[tuple[str, str]], sort: str) -> str:
    query = urlencode([*base, *([("sort", sort)] if sort != "engagement" else [])])
    return f"{reverse('leads:companies')}?{query}" if query else reverse("leads:companies")
