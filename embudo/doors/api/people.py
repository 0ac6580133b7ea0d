"""People over the API: list, read, state, set the stage, join and take apart."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router
from pydantic import Field

from embudo.doors.api import listing, schemas, seen, shown, upsert, values
from embudo.doors.api.answers import answers, check_match, is_known, reply
from embudo.doors.api.guard import needs
from embudo.doors.api.hold import held
from embudo.doors.api.once import PARAMETER, fact_id, once
from embudo.doors.api.problem import Problem
from embudo.doors.api.saying import require_followed, said_before, say, shown_all
from embudo.leads import owners
from embudo.leads.holding import NAMED_BY, other_holder
from embudo.leads.models import Merge, Person
from embudo.leads.pointers import members
from embudo.leads.story import history_of

router = Router(tags=["People"])
WRITES = {"parameters": [PARAMETER]}
MATCHES = {
    "parameters": [
        PARAMETER,
        {"name": "If-Match", "in": "header", "required": False, "schema": {"type": "string"},
         "description": "The ETag of what you have read: when it was changed since, the answer is 412."},
    ]
}  # fmt: skip
KNOWS = {
    "parameters": [{"name": "If-None-Match", "in": "header", "required": False, "schema": {"type": "string"}}]
}  # fmt: skip
PersonId = Path(..., pattern=r"^[0-9]{1,19}$")


class Asked(schemas.Schema):
    """How a list of people is asked for.

    `a.NAME`, `a.NAME.min` and `a.NAME.max` ask for attributes besides, `consent.PURPOSE` for one of given, withdrawn
    and unsaid.
    """

    limit: int = Field(50, ge=1, le=listing.MOST)
    cursor: str = Field("", max_length=3000)
    sort: str = Field("", max_length=40, description="engagement, seen, new, fit or name; with - before it, turned.")
    q: str = Field("", max_length=200, description="Words that begin words of name, mail, company or phone.")
    stage: list[str] = Field([], max_length=20)
    grade: list[str] = Field([], max_length=20, description="A, B, C, D, or - for unknown.")
    source: list[str] = Field([], max_length=10, description="Where they came from first; - for unknown.")
    handoff: str = Field("", max_length=10, description="1: waits for an answer of sales.")
    score_min: str = Field("", alias="score.min", max_length=40, description="Engagement, at least.")
    score_max: str = Field("", alias="score.max", max_length=40)
    seen: str = Field("", max_length=10, description="Seen within so many days.")
    unseen: str = Field("", max_length=10, description="Not seen for so many days.")


@router.get("/people", response=answers(schemas.People), summary="List people", **needs("people:read"))
def people_list(request: HttpRequest, asked: Asked = Query(...)) -> schemas.People:  # noqa: B008
    """The filters and orders of the screen, page by page. A page may be short while there is a next_cursor."""
    rows, after = listing.page_of(request, asked.limit, asked.cursor, asked.sort)
    seen.people(request)
    return schemas.People(data=shown.people(rows), next_cursor=after)


@router.post(
    "/people/bulk", response=answers(schemas.RowResults, 409, 413), summary="State many people",
    **needs("people:write", **WRITES),
)  # fmt: skip
@once
def people_state(request: HttpRequest, body: schemas.PeopleRows) -> HttpResponse:
    """Up to 1,000 people at once. Each row has its own result: one that is refused keeps no other from being kept."""
    return reply(upsert.rows(request, body.rows).shown)


@router.get(
    "/people/{person}", response=answers(schemas.Person, 404, also={304: None}), summary="Read a person",
    **needs("people:read", **KNOWS),
)  # fmt: skip
def person_get(request: HttpRequest, person: str = PersonId) -> HttpResponse:
    """Whoever was merged is answered by the person they are part of. ETag stands for all but what time changes."""
    row = shown.person_by(person)
    etag = shown.etag(row)
    if is_known(request, etag):
        return HttpResponse(status=304, headers={"ETag": etag})
    return _told(request, row, **{"Content-Location": f"/api/v1/people/{row.id}"})


@router.post(
    "/people", response=answers(schemas.Person, 409, also={201: schemas.Person, 202: schemas.Applying}),
    summary="State a person", **needs("people:write", **WRITES),
)  # fmt: skip
@once
def person_state(request: HttpRequest, body: schemas.PersonRow) -> HttpResponse:
    """Makes the person, or states more of who is known by one of these. 201 when nobody was known by them before."""
    outcome = upsert.rows(request, [body])
    (result,) = outcome.results
    if result.why is not None:
        raise Problem("not_valid", result.why, errors=[{"at": "body", "what": result.why}])
    if result.person is None:
        return reply(schemas.Applying(fact=result.fact or ""), status=202)
    row = shown.person_by(result.person)
    return _told(request, row, status=201 if outcome.new else 200, Location=f"/api/v1/people/{row.id}")


@router.patch(
    "/people/{person}", response=answers(schemas.Person, 404, 409, 412, also={202: schemas.Applying}),
    summary="Change a person", **needs("people:write", **MATCHES),
)  # fmt: skip
@once
def person_change(request: HttpRequest, body: schemas.PersonChange, person: str = PersonId) -> HttpResponse:
    """Changes what is named and nothing else, so that writing back a part that was read wipes nothing."""
    found = shown.person_by(person)
    with held(f"person:{found.id}"):
        if "If-Match" in request.headers:
            require_followed()
        behind = bool(body.attributes) and not shown_all()
        row = shown.person_by(person)
        if "If-Match" in request.headers and not said_before(request, "profile_changed", history_of(row.id)):
            check_match(request, shown.etag(row))
        owner = values.owner_of(body.owner)
        changed = _stated(row, body.attributes or {}, all_of_it=behind)
        applied = not changed or say(request, "profile_changed", row.id, {"traits": changed}, id=fact_id(request))
        if "owner" in body.model_fields_set and row.owner != owner:
            owners.give(row, owner, by=request.auth.maker)  # type: ignore[attr-defined]
    if not applied:
        return reply(schemas.Applying(fact=fact_id(request), person=str(row.id)), status=202)
    return _told(request, shown.person_by(person))


def _stated(row: Person, given: dict[str, Any], *, all_of_it: bool) -> dict[str, Any]:
    changed = values.changed(given, row.attributes, all_of_it=all_of_it)
    for name in NAMED_BY.keys() & changed.keys():
        other = other_holder(row, name, changed[name]) if changed[name] is not None else None
        if other is not None:
            words = f"The {name} belongs to person {other.id}. If the two are one, POST /people/{row.id}/merge."
            raise Problem("conflict", words, person=str(other.id))
    return changed


@router.post(
    "/people/{person}/stage", response=answers(schemas.Person, 404, 409, also={202: schemas.Applying}),
    summary="Set the stage by hand", **needs("people:write", **WRITES),
)  # fmt: skip
@once
def stage_set(request: HttpRequest, body: schemas.StageSet, person: str = PersonId) -> HttpResponse:
    """It holds until the scores agree with it once, as when it is set in the app, and can be taken back there."""
    behind = not shown_all()
    row = shown.person_by(person)
    props = {"stage": body.stage, **({"reason": body.reason} if body.reason else {})}
    applied = (row.stage == body.stage and not behind) or say(request, "stage_set", row.id, props, id=fact_id(request))
    return _after(request, person, applied)


@router.post(
    "/people/{person}/merge", response=answers(schemas.Person, 404, 409, also={202: schemas.Applying}),
    summary="Join two people", **needs("people:merge", **WRITES),
)  # fmt: skip
@once
def merge(request: HttpRequest, body: schemas.MergeWanted, person: str = PersonId) -> HttpResponse:
    """The person of the address stays; the facts of the other one come to them. It can be undone by unmerge."""
    row, other = shown.person_by(person), shown.person_by(body.other)
    if row.id == other.id:
        return _after(request, person, True)
    props = {"survivor": row.id, "absorbed": other.id}
    return _after(request, person, say(request, "people_merged", row.id, props, id=fact_id(request)))


@router.post(
    "/people/{person}/unmerge", response=answers(schemas.Person, 404, 409, also={202: schemas.Applying}),
    summary="Take two people apart", **needs("people:merge", **WRITES),
)  # fmt: skip
@once
def unmerge(request: HttpRequest, body: schemas.UnmergeWanted, person: str = PersonId) -> HttpResponse:
    """Each gets back the facts that came by identifiers of their own."""
    row, absorbed = shown.person_by(person), int(body.absorbed)
    if absorbed >= shown.MOST_ID:
        raise Problem("not_found", "There is no person with this id.")
    if said_before(request, "people_unmerged", history_of(row.id)):
        return _after(request, person, True)
    link = Merge.objects.filter(absorbed_id=absorbed, unmerged_at=None, survivor_id__in=members(row.id)).first()
    if link is None:
        raise Problem("conflict", f"Person {body.absorbed} is not joined with person {row.id}.")
    props = {"survivor": link.survivor_id, "absorbed": absorbed}
    return _after(request, person, say(request, "people_unmerged", row.id, props, id=fact_id(request)))


def _after(request: HttpRequest, person: str, applied: bool) -> HttpResponse:
    """The person as they are after a fact, or that it is being applied."""
    row = shown.person_by(person)
    if not applied:
        return reply(schemas.Applying(fact=fact_id(request), person=str(row.id)), status=202)
    return _told(request, row)


def _told(request: HttpRequest, row: Person, *, status: int = 200, **headers: str) -> HttpResponse:
    """The person as they are now, which the trail keeps."""
    seen.person(request, row)
    return reply(shown.person(row), status=status, headers={"ETag": shown.etag(row), **headers})
