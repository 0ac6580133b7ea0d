"""What people did, over the API: their timeline, facts to record, and the score with its reasons at any instant."""

import math
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import Field

from embudo.core import scoring
from embudo.core.event import MINUTE, Event
from embudo.doors.api import schemas, seen, shown
from embudo.doors.api.answers import answers, reply
from embudo.doors.api.guard import needs
from embudo.doors.api.once import fact_id, once
from embudo.doors.api.people import WRITES, PersonId
from embudo.doors.api.problem import Problem, invalid
from embudo.doors.api.saying import history_after, say
from embudo.leads.clock import now
from embudo.leads.history import counted, withdrawn
from embudo.leads.naming import defined
from embudo.leads.queries import scores
from embudo.leads.story import history_of, told

router = Router(tags=["Facts"])
LONGEST = 4000
MOST = 200


class Asked(schemas.Schema):
    """Which facts are asked for."""

    kind: list[str] = Field([], max_length=20, description="Only facts of these kinds.")
    limit: int = Field(50, ge=1, le=MOST)
    cursor: str = Field("", max_length=400)


@router.get(
    "/people/{person}/events", response=answers(schemas.Facts, 404), summary="Read a timeline", **needs("events:read")
)
def events(request: HttpRequest, asked: Asked = Query(...), person: str = PersonId) -> schemas.Facts:  # noqa: B008
    """The facts of a person and of everybody merged into them, the newest first."""
    row = shown.person_by(person)
    history = history_of(row.id)
    seen.person(request, row)
    found = [each for each in reversed(told(history)) if not asked.kind or each.kind in asked.kind]
    if asked.cursor:
        behind = _order_of(asked.cursor)
        found = [each for each in found if each.order < behind]
    page = found[: asked.limit]
    data = shown.facts(page, taken_back=withdrawn(history))
    return schemas.Facts(data=data, next_cursor=_cursor(page[-1]) if len(found) > len(page) else None)


def _cursor(event: Event) -> str:
    return f"{event.at}~{event.id}~{event.source}"


def _order_of(cursor: str) -> tuple[int, str, str]:
    at, _tilde, rest = cursor.partition("~")
    id_, tilde, source = rest.rpartition("~")
    if not tilde or not at.isascii() or not at.isdigit() or len(at) > 19:
        raise Problem("bad_cursor", "It is damaged, or of another list.")
    return int(at), id_, source


@router.post(
    "/people/{person}/events", response=answers(schemas.Fact, 404, 409, status=201, also={202: schemas.Applying}),
    summary="Record a fact", **needs("events:write", **WRITES),
)  # fmt: skip
@once
def event_new(request: HttpRequest, body: schemas.FactNew, person: str = PersonId) -> HttpResponse:
    """What somebody here did with the person. What people do on your site or in your product goes to the collector."""
    row = shown.person_by(person)
    at = None if body.at is None else min(instant_of(body.at, "body.at"), now())
    props = _props(body.props)
    id_ = fact_id(request)
    applied = say(request, body.kind, row.id, props, id=id_, at=at)
    fact = next((each for each in history_after(row.id) if each.key == ("app", id_)), None)
    if not applied or fact is None:
        return reply(schemas.Applying(fact=id_, person=str(row.id)), status=202)
    return reply(shown.facts([fact])[0], status=201)


def instant_of(at: datetime, place: str) -> int:
    """Return an instant of a request in microseconds, one that has been; raises Problem."""
    if at.tzinfo is None:
        raise invalid(place, "it lacks its zone; write 2026-03-02T09:00:00Z")
    try:
        found = shown.micros(at)
    except (ValueError, OverflowError) as error:
        raise invalid(place, "it is no instant") from error
    if not 0 <= found <= now() + MINUTE:
        raise invalid(place, "it lies before 1970 or in the future")
    return found


def _props(given: dict[str, Any]) -> dict[str, Any]:
    for name, value in given.items():
        if len(name) > 64 or name == "traits":
            raise invalid(f"body.props.{name[:64]}", "a name of at most 64 signs, and not `traits`")
        if isinstance(value, str) and len(value) > LONGEST:
            raise invalid(f"body.props.{name}", f"a text of at most {LONGEST:,} signs")
        if isinstance(value, float) and not math.isfinite(value):
            raise invalid(f"body.props.{name}", "a number that is finite")
    return {name: value for name, value in given.items() if value is not None}


class At(schemas.Schema):
    """At which instant."""

    at: datetime | None = Field(None, description="Now when left out; with its zone.")


@router.get(
    "/people/{person}/score", response=answers(schemas.ScoreShown, 404), summary="Explain a score",
    **needs("people:read"),
)  # fmt: skip
def score(request: HttpRequest, asked: At = Query(...), person: str = PersonId) -> schemas.ScoreShown:  # noqa: B008
    """The score at any instant of the past, with all parts that add up to it, by the definition in force."""
    row = shown.person_by(person)
    at = now() if asked.at is None else instant_of(asked.at, "query.at")
    seen.person(request, row)
    definition = scores.definition()
    facts = counted(history_of(row.id, until=at))
    explained, attributes = scoring.explain(facts, definition, at), scores.attributes_at(facts, at)
    fit = scoring.fit(attributes, definition)
    parts = [
        schemas.Contribution(
            fact=each.event.id, kind=each.event.kind, at=shown.moment(each.event.at), rule=defined(each.rule.name),
            group=defined(each.rule.group), base_points=each.rule.points / 1000, points=each.points,
            cut_by_limit=each.cut_by_limit,
        )
        for each in explained.contributions
    ]  # fmt: skip
    groups = [schemas.Group(name=defined(g.name), points=g.points, cut_by_cap=g.cut_by_cap) for g in explained.groups]
    met = [
        schemas.CriterionMet(name=defined(each.name), points=each.points / 1000, met=each in fit.met)
        for each in definition.criteria
    ]
    shown_fit = schemas.FitShown(
        score=fit.score, grade=fit.grade, known_share=fit.known_share, disqualified_by=fit.disqualified_by, criteria=met
    )
    return schemas.ScoreShown(
        person=str(row.id), at=shown.moment(at), definition=defined(definition.name),
        definition_version=definition.version, engagement=explained.score, contributions=parts, groups=groups,
        fit=shown_fit, attributes=attributes,
    )  # fmt: skip
