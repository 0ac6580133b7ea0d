"""A small crowd made straight in the tables, with ties and gaps in every order."""

from dataclasses import dataclass
from random import Random

import pytest

from embudo.core.event import DAY
from embudo.leads import profile, sql
from embudo.leads.models import Attribute, Company, Person, PersonAttribute, PersonConsent, StageChange, Tag, Tagging

NOW = 1_780_000_000_000_000
FIRST = ("Ana", "Álvaro", "Bruno", "Óscar", "Zoë", "ana maría", "")
LAST = ("Ruiz", "Ibáñez", "de la O", "Peña", "O'Neil")
STAGES = ("lead", "lead", "lead", "qualified", "customer")
COLUMNS = (
    "id", "known", "merged_into_id", "created_at", "name", "mail", "phone", "company_name", "search", "stage", "fit",
    "grade", "engagement", "engagement_order", "first_seen_at", "last_seen_at", "source", "handoff_ready",
)  # fmt: skip


@dataclass(frozen=True)
class Crowd:
    """The people who stand in the list."""

    people: list[Person]


def make(number: int, random: Random) -> Person:
    """Return one person of the crowd; many share their values."""
    name = f"{random.choice(FIRST)} {random.choice(LAST)}".strip()
    shown = {
        "name": name,
        "mail": f"p{number}@{random.choice(('norte', 'serra'))}.example",
        "phone": random.choice(("", "+52 81 8123 4567", "+34600111222")),
        "company_name": random.choice(("", "Norte Logística", "Água Azul")),
    }
    fit = random.choice((None, 10.0, 45.5, 80.0))
    score = random.choice((0.0, 0.0, 0.0, 12.5, 40.0, 77.25))
    last_seen_at = NOW - random.randrange(15) * DAY
    return Person(
        id=random.getrandbits(62),
        known=number % 9 != 0,
        created_at=NOW,
        search=profile.search_text(shown),
        stage=random.choice(STAGES),
        fit=fit,
        grade={None: "", 10.0: "D", 45.5: "C", 80.0: "A"}[fit],
        engagement=score,
        engagement_order=score,
        first_seen_at=last_seen_at - random.randrange(8) * DAY,
        last_seen_at=last_seen_at,
        source=random.choice(("google", "direct", "")),
        handoff_ready=random.random() < 0.1,
        **shown,
    )


@pytest.fixture
def crowd(db: None) -> Crowd:
    """Two hundred people, some anonymous, some merged into others, with attributes and moves."""
    random = Random(5)
    people = [make(number, random) for number in range(200)]
    people[1].merged_into_id = people[2].id
    Person.objects.bulk_create(people)
    Attribute.objects.get_or_create(name="industry", defaults={"kind": "text", "standard": True})
    Attribute.objects.get_or_create(name="budget", defaults={"kind": "number", "standard": True})
    Attribute.objects.create(name="renewal", kind="date")
    for person in people:
        person.given = {
            "industry": random.choice(("logistics", "energy")),
            "budget": random.choice((None, 5000, 20000.5)),
            "renewal": random.choice((None, "2026-09-01", "2027-01-31")),
        }
        given = {name: value for name, value in person.given.items() if value is not None}
        PersonAttribute.objects.bulk_create(
            PersonAttribute(person_id=person.id, attribute=each.attribute, text=each.text, number=each.number)
            for each in profile.values(given)
        )
    walk(people, random)
    sort_and_place(people)
    return Crowd(people)


def sort_and_place(people: list[Person]) -> None:
    """Give some a tag, a company, and touches; by their number, so that everything else stays as it was."""
    tag, company = Tag.objects.create(name="VIP", key="vip"), Company.objects.create(id=7, name="Norte")
    for number, person in enumerate(people):
        person.tagged, person.company = number % 4 == 0, company if number % 5 == 0 else None
        person.medium, person.last_source = ("Cold Call", "organic")[number % 2], ("news", "google")[number % 3 == 0]
    Person.objects.bulk_update(people, ["company", "medium", "last_source"])
    for number, person in enumerate(people):
        person.newsletter = (True, False, None)[number % 3]
    PersonConsent.objects.bulk_create(
        PersonConsent(person=each, purpose=purpose, given=each.newsletter, at=NOW, fact="f", source="app")
        for each in people
        if each.newsletter is not None
        for purpose in ("newsletter", "phone")
    )
    Tagging.objects.bulk_create(
        Tagging(tag=tag, put_on=each.id + offset, person_id=each.id, at=NOW)
        for each in people
        if each.tagged
        for offset in (0, 1)  # as of somebody merged into them
    )


def walk(people: list[Person], random: Random) -> None:
    """Give everybody a chain of moves that begins with their appearance."""
    rows = []
    for person in people:
        at, was = person.first_seen_at, ""
        for stage in ("visitor", *random.sample(("lead", "qualified", "prospect", "customer"), random.randrange(4))):
            rows.append(StageChange(person_id=person.id, from_stage=was, to_stage=stage, at=at, recorded_at=at))
            at, was = at + random.randrange(3) * DAY, stage
    StageChange.objects.bulk_create(rows)


def plan(statement: str, values: tuple[object, ...]) -> str:
    """How SQLite means to answer a query."""
    return "\n".join(str(row[-1]) for row in sql.rows(f"EXPLAIN QUERY PLAN {statement}", values))
