"""What is kept of one person between facts, and how it is read and written for many people at once."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

import msgspec

from embudo.core import lifecycle
from embudo.core.event import Event
from embudo.core.lifecycle import Move, Scores, Standing
from embudo.engines.online import Online
from embudo.engines.state import State
from embudo.leads import companies, free_mail, profile_rows, sql
from embudo.leads.profile_rows import Profiled
from embudo.leads.summary import Summary
from embudo.leads.touch import Touch
from embudo.leads.word_index import fed_at_once


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
    consents: list[Event] = field(default_factory=list)  # answers of this batch; of a whole replay all
    opportunities: list[Event] = field(default_factory=list)  # facts about them, likewise
    whole: bool = False  # read again from the whole history
    adopted: int | None = None  # the visitor whose rows become this person's
    listed: tuple[Any, ...] = ()  # of LISTED, as the row that was read shows them
    due: int | None = None  # next_change_at of the row that was read


# What a person shows. What lists are sorted or filtered by is written only when it is other than before: the row costs
# little, each index that has to follow costs as much again.
PLAIN = (
    "stage_since_at", "fit_known_share", "disqualified", "engagement", "engagement_at", "created_at",
    "first_seen_known", "last_seen_known", "events", "landing_page",
    "last_medium", "last_campaign", "last_landing_page",
)  # fmt: skip
LISTED = (
    "known", "stage", "handoff_ready", "fit", "grade", "engagement_order", "first_seen_at", "last_seen_at", "source",
    "medium", "campaign", "last_source",
)  # fmt: skip
SUMMED = (
    "created_at", "first_seen_at", "last_seen_at", "first_seen_known", "last_seen_known", "events", "known",
    "source", "medium", "campaign", "landing_page", "last_source", "last_medium", "last_campaign", "last_landing_page",
)  # fmt: skip
READ = (
    f"s.person_id, s.state, s.revision, s.touch, s.next_change_at, {', '.join(f'p.{name}' for name in SUMMED)},"
    f" {', '.join(f'p.{name}' for name in LISTED)}"
)


def load(online: Online, people: Collection[int]) -> tuple[dict[int, Kept], set[int]]:
    """Return what is kept of these people, and those whose state is of another definition and must be read again."""
    found: dict[int, Kept] = {}
    stale: set[int] = set()
    table = "leads_score s JOIN leads_person p ON p.id = s.person_id"
    for person, blob, revision, touched, due, *rest in sql.rows_where(READ, table, "s.person_id", people):
        created_at, first, last, first_known, last_known, events, known, *touch = rest[: len(SUMMED)]
        first_order, last_rank = _touched(touched)
        state = online.decode(bytes(blob))
        if state is None or (touched and last_rank is None):  # the latter: of before the last touch was kept
            state = online.fresh()
            stale.add(person)
        seen = (created_at, first, last, bool(first_known), bool(last_known), events, bool(known))
        summary = Summary(*seen, first_order, Touch(*touch[:4]), last_rank, Touch(*touch[4:]))
        found[person] = Kept(person, state, summary, revision, listed=tuple(rest[len(SUMMED) :]), due=due)
    return found, stale


# -- writing: what a person shows --------------------------------------------------------------------

COLUMNS = ("id", "merged_into_id", *PLAIN, *LISTED, *profile_rows.COLUMNS)
WORDED = frozenset({"search", "known"})  # columns that the index of words follows
ADD = sql.upsert("leads_person", "id", COLUMNS)
ADD_SCORE = sql.insert(
    "leads_score", ("person_id", "version", "state", "revision", "touch", "updated_at", "next_change_at")
)
CHANGE_SCORE = "UPDATE leads_score SET version = %s, state = %s, revision = revision + 1, touch = %s, updated_at = %s"
OF_REVISION = "WHERE person_id = %s AND revision = %s"


def write(online: Online, people: Iterable[Kept], now: int) -> None:
    """Write these people and their scores; raises Overtaken when somebody else wrote one of them meanwhile."""
    added, added_scores = [], []
    changed: dict[tuple[str, ...], list[tuple[Any, ...]]] = defaultdict(list)
    changed_scores: dict[bool, list[tuple[Any, ...]]] = {False: [], True: []}
    profiles: list[Profiled] = []
    free, into = free_mail.own(), companies.joined()
    for kept in people:
        scores, standing = online.scores(kept.state), online.standing(kept.state)
        plain, listed = shown(online, kept, scores, standing, now)
        profiled = _profiled(online, kept, free, into)
        if profiled:
            profiles.append(profiled)
        if kept.revision and not kept.whole:
            columns = _other(kept, listed) | (profiled.other_columns() if profiled else {})
            changed[tuple(columns)].append((*plain, *columns.values(), kept.id))
        elif profiled:
            added.append((kept.id, None, *plain, *listed, *profiled.columns().values()))
        blob, touched = online.encode(kept.state), _touch_text(kept.summary)
        version, due = online.definition.version, lifecycle.next_change(standing, scores, online.definition)
        if not kept.revision:
            added_scores.append((kept.id, version, blob, 1, touched, now, due))
        elif due == kept.due and not kept.whole:
            changed_scores[False].append((version, blob, touched, now, kept.id, kept.revision))
        else:
            changed_scores[True].append((version, blob, touched, now, due, kept.id, kept.revision))
    profile_rows.write_companies(profiles)
    _write_people(added, changed)
    _change_scores(changed_scores)
    sql.add(ADD_SCORE, added_scores)
    profile_rows.write_values(profiles)


def point(online: Online, merged: Mapping[int, int], now: int) -> None:
    """Let the rows of people who were merged point at the survivor; who had none yet gets a bare one."""
    there = {person for (person,) in sql.rows_where("id", "leads_person", "id", merged.keys())}
    nameless = profile_rows.profiled(0, {}, {}).columns().values()
    bare = []
    for person in sorted(merged.keys() - there):
        kept = Kept(person, online.fresh(), Summary())
        plain, listed = shown(online, kept, online.scores(kept.state), online.standing(kept.state), now)
        bare.append((person, merged[person], *plain, *listed, *nameless))
    sql.many(sql.insert("leads_person", COLUMNS), bare)
    changed = [(merged[person], person) for person in sorted(there)]
    sql.many("UPDATE leads_person SET merged_into_id = %s WHERE id = %s", changed)


def _write_people(added: Sequence[tuple[Any, ...]], changed: Mapping[tuple[str, ...], list[tuple[Any, ...]]]) -> None:
    """Add rows of COLUMNS and change those of the others, by the names of the columns that follow PLAIN."""
    reworded = [row[-1] for names, rows in changed.items() if not WORDED.isdisjoint(names) for row in rows]
    with fed_at_once([row[0] for row in added] + reworded):
        sql.many(ADD, added)
        for names, rows in changed.items():
            sql.many(sql.update("leads_person", (*PLAIN, *names), "id"), rows)


def shown(
    online: Online, kept: Kept, scores: Scores, standing: Standing, now: int
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return the values of PLAIN and of LISTED."""
    state, summary = kept.state, kept.summary
    fit, curve = scores.fit, scores.curve
    at = max(state.latest[0], summary.first_seen_at)
    touch, last = summary.touch, summary.last_touch
    plain = (
        standing.since or summary.first_seen_at, fit.known_share, fit.disqualified_by is not None,
        curve.at(at), at, summary.created_at, summary.first_seen_known, summary.last_seen_known, summary.events,
        touch.landing_page[:500],
        last.medium[:200], last.campaign[:300], last.landing_page[:500],
    )  # fmt: skip
    listed = (
        summary.known, standing.stage, lifecycle.ready(standing, fit, online.definition, standing.at),
        fit.score, fit.grade, curve.at(max(at, now)), summary.first_seen_at, summary.last_seen_at, touch.source[:200],
        touch.medium[:200], touch.campaign[:300], last.source[:200],
    )  # fmt: skip
    return plain, listed


def _other(kept: Kept, listed: tuple[Any, ...]) -> dict[str, Any]:
    """Return those of LISTED that the row does not show yet."""
    if listed == kept.listed:
        return {}
    pairs = zip(LISTED, kept.listed, listed, strict=True)
    return {name: becomes for name, was, becomes in pairs if was != becomes}


def _profiled(online: Online, kept: Kept, free: AbstractSet[str], into: Mapping[int, int]) -> Profiled | None:
    """The attributes of a person, when they may be other than the rows show."""
    before = kept.before
    if not kept.revision or kept.whole:
        before = None if kept.whole else {}
    elif not kept.profiled:
        return None
    return profile_rows.profiled(kept.id, online.values(kept.state), before, online.stated(kept.state), free, into)


def _change_scores(changed: Mapping[bool, list[tuple[Any, ...]]]) -> None:
    """Write scores, with the instant of their next change where that is another one; raises Overtaken."""
    for due, rows in changed.items():
        if sql.many(f"{CHANGE_SCORE}{', next_change_at = %s' if due else ''} {OF_REVISION}", rows) != len(rows):
            raise Overtaken


def _touched(text: str) -> tuple[Any, Any]:
    """The order of the first touch and the rank of the last, as `_touch_text` wrote them; older rows lack the last."""
    found = json.loads(text) if text else None
    if not found:
        return None, None
    return (tuple(found[0]), tuple(found[1])) if isinstance(found[0], list) else (tuple(found), None)


def _touch_text(summary: Summary) -> str:
    return _json([summary.touched, summary.last_touched]) if summary.touched else ""


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
