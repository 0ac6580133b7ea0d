"""Companies, attributes and the key itself over the API."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router
from pydantic import Field

from embudo.doors.api import firms, schemas, seen, shown, values
from embudo.doors.api.answers import answers, check_match, is_known, reply
from embudo.doors.api.guard import needs
from embudo.doors.api.hold import held
from embudo.doors.api.once import fact_id, once
from embudo.doors.api.people import KNOWS, MATCHES, WRITES
from embudo.doors.api.problem import Problem
from embudo.doors.api.saying import all_followed, record, require_followed, said_before, shown_all
from embudo.doors.api.upsert import counted
from embudo.doors.models import ApiKey
from embudo.eventlog import Outcome
from embudo.leads import owners
from embudo.leads.attribute import catalogue
from embudo.leads.company_facts import CHANGED
from embudo.leads.company_joins import identifier_of, link_of, merge_props
from embudo.leads.history import COMPANIES_MERGED, COMPANIES_UNMERGED
from embudo.leads.models import LISTED, Company, Person
from embudo.leads.naming import label_of
from embudo.leads.record import Saying, the_log

router = Router()
CompanyId = Path(..., pattern=r"^[0-9]{1,19}$")
MOST = 200


class Asked(schemas.Schema):
    """Which page of a list is asked for."""

    limit: int = Field(50, ge=1, le=MOST)
    cursor: str = Field("", max_length=19)


class CompaniesAsked(Asked):
    """Which companies."""

    domain: str = Field("", max_length=253, description="Only the one with this domain, also by that of one joined.")


@router.get(
    "/companies", response=answers(schemas.Companies), summary="List companies", tags=["Companies"],
    **needs("companies:read"),
)  # fmt: skip
def company_list(request: HttpRequest, asked: CompaniesAsked = Query(...)) -> schemas.Companies:  # noqa: B008
    """In the order of their ids: those that people work at, and those of which something was stated."""
    rows = Company.objects.select_related("owner").filter(id__gt=_behind(asked.cursor), merged_into=None).order_by("id")
    if asked.domain:
        rows = rows.filter(pk__in=_by_domain(asked.domain.strip().lower()))
    found = list(rows[: asked.limit + 1])
    page = found[: asked.limit]
    return schemas.Companies(
        data=shown.companies(page), next_cursor=str(page[-1].id) if len(found) > len(page) else None
    )


@router.post(
    "/companies/bulk", response=answers(schemas.CompanyResults, 409, 413), summary="State many companies",
    tags=["Companies"], **needs("companies:write", **WRITES),
)  # fmt: skip
@once
def companies_state(request: HttpRequest, body: schemas.CompanyRows) -> HttpResponse:
    """Up to 1,000 at once. Each row has its own result: one that is refused keeps no other from being kept."""
    results, applied, _new = firms.rows(request, body.rows)
    return reply(schemas.CompanyResults(results=results, applied=applied, **counted(results)))


@router.post(
    "/companies", response=answers(schemas.Company, 409, also={201: schemas.Company, 202: schemas.Applying}),
    summary="State a company", tags=["Companies"], **needs("companies:write", **WRITES),
)  # fmt: skip
@once
def company_state(request: HttpRequest, body: schemas.CompanyRow) -> HttpResponse:
    """Makes the company, or states more of the one known by this domain or name. 201 when none was known by it."""
    (result,), applied, new = firms.rows(request, [body])
    if result.why is not None:
        raise Problem("not_valid", result.why, errors=[{"at": "body", "what": result.why}])
    address = f"/api/v1/companies/{result.company}"
    return _told(request, str(result.company), applied, status=201 if new else 200, Location=address)


@router.get(
    "/companies/{company}", response=answers(schemas.Company, 404, also={304: None}), summary="Read a company",
    tags=["Companies"], **needs("companies:read", **KNOWS),
)  # fmt: skip
def company_get(request: HttpRequest, company: str = CompanyId) -> HttpResponse:
    """One that was joined is answered by the company it is part of. ETag stands for all but how many people it has."""
    row = _company(company)
    etag = shown.company_etag(row)
    if is_known(request, etag):
        return HttpResponse(status=304, headers={"ETag": etag})
    return _reply(row, **{"Content-Location": f"/api/v1/companies/{row.id}"})


@router.patch(
    "/companies/{company}", response=answers(schemas.Company, 404, 409, 412, also={202: schemas.Applying}),
    summary="Change a company", tags=["Companies"], **needs("companies:write", **MATCHES),
)  # fmt: skip
@once
def company_change(request: HttpRequest, body: schemas.CompanyChange, company: str = CompanyId) -> HttpResponse:
    """Changes what is named and nothing else. What people state their company to be stays what they state."""
    with held(f"company:{_company(company).id}"):
        if "If-Match" in request.headers:
            require_followed()
        behind = bool(body.attributes) and not shown_all()
        row = _company(company)
        if "If-Match" in request.headers and not said_before(request, CHANGED, the_log().history([row.id])):
            check_match(request, shown.company_etag(row))
        owner = values.owner_of(body.owner)
        changed = values.changed(body.attributes or {}, firms.known_of(row), all_of_it=behind)
        applied = not changed or _say(request, row, CHANGED, {"traits": changed})
        if "owner" in body.model_fields_set:
            owners.give_company(row, owner, by=request.auth.maker)  # type: ignore[attr-defined]
    return _told(request, company, applied)


@router.post(
    "/companies/{company}/merge", response=answers(schemas.Company, 404, 409, also={202: schemas.Applying}),
    summary="Join two companies", tags=["Companies"], **needs("companies:merge", **WRITES),
)  # fmt: skip
@once
def company_merge(request: HttpRequest, body: schemas.MergeWanted, company: str = CompanyId) -> HttpResponse:
    """The company of the address stays; the people of the other one come to it. It can be undone by unmerge."""
    row, other = _company(company), _company(body.other)
    if row.id == other.id:
        return _told(request, company, True)
    return _told(request, company, _say(request, row, COMPANIES_MERGED, merge_props(row, other, the_log())))


@router.post(
    "/companies/{company}/unmerge", response=answers(schemas.Company, 404, 409, also={202: schemas.Applying}),
    summary="Take two companies apart", tags=["Companies"], **needs("companies:merge", **WRITES),
)  # fmt: skip
@once
def company_unmerge(request: HttpRequest, body: schemas.UnmergeWanted, company: str = CompanyId) -> HttpResponse:
    """Each has again what was stated of it, and the people who state it or have an address at its domain."""
    row, absorbed = _company(company), int(body.absorbed)
    if absorbed >= shown.MOST_ID:
        raise Problem("not_found", "There is no company with this id.")
    if said_before(request, COMPANIES_UNMERGED, the_log().history([row.id])):
        return _told(request, company, True)
    link = link_of(row, absorbed)
    if link is None:
        raise Problem("conflict", f"Company {body.absorbed} is not joined with company {row.id}.")
    props = {"survivor": link.survivor_id, "absorbed": absorbed}
    return _told(request, company, _say(request, row, COMPANIES_UNMERGED, props))


def _say(request: HttpRequest, row: Company, kind: str, props: dict[str, Any]) -> bool:
    saying = Saying(kind, props, fact_id(request), company=identifier_of(row, the_log()))
    (receipt,) = record(request, [saying])
    if receipt.outcome not in (Outcome.ACCEPTED, Outcome.DUPLICATE):
        raise Problem("conflict", "The log holds another fact by this Idempotency-Key.")
    return all_followed([receipt])


def _told(request: HttpRequest, company: str, applied: bool, *, status: int = 200, **headers: str) -> HttpResponse:
    """The company as it is after a fact, or that it is being applied."""
    if not applied:
        return reply(schemas.Applying(fact=fact_id(request)), status=202)
    return _reply(_company(company), status=status, **headers)


def _reply(row: Company, *, status: int = 200, **headers: str) -> HttpResponse:
    return reply(shown.companies([row])[0], status=status, headers={"ETag": shown.company_etag(row), **headers})


@router.get(
    "/companies/{company}/people", response=answers(schemas.People, 404), summary="List people of a company",
    tags=["Companies"], **needs("people:read"),
)  # fmt: skip
def company_people(request: HttpRequest, asked: Asked = Query(...), company: str = CompanyId) -> schemas.People:  # noqa: B008
    """In the order of their ids."""
    rows = Person.objects.filter(LISTED, company=_company(company), id__gt=_behind(asked.cursor)).order_by("id")
    found = list(rows.select_related("company", "owner").defer("search")[: asked.limit + 1])
    page = found[: asked.limit]
    seen.people(request)
    return schemas.People(data=shown.people(page), next_cursor=str(page[-1].id) if len(found) > len(page) else None)


@router.get(
    "/attributes", response=answers(schemas.AttributeList), summary="List attributes", tags=["Attributes"],
    **needs("people:read"),
)  # fmt: skip
def attribute_list(request: HttpRequest) -> schemas.AttributeList:
    """What may be stated of a person. New ones are made in the app, on the page of a person."""
    rows = sorted(catalogue().values(), key=lambda each: (not each.standard, each.name))
    data = [
        schemas.AttributeShown(
            name=each.name, label=str(label_of(each)), kind=each.kind, options=[str(o) for o in each.options],
            standard=each.standard,
        )
        for each in rows
    ]  # fmt: skip
    return schemas.AttributeList(data=data)


@router.get("/me", response=answers(schemas.Me), summary="Read the key itself", tags=["Key"], **needs(""))
def me(request: HttpRequest) -> schemas.Me:
    """What the key that asks may do now."""
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    scopes = [each for each in key.scopes if key.may(each)]
    return schemas.Me(name=key.name, scopes=scopes, acts_for=key.maker.email, expires_at=key.expires_at)


def _behind(cursor: str) -> int:
    if cursor and not (cursor.isascii() and cursor.isdigit() and int(cursor) < shown.MOST_ID):
        raise Problem("bad_cursor", "It is damaged, or of another list.")
    return int(cursor or -1)


def _company(text: str) -> Company:
    number = int(text)
    rows = Company.objects.select_related("owner", "merged_into__owner")
    found = rows.filter(pk=number).first() if number < shown.MOST_ID else None
    if found is None:
        raise Problem("not_found", "There is no company with this id.")
    return found.merged_into or found


def _by_domain(domain: str) -> list[int]:
    """The companies of a domain, each by the one it is part of."""
    pairs = Company.objects.filter(domain=domain).values_list("pk", "merged_into_id")
    return [company if root is None else root for company, root in pairs]
