"""Companies, attributes and the key itself over the API."""

from collections.abc import Iterable

from django.db.models import Count
from django.http import HttpRequest
from ninja import Path, Query, Router
from pydantic import Field

from embudo.doors.api import schemas, seen, shown
from embudo.doors.api.answers import answers
from embudo.doors.api.guard import needs
from embudo.doors.api.problem import Problem
from embudo.doors.api.values import catalogue
from embudo.doors.models import ApiKey
from embudo.leads.models import LISTED, Company, Person
from embudo.leads.naming import label_of

router = Router()
CompanyId = Path(..., pattern=r"^[0-9]{1,19}$")
MOST = 200


class Asked(schemas.Schema):
    """Which page of a list is asked for."""

    limit: int = Field(50, ge=1, le=MOST)
    cursor: str = Field("", max_length=19)


class CompaniesAsked(Asked):
    """Which companies."""

    domain: str = Field("", max_length=253, description="Only the one with this domain.")


@router.get(
    "/companies", response=answers(schemas.Companies), summary="List companies", tags=["Companies"],
    **needs("companies:read"),
)  # fmt: skip
def company_list(request: HttpRequest, asked: CompaniesAsked = Query(...)) -> schemas.Companies:  # noqa: B008
    """In the order of their ids. Companies follow from what people state: state `company` of a person to change one."""
    rows = Company.objects.filter(id__gt=_behind(asked.cursor)).order_by("id")
    if asked.domain:
        rows = rows.filter(domain=asked.domain.strip().lower())
    found = list(rows[: asked.limit + 1])
    page = found[: asked.limit]
    return schemas.Companies(data=_shown(page), next_cursor=str(page[-1].id) if len(found) > len(page) else None)


@router.get(
    "/companies/{company}", response=answers(schemas.Company, 404), summary="Read a company", tags=["Companies"],
    **needs("companies:read"),
)  # fmt: skip
def company_get(request: HttpRequest, company: str = CompanyId) -> schemas.Company:
    """One company."""
    return _shown([_company(company)])[0]


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
    found = Company.objects.filter(pk=number).first() if number < shown.MOST_ID else None
    if found is None:
        raise Problem("not_found", "There is no company with this id.")
    return found


def _shown(rows: Iterable[Company]) -> list[schemas.Company]:
    found = list(rows)
    listed = Person.objects.filter(LISTED, company__in=found).values("company")
    counts = dict(listed.annotate(n=Count("id")).values_list("company", "n"))
    return [shown.company(each, counts.get(each.id, 0)) for each in found]
