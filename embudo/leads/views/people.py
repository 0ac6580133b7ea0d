"""The people list: search, filters that read as a sentence, orders, columns, and rows that unfold."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from embudo.accounts.entering import on_this_site
from embudo.accounts.permissions import require
from embudo.core.funnel import DISCARDED, STAGES
from embudo.leads import cells, columns, tags
from embudo.leads.clock import now
from embudo.leads.models import Attribute, Person, SavedView
from embudo.leads.naming import label_of, option_label, source_called
from embudo.leads.purposes import purposes
from embudo.leads.queries import asked, choices, people, scores
from embudo.leads.queries.filters import Filter
from embudo.leads.timeline import latest
from embudo.leads.views import saved
from embudo.leads.views.applying import fact_id
from embudo.ui.stages import stage_of

RECENT = 5
SEEN_DAYS = (1, 7, 30, 90)
UNSEEN_DAYS = (30, 90, 180)
TAGS_OFFERED = 40
TOUCHED = {
    "medium": gettext_lazy("Medium of the first touch"),
    "campaign": gettext_lazy("Campaign of the first touch"),
    "last.source": gettext_lazy("Source of the last touch"),
    "last.medium": gettext_lazy("Medium of the last touch"),
    "last.campaign": gettext_lazy("Campaign of the last touch"),
}

CONSENTS = {
    "given": gettext_lazy("agree"),
    "withdrawn": gettext_lazy("withdrew or refused"),
    "unsaid": gettext_lazy("never said yes or no"),
}


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter as it is read and taken away."""

    words: str
    without: str


@dataclass(frozen=True, slots=True)
class Head:
    """One column's head: where it leads to sort by it, and how it is sorted now."""

    column: columns.Column
    address: str = ""
    sorted: str = ""  # ascending, descending or nothing


@require_GET
@require("people.see")
def people_list(request: HttpRequest) -> HttpResponse:
    """One page of the list; asked by htmx, only its rows and what stands above them."""
    wanted, view = asked.read(request.GET), saved.of(request)
    sort = people.sort_of(request.GET.get("sort", ""), wanted)
    after, before = (_position(request, name, sort) for name in ("after", "before"))
    page = people.page(wanted, sort, after=after, before=before)
    shown = _shown(page.ids)
    at = now()
    base = [*asked.address(wanted), *saved.address(view)]
    shown_columns = columns.chosen(request, view)
    context: dict[str, Any] = {
        "filters": wanted,
        "chips": [_chip(each, wanted, sort, view) for each in wanted],
        "typed": next((each.typed for each in wanted if each.key == "q"), ""),
        "kept": [pair for pair in base if pair[0] != "q"],
        "query": _query(base, sort),
        "sort": sort,
        "sorts": [(each.label, _address(base, each), each.key == sort.key) for each in people.SORTS.values()],
        "turned": _address(base, sort.turn()),
        "rows": cells.rows(shown, shown_columns, scores.now_of(shown, at), _tags(shown_columns, page.ids)),
        "columns": shown_columns,
        "heads": [_head(each, base, sort) for each in shown_columns],
        "name_head": _head(columns.Column("name", _("Name"), "name"), base, sort),
        "all_columns": columns.COLUMNS,
        "next": _address(base, sort, after=page.after) if page.after else "",
        "previous": _address(base, sort, before=page.before) if page.before else "",
        "unfinished": page.unfinished,
        "ordered_at": scores.snapshot_at() if sort.key == "engagement" else None,
        "unread": _unread(request, wanted),
        "first": after is None and before is None,
        "here": _address(base, sort) if request.htmx else request.get_full_path(),  # where the browser is
        **_acting(request),
        **saved.context(request, view, query=_query(asked.address(wanted), sort), columns=shown_columns),
    }
    return render(request, "leads/_people.html" if request.htmx else "leads/people.html", context)


@require_GET
@require("people.see")
def people_count(request: HttpRequest) -> HttpResponse:
    """How many people the filters leave; asked for after the rows, and never fewer than those that are `shown`."""
    counted, shown = people.count(asked.read(request.GET)), request.GET.get("shown", "")
    least = min(int(shown), people.SIZE) if shown.isascii() and shown.isdecimal() and len(shown) < 6 else 0
    number = max(counted.number, least)
    return render(request, "leads/_count.html", {"count": number, "exact": counted.exact, "most": number})


@require_GET
@require("people.see")
def people_filters(request: HttpRequest) -> HttpResponse:
    """The form of all filters, with the values there are to choose from."""
    wanted = asked.read(request.GET)
    context = {
        "stages": [(code, stage_of(code).label) for code in (*STAGES, DISCARDED)],
        "grades": [("A", "A"), ("B", "B"), ("C", "C"), ("D", "D"), ("-", _("unknown"))],
        "sources": [(each, source_called(each)) for each in choices.sources()],
        "seen_days": SEEN_DAYS,
        "unseen_days": UNSEEN_DAYS,
        **_attribute_filters(request, later=bool(request.htmx)),
        "given": request.GET,
        "given_stages": request.GET.getlist("stage"),
        "given_grades": request.GET.getlist("grade"),
        "touches": TOUCHED.items(),
        "touch_given": any(request.GET.get(key) for key in (*TOUCHED, "direction")),
        "tags": tags.used(TAGS_OFFERED),
        "given_tags": [tags.key_of(each) for each in request.GET.getlist("tag")],
        "purposes": [
            (f"consent.{each.code}", each.name, request.GET.get(f"consent.{each.code}", "")) for each in purposes()
        ],
        "consent_given": any(key.startswith("consent.") and value for key, value in request.GET.items()),
        "consents": CONSENTS.items(),
        "given_sources": request.GET.getlist("source"),
        "sort": request.GET.get("sort", ""),
        "view": saved.of(request),
        "typed": next((each.typed for each in wanted if each.key == "q"), ""),
    }
    return render(request, "leads/_filters.html" if request.htmx else "leads/filters.html", context)


@require_GET
@require("people.see")
def attribute_filters(request: HttpRequest) -> HttpResponse:
    """The part of that form with the attributes, asked for when somebody opens it."""
    return render(request, "leads/_attribute_filters.html", _attribute_filters(request))


@require_POST
@require("people.see")
def people_columns(request: HttpRequest) -> HttpResponse:
    """Choose the columns of the list."""
    columns.choose(request, request.POST.getlist("column"), saved.of(request))
    back = request.POST.get("back", "")
    return HttpResponseRedirect(back if on_this_site(request, back) else reverse("leads:people"))


@require_GET
@require("people.see")
def recent(request: HttpRequest, person: int) -> HttpResponse:
    """The last facts of one person, for a row that unfolds."""
    found = get_object_or_404(Person, pk=person)
    return render(request, "leads/_recent.html", {"person": found, "entries": latest(found, RECENT)})


def _shown(ids: list[int]) -> list[Person]:
    """People in the order of the page."""
    unread = ("attributes", "search", "company__attributes", "company__search")
    found = Person.objects.select_related("company", "owner").defer(*unread).in_bulk(ids)
    return [found[each] for each in ids if each in found]


def _tags(shown: list[columns.Column], ids: list[int]) -> dict[int, list[str]]:
    return tags.of(ids) if any(each.key == "tags" for each in shown) else {}


def _acting(request: HttpRequest) -> dict[str, Any]:
    """What the bar offers that acts on selected people."""
    if not request.user.may("people.edit"):
        return {}
    return {
        "stages": [(code, stage_of(code).label) for code in (*STAGES, DISCARDED)],
        "users": get_user_model().objects.filter(is_active=True),
        "tags_used": tags.used(TAGS_OFFERED),
        "fact": fact_id(),
    }


def _position(request: HttpRequest, name: str, sort: people.Sort) -> people.Position | None:
    text = request.GET.get(name, "")
    return people.Position.of(text, sort) if text else None


def _unread(request: HttpRequest, wanted: list[Filter]) -> str:
    """What the address asks for that is not there, for the reader."""
    unread, sort = asked.unread(request.GET, wanted), request.GET.get("sort", "")
    unread += [f"sort={sort}"[:80]] if sort and sort.lstrip("-") not in (*people.SORTS, "reached") else []
    return ", ".join(unread[:5])


def _chip(each: Filter, wanted: list[Filter], sort: people.Sort, view: SavedView | None) -> Chip:
    rest = [other for other in wanted if other is not each]
    left = [*asked.address(rest), *saved.address(view)]
    return Chip(each.words, _address(left, sort if sort.key != "reached" else people.SORTS["engagement"]))


def _head(column: columns.Column, base: list[tuple[str, str]], sort: people.Sort) -> Head:
    if not column.sort or sort.key == "reached":
        return Head(column)
    if column.sort != sort.key:
        return Head(column, _address(base, people.SORTS[column.sort]))
    return Head(column, _address(base, sort.turn()), "descending" if sort.descends else "ascending")


def _query(base: list[tuple[str, str]], sort: people.Sort) -> str:
    return urlencode([*base, *([("sort", sort.address)] if sort.address not in ("engagement", "reached") else [])])


def _address(
    base: list[tuple[str, str]],
    sort: people.Sort,
    *,
    after: people.Position | None = None,
    before: people.Position | None = None,
) -> str:
    """The address of a page of this list."""
    query = _query(base, sort)
    place = [(name, each.text) for name, each in (("after", after), ("before", before)) if each]
    full = "&".join(part for part in (query, urlencode(place)) if part)
    return f"{reverse('leads:people')}?{full}" if full else reverse("leads:people")


@dataclass(frozen=True, slots=True)
class AttributeChoice:
    """One attribute in the form of filters."""

    attribute: Attribute
    label: str
    options: list[tuple[str, str]]
    value: str
    least: str
    most: str


def _attribute_filters(request: HttpRequest, *, later: bool = False) -> dict[str, Any]:
    """The attributes to filter by; `later` leaves their values for when they are looked at, unless one is given."""
    offered = Attribute.objects.filter(hidden=False).order_by("-standard", "name")
    given = any(key.startswith("a.") and value for key, value in request.GET.items())
    if later and not given:
        return {"attributes": [], "attributes_later": offered.exists(), "attributes_given": False}
    return {"attributes": [_attribute_choice(each, request) for each in offered], "attributes_given": given}


def _attribute_choice(attribute: Attribute, request: HttpRequest) -> AttributeChoice:
    key = f"a.{attribute.name}"
    options: list[tuple[str, str]] = []
    if attribute.kind in ("text", "choice", "choices"):
        options = [(each, option_label(attribute.name, each)) for each in choices.values(attribute.name)]
    elif attribute.kind == "boolean":
        options = [("true", _("yes")), ("false", _("no"))]
    return AttributeChoice(
        attribute=attribute,
        label=label_of(attribute),
        options=options,
        value=request.GET.get(key, ""),
        least=request.GET.get(f"{key}.min", ""),
        most=request.GET.get(f"{key}.max", ""),
    )
