"""People, facts and companies as the API shows them."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.http import Http404

from embudo.core.event import Event
from embudo.doors.api import schemas
from embudo.doors.api.answers import etag_of
from embudo.doors.api.problem import Problem
from embudo.doors.ids import with_ids_as_texts
from embudo.leads.by_name import by_name
from embudo.leads.clock import now
from embudo.leads.models import LISTED, Company, Person
from embudo.leads.queries import scores
from embudo.leads.sentences import sentence
from embudo.leads.views.applying import person_now

MOST_ID = 2**63


def person_by(text: str) -> Person:
    """Return the person of an id, the survivor of who was merged; raises Problem."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else MOST_ID
    try:
        return person_now(number)
    except Http404 as error:
        raise Problem("not_found", "There is no person with this id.") from error


def people(rows: Iterable[Person]) -> list[schemas.Person]:
    """Return people in their order, each engagement as of now."""
    found, at = list(rows), now()
    engagement = scores.now_of(found, at)
    return [_person(each, engagement[each.id], at) for each in found]


def person(row: Person) -> schemas.Person:
    """Return one person."""
    return people([row])[0]


def etag(row: Person) -> str:
    """Return what changes with everything of a person but what time alone changes."""
    company = [row.company_id, row.company.name] if row.company else None
    return etag_of([row.id, row.attributes, row.stage, row.stage_since_at, row.owner_id, company, row.handoff_ready])


def _person(row: Person, engagement: float, at: int) -> schemas.Person:
    company = schemas.CompanyRef(id=str(row.company.id), name=row.company.name) if row.company else None
    return schemas.Person(
        id=str(row.id), url=f"{settings.EMBUDO.site_address}/people/{row.id}/", name=row.name, email=row.mail,
        phone=row.phone, title=row.title, company=company, stage=row.stage, stage_since=moment(row.stage_since_at),
        handoff_ready=row.handoff_ready, owner=row.owner.email if row.owner else None, fit=row.fit, grade=row.grade,
        fit_known_share=row.fit_known_share, disqualified=row.disqualified, engagement=round(engagement, 6),
        engagement_at=moment(at), first_seen_at=moment(row.first_seen_at if row.first_seen_known else None),
        last_seen_at=moment(row.last_seen_at if row.last_seen_known else None), events=row.events, source=row.source,
        medium=row.medium, campaign=row.campaign, landing_page=row.landing_page, attributes=row.attributes,
    )  # fmt: skip


def moment(at: int | None) -> Any:
    """Return microseconds since 1970 as an instant in UTC; None when unknown or beyond what a date can write."""
    try:
        return None if at is None else datetime.fromtimestamp(at / 1_000_000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def micros(instant: datetime) -> int:
    """Return an instant in microseconds since 1970."""
    return int(instant.timestamp() * 1_000_000)


def facts(events: Iterable[Event], *, taken_back: Collection[tuple[str, str]] = ()) -> list[schemas.Fact]:
    """Return facts in their order; `words` call forms and purposes by name as the timeline does, `props` by code."""
    found = list(events)
    read = by_name(found)
    return [_fact(each, sentence(read(each)), each.key in taken_back) for each in found]


def _fact(event: Event, words: str, taken_back: bool) -> schemas.Fact:
    return schemas.Fact(
        id=event.id, source=event.source, kind=event.kind, at=moment(event.at), received_at=moment(event.received_at),
        door=event.door.value, verdict=event.verdict.value, words=words, taken_back=taken_back,
        props=with_ids_as_texts(event.props),
    )  # fmt: skip


def companies(rows: Iterable[Company]) -> list[schemas.Company]:
    """Return companies in their order, each with how many people of it there are."""
    found = list(rows)
    listed = Person.objects.filter(LISTED, company__in=found).values("company")
    counts = dict(listed.annotate(n=Count("id")).values_list("company", "n"))
    return [
        schemas.Company(
            id=str(row.id), url=f"{settings.EMBUDO.site_address}/companies/{row.id}/", name=row.name,
            domain=row.domain, people=counts.get(row.id, 0), owner=row.owner.email if row.owner else None,
            attributes=row.attributes,
        )
        for row in found
    ]  # fmt: skip


def company_etag(row: Company) -> str:
    """Return what changes with everything of a company but its people."""
    return etag_of([row.id, row.name, row.domain, row.attributes, row.owner_id])
