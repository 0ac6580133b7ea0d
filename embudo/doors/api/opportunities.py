"""Opportunities of a person over the API: read, open, move on, win, lose."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router
from pydantic import Field

from embudo.core.event import Event
from embudo.doors.api import dealing, schemas, seen, shown, values
from embudo.doors.api.answers import answers, reply
from embudo.doors.api.dealing import Deal, Position
from embudo.doors.api.facts import instant_of
from embudo.doors.api.guard import needs
from embudo.doors.api.once import fact_id, once
from embudo.doors.api.people import WRITES, PersonId
from embudo.doors.api.problem import Problem, invalid
from embudo.doors.api.saying import history_after, said_before, say
from embudo.leads import opportunities as kept
from embudo.leads.models import Person
from embudo.leads.opportunities import Opportunity, opportunities
from embudo.leads.story import history_of

router = Router(tags=["Opportunities"])
OpportunityId = Path(..., min_length=1, max_length=80)
ALSO = {201: schemas.Opportunity, 202: schemas.Applying}
MOST = 100
FILLING_S = 30  # after which to ask again while the table is filled
LIST = "/people/{person}/opportunities"


class Asked(schemas.Schema):
    """Which opportunities are asked for."""

    status: Literal["", "open", "won", "lost"] = ""
    owner: str = Field("", max_length=254, description="Mail address of the user who looks after the person.")
    updated_since: datetime | None = Field(
        None, description="With its zone: `updated_at` is then or later. Ask from the last one you read less a minute."
    )
    limit: int = Field(50, ge=1, le=MOST)
    cursor: str = Field("", max_length=60)


@router.get(
    "/opportunities", response=answers(schemas.Deals), summary="List opportunities of everybody",
    **needs("opportunities:read"),
)  # fmt: skip
def deal_list(request: HttpRequest, asked: Asked = Query(...)) -> schemas.Deals:  # noqa: B008
    """In the order of `updated_at`, the oldest first: what changes while you read comes again at the end."""
    _be_filled()
    owner = values.owner_of(asked.owner, "query.owner") if asked.owner else None
    since = instant_of(asked.updated_since, "query.updated_since") if asked.updated_since else 0
    after = Position.of(asked.cursor) if asked.cursor else None
    if asked.cursor and after is None:
        raise Problem("bad_cursor", "It is damaged, or of another list.")
    found, behind = dealing.page(after=after, size=asked.limit, owner=owner, status=asked.status, since=since)
    seen.people(request)
    return schemas.Deals(data=[_deal(each) for each in found], next_cursor=behind.text if behind else None)


def _be_filled() -> None:
    """Raise Problem while the table is filled after an upgrade: nothing found would look like nothing there."""
    if not kept.filled():
        words = "After the upgrade the opportunities are still being read from the log; until then none can be listed."
        raise Problem("not_now", words, headers={"Retry-After": str(FILLING_S)})


def _deal(each: Deal) -> schemas.Deal:
    owner = each.person.owner.email if each.person.owner else None
    whose = {"person": str(each.person.id), "person_name": str(each.person), "owner": owner}
    updated_at = shown.moment(each.written_at)
    return schemas.Deal(**_shown(each.opportunity).model_dump(), **whose, updated_at=updated_at)


@router.get(
    LIST, response=answers(schemas.Opportunities, 404), summary="List opportunities", **needs("opportunities:read")
)
def opportunity_list(request: HttpRequest, person: str = PersonId) -> schemas.Opportunities:
    """Those of a person, the last changed first."""
    row = shown.person_by(person)
    _be_filled()
    seen.person(request, row)
    found = kept.of([row.id]).get(row.id, [])
    return schemas.Opportunities(data=[_shown(each) for each in found])


@router.post(
    LIST, response=answers(schemas.Opportunity, 404, 409, also=ALSO), summary="Open an opportunity",
    **needs("opportunities:write", **WRITES),
)  # fmt: skip
@once
def opportunity_open(request: HttpRequest, body: schemas.OpportunityNew, person: str = PersonId) -> HttpResponse:
    """The person becomes an opportunity."""
    row, id_ = shown.person_by(person), fact_id(request)
    props = {"opportunity": id_, **({"name": body.name} if body.name else {}), **_amount(body)}
    applied = say(request, "opportunity_opened", row.id, props, id=id_)
    return _after(row, id_, id_, applied, status=201)


@router.post(
    f"{LIST}/{{opportunity}}/move", response=answers(schemas.Opportunity, 404, 409, also=ALSO),
    summary="Move an opportunity on", **needs("opportunities:write", **WRITES),
)  # fmt: skip
@once
def opportunity_move(
    request: HttpRequest, body: schemas.OpportunityMove, person: str = PersonId, opportunity: str = OpportunityId
) -> HttpResponse:
    """To a stage of your own sales process; what it is worth may change with it."""
    return _carry_on(request, person, opportunity, "moved", {"stage": body.stage, **_amount(body)})


@router.post(
    f"{LIST}/{{opportunity}}/end", response=answers(schemas.Opportunity, 404, 409, also=ALSO),
    summary="Win or lose an opportunity", **needs("opportunities:write", **WRITES),
)  # fmt: skip
@once
def opportunity_end(
    request: HttpRequest, body: schemas.OpportunityEnd, person: str = PersonId, opportunity: str = OpportunityId
) -> HttpResponse:
    """Won makes a customer, of what the opportunity was worth if nothing else is said. Lost needs a reason."""
    if body.outcome == "lost" and body.reason is None:
        raise invalid("body.reason", "say why it was lost")
    said = {"reason": body.reason} if body.outcome == "lost" else _amount(body)
    return _carry_on(request, person, opportunity, body.outcome, said)


def _carry_on(request: HttpRequest, person: str, opportunity: str, how: str, said: dict[str, Any]) -> HttpResponse:
    """Record what became of an open opportunity, and answer with it."""
    row, kind = shown.person_by(person), f"opportunity_{how}"
    history, id_ = history_of(row.id), fact_id(request)
    if said_before(request, kind, history):
        return _after(row, opportunity, id_, True)
    there = _open(history, opportunity)
    worth = _amount(there) if how == "won" else {}
    props = {"opportunity": there.id, **worth, **said}
    return _after(row, there.id, id_, say(request, kind, row.id, props, id=id_))


def _open(history: Sequence[Event], opportunity: str) -> Opportunity:
    found = next((each for each in opportunities(history) if each.id == opportunity), None)
    if found is None:
        raise Problem("not_found", "This person has no such opportunity.")
    if found.status != "open":
        raise Problem("conflict", f"The opportunity is {found.status}.")
    return found


def _amount(of: Any) -> dict[str, Any]:
    return {} if of.amount is None else {"amount": of.amount, "currency": of.currency}


def _after(row: Person, opportunity: str, fact: str, applied: bool, *, status: int = 200) -> HttpResponse:
    found = next((each for each in opportunities(history_after(row.id)) if each.id == opportunity), None)
    if not applied or found is None:
        return reply(schemas.Applying(fact=fact, person=str(row.id)), status=202)
    return reply(_shown(found), status=status)


def _shown(each: Opportunity) -> schemas.Opportunity:
    return schemas.Opportunity(
        id=each.id, name=each.name, amount=each.amount, currency=each.currency, status=each.status, stage=each.stage,
        reason=each.reason, opened_at=shown.moment(each.opened_at), changed_at=shown.moment(each.changed_at),
        closed_at=None if each.closed_at is None else shown.moment(each.closed_at),
    )  # fmt: skip
