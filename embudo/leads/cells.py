"""What stands in each cell of the people list; made here and not in a template because a page has hundreds of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from embudo.leads.columns import Column
from embudo.leads.countries import country_called
from embudo.leads.models import Person
from embudo.leads.naming import source_called
from embudo.leads.templatetags.leads import called, employer, instant_or_unknown
from embudo.ui import figures
from embudo.ui.templatetags.ui import stage

NONE = format_html('<span class="muted">{}</span>', figures.NONE)


CUT = 40  # letters; longer texts are cut and whole on hover
NO_TAGS: Mapping[int, Sequence[str]] = {}


@dataclass(frozen=True, slots=True)
class Row:
    """One person as the list shows them; `cells` are those behind the name."""

    person: Person
    key: str  # the id as addresses write it
    called: str
    cells: SafeString
    long: bool  # the name or the mail address may be cut
    select: str  # what its box to tick is called


def rows(
    people: Sequence[Person],
    columns: Sequence[Column],
    scores: Mapping[int, float],
    tags: Mapping[int, Sequence[str]] = NO_TAGS,
) -> list[Row]:
    """Return the rows of people with these columns; `scores` are engagements of now, `tags` names of tags."""
    stages: dict[str, str] = {}
    words = {"ruled out": _("ruled out"), "known": _("%(share)s of the profile known"), "select": _("Select %(name)s")}
    makers = [(f"people-{each.key}{' num' if each.figures else ''}", MAKERS[each.key]) for each in columns]
    found = []
    for person in people:
        if person.stage not in stages:
            stages[person.stage] = stage(person.stage)
        told = _Told(stages[person.stage], scores.get(person.id, 0.0), words, tags.get(person.id, ()))
        name = called(person)
        made = format_html_join("", '<td class="{}">{}</td>', ((kind, make(person, told)) for kind, make in makers))
        found.append(Row(person, str(person.id), name, made, _is_long(person), words["select"] % {"name": name}))
    return found


@dataclass(frozen=True, slots=True)
class _Told:
    stage: str
    score: float
    words: Mapping[str, str]
    tags: Sequence[str]


def _is_long(person: Person) -> bool:
    return max(len(person.name), len(person.mail)) > CUT


def _shown(text: str) -> str:
    """A text of the outside in a cell: on its own whatever letters it begins with, cut when long, whole on hover."""
    if len(text) > CUT:
        return format_html('<span class="cell-cut" title="{0}"><bdi>{0}</bdi></span>', text)
    return format_html("<bdi>{}</bdi>", text)


def _fit(person: Person, told: _Told) -> str:
    if not person.grade:
        return NONE
    share = told.words["known"] % {"share": figures.pct(person.fit_known_share)}
    badge = format_html(
        '<span class="grade grade-{0}" title="{1} · {2}">{0}</span>', person.grade, figures.number(person.fit), share
    )
    if person.disqualified:
        return format_html('{} <span class="chip chip-warn">{}</span>', badge, told.words["ruled out"])
    return badge


def _place(person: Person, told: _Told) -> str:
    place = ", ".join(part for part in (person.city, country_called(person.country)) if part)
    return _shown(place) if place else NONE


def _text(name: str) -> Callable[[Person, _Told], str]:
    def text(person: Person, told: _Told) -> str:
        value = getattr(person, name)
        return _shown(value) if value else NONE

    return text


MAKERS: Mapping[str, Callable[[Person, _Told], str]] = {
    "company": lambda person, told: _shown(employer(person)) if employer(person) else NONE,
    "title": _text("title"),
    "stage": lambda person, told: told.stage,
    "fit": _fit,
    "engagement": lambda person, told: figures.number(told.score, 1),
    "seen": lambda person, told: instant_or_unknown(person.last_seen_at, person.last_seen_known),
    "new": lambda person, told: instant_or_unknown(person.first_seen_at, person.first_seen_known),
    "source": lambda person, told: _shown(source_called(person.source)),
    "campaign": _text("campaign"),
    "last_source": lambda person, told: _shown(source_called(person.last_source)),
    "mail": _text("mail"),
    "phone": _text("phone"),
    "place": _place,
    "industry": _text("industry"),
    "owner": lambda person, told: _shown(str(person.owner)) if person.owner else NONE,
    "tags": lambda person, told: format_html_join(" ", '<span class="chip">{}</span>', ((each,) for each in told.tags)),
    "events": lambda person, told: figures.number(person.events),
}
