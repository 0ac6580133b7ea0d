"""What is kept of one person between facts, and how it is read and written for many people at once."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from embudo.core import lifecycle
from embudo.core.lifecycle import Move, Scores, Standing
from embudo.engines.online import Online
from embudo.engines.state import State
from embudo.leads import companies, profile, sql
from embudo.leads.attribute import declare, kind_of
from embudo.leads.queries.pieces import unindexed
from embudo.leads.summary import Summary
from embudo.leads.touch import Touch


class Overtaken(Exception):
    """Another process wrote one of these people since they were read; read again."""


@dataclass(slots=True)
class Kept:
    """One person's score state and summary while a batch works on it."""

    id: int
    state: State
    summary: Summary
    revision: int = 0  # of the row that was read; 0: there is none
    moves: list[Move] = field(default_factory=list)  # made by this batch; of a whole replay all
    profiled: bool = False  # the attributes may have changed
    before: dict[str, Any] | None = None  # the attributes that the rows show, when that is known
    made_up: set[int] = field(default_factory=set)  # instants of facts of this batch whose time is unknown
    whole: bool = False  # read again from the whole history
    adopted: int | None = None  # the visitor whose rows become this person's


def load(online: Online, people: Collection[int]) -> tuple[dict[int, Kept], set[int]]:
    """Return what is kept of these people, and those whose state is of another definition and must be read again."""
    found: dict[int, Kept] = {}
    stale: set[int] = set()
    columns = (
        "s.person_id, s.state, s.revision, s.touch, p.created_at, p.first_seen_at, p.last_seen_at,"
        " p.first_seen_known, p.last_seen_known, p.events, p.known, p.source, p.medium, p.campaign, p.landing_page"
    )
    table = "leads_score s JOIN leads_person p ON p.id = s.person_id"
    for person, blob, revision, touched, *rest in sql.rows_where(columns, table, "s.person_id", people):
        created_at, first, last, first_known, last_known, events, known, *touch = rest
        order = tuple(json.loads(touched)) if touched else None
        state = online.decode(bytes(blob))
        if state is None:
            state = online.fresh()
            stale.add(person)
        summary = Summary(
            created_at, first, last, bool(first_known), bool(last_known), events, bool(known), order, Touch(*touch)
        )
        found[person] = Kept(person, state, summary, revision)
    return found, stale


# -- writing: what a person shows --------------------------------------------------------------------

SHOWN = (
    "known", "stage", "stage_since_at", "handoff_ready", "fit", "grade", "fit_known_share", "disqualified",
    "engagement", "engagement_at", "engagement_order", "created_at", "first_seen_at", "last_seen_at",
    "first_seen_known", "last_seen_known", "events", "source", "medium", "campaign", "landing_page",
)  # fmt: skip
PROFILE = (
    "name", "mail", "phone", "title", "company_name", "industry", "country", "city", "language",
    "attributes", "search", "company_id",
)  # fmt: skip
COLUMNS = ("id", "merged_into_id", *SHOWN, *PROFILE)
ADD = sql.upsert("leads_person", "id", COLUMNS)
CHANGE = f"UPDATE leads_person SET {', '.join(f'{name} = %s' for name in SHOWN)} WHERE id = %s"
ADD_SCORE = sql.insert(
    "leads_score", ("person_id", "version", "state", "revision", "touch", "updated_at", "next_change_at")
)
CHANGE_SCORE = (
    "UPDATE leads_score SET version = %s, state = %s, revision = revision + 1, touch = %s, updated_at = %s,"
    " next_change_at = %s WHERE person_id = %s AND revision = %s"
)
ADD_COMPANY = (  # the first name stated stays: a merge or a form of one person renames nobody's company
    "INSERT INTO leads_company (id, name, domain, group_id, attributes) VALUES (%s, %s, %s, '', '{}')"
    " ON CONFLICT (id) DO UPDATE SET name = excluded.name"
    " WHERE excluded.name <> excluded.domain AND leads_company.name = leads_company.domain"
)


def shown(online: Online, kept: Kept, scores: Scores, standing: Standing, now: int) -> tuple[Any, ...]:
    """Return the values of SHOWN."""
    state, summary = kept.state, kept.summary
    fit, curve = scores.fit, scores.curve
    at = max(state.latest[0], summary.first_seen_at)
    touch = summary.touch
    return (
        summary.known, standing.stage, standing.since or summary.first_seen_at,
        lifecycle.ready(standing, fit, online.definition, standing.at),
        fit.score, fit.grade, fit.known_share, fit.disqualified_by is not None,
        curve.at(at), at, curve.at(max(at, now)),
        summary.created_at, summary.first_seen_at, summary.last_seen_at,
        summary.first_seen_known, summary.last_seen_known, summary.events,
        touch.source[:200], touch.medium[:200], touch.campaign[:300], touch.landing_page[:500],
    )  # fmt: skip


def write(online: Online, people: Iterable[Kept], now: int) -> None:
    """Write these people and their scores; raises Overtaken when somebody else wrote one of them meanwhile."""
    full, light, new, old = [], [], [], []
    companies_found: dict[int, companies.Employer] = {}
    changed: list[Profiled] = []
    for kept in people:
        scores, standing = online.scores(kept.state), online.standing(kept.state)
        values = shown(online, kept, scores, standing, now)
        profiled = _profiled(online, kept) if kept.profiled or kept.whole or not kept.revision else None
        employer = companies.employer(profiled.known) if profiled and profiled.known else None
        if employer:
            companies_found[employer.id] = employer
        if profiled and profiled.changed:
            changed.append(profiled)
            full.append((kept.id, None, *values, *_profile_columns(profiled, employer)))
        else:
            light.append((*values, kept.id))
        blob, touched = online.encode(kept.state), _json(kept.summary.touched) if kept.summary.touched else ""
        version, due = online.definition.version, lifecycle.next_change(standing, scores, online.definition)
        if kept.revision:
            old.append((version, blob, touched, now, due, kept.id, kept.revision))
        else:
            new.append((kept.id, version, blob, 1, touched, now, due))
    sql.many(ADD_COMPANY, [(each.id, each.name, each.domain) for each in sorted(companies_found.values(), key=_by_id)])
    sql.many(ADD, full)
    sql.many(CHANGE, light)
    if sql.many(CHANGE_SCORE, old) != len(old):
        raise Overtaken
    sql.many(ADD_SCORE, new)
    _write_values(changed)


@dataclass(frozen=True, slots=True)
class Profiled:
    """The attributes a person's rows come to show, also as JSON, and those they show; None: that is not known."""

    person: int
    known: dict[str, Any]
    text: str
    before: dict[str, Any] | None
    changed: bool


def _profiled(online: Online, kept: Kept) -> Profiled:
    known = profile.storable(online.values(kept.state))
    text = _json(known)
    if kept.whole:
        return Profiled(kept.id, known, text, None, changed=True)
    if not kept.revision:
        return Profiled(kept.id, known, text, {}, changed=True)
    before = None if kept.before is None else profile.storable(kept.before)
    return Profiled(kept.id, known, text, before, before is None or _json(before) != text)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _by_id(employer: companies.Employer) -> int:
    return employer.id


def _profile_columns(profiled: Profiled, employer: companies.Employer | None) -> tuple[Any, ...]:
    columns = profile.columns(profiled.known)
    return (
        *(columns[name] for name in PROFILE[:9]),
        profiled.text,
        profile.search_text(columns),
        employer.id if employer else None,
    )


def _write_values(profiled: list[Profiled]) -> None:
    """Write the values by which filters find people, of the attributes that are other than the rows show."""
    stated = {name: value for each in profiled for name, value in each.known.items()}
    declare({name: kind_of(name, value) for name, value in stated.items()})
    sql.delete_where("leads_personattribute", "person_id", [each.person for each in profiled if each.before is None])
    gone, rows = [], []
    for each in profiled:
        there = profile.values(each.before) if each.before else frozenset()
        wanted = profile.values(each.known)
        other = {value.attribute for value in there ^ wanted}
        gone += [(each.person, name) for name in {value.attribute for value in there} & other]
        rows += [
            (each.person, value.attribute, value.text, value.number) for value in wanted if value.attribute in other
        ]
    sql.many(f"DELETE FROM leads_personattribute WHERE person_id = %s AND {unindexed('attribute')} = %s", gone)
    sql.many(sql.insert("leads_personattribute", ("person_id", "attribute", "text", "number")), rows)
