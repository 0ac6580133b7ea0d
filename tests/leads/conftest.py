"""What the tests of leads share: an empty log of their own, and somebody who follows it into the test's tables."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection

from embudo.config import Config
from embudo.core.event import Event
from embudo.eventlog import Log, open_log
from embudo.leads import opportunities
from embudo.leads.advance import advance
from embudo.leads.check import check
from embudo.leads.follow import Follower
from embudo.leads.models import Opportunity, Person, PersonAttribute, Score, StageChange
from embudo.leads.moves import VISITOR
from tests.cast import Someone

VARYING = ("engagement_order",)  # a snapshot of the moment


@dataclass
class Following:
    """A log and the tables that follow it."""

    config: Config
    log: Log
    follower: Follower = field(init=False)

    def __post_init__(self) -> None:
        self.follower = Follower(self.config, self.log)

    def hears(self, *journeys: Iterable[Event]) -> None:
        """The log keeps these facts, and the tables follow."""
        self.log.append([event for journey in journeys for event in journey])
        self.follower.catch_up()

    def reaches(self, at: int) -> int:
        """Time passes up to an instant; return how many people changed."""
        return advance(self.follower.online, self.log, at)

    def person(self, who: Someone) -> Person:
        """The person known by this mail address."""
        return Person.objects.get(mail=who.mail, merged_into=None)

    def agrees(self) -> None:
        """A second computation from the log finds the same people, scores and moves."""
        findings = check(self.log, self.follower.online.definition, self.follower.cursor)
        assert findings.differences == []
        assert findings.people == Person.objects.filter(merged_into=None).count()
        conserved()


def moves_of(person: Person) -> list[tuple[str, str]]:
    """The stages a person went through, in order."""
    standing = StageChange.objects.filter(person=person, superseded_at=None).order_by("at", "id")
    return list(standing.values_list("from_stage", "to_stage"))


def conserved() -> None:
    """The population of each stage is its entries less its exits."""
    standing = StageChange.objects.filter(superseded_at=None)
    stages = {VISITOR, *Person.objects.values_list("stage", flat=True), *standing.values_list("to_stage", flat=True)}
    for stage in stages:
        population = Person.objects.filter(stage=stage, merged_into=None).count()
        entries, exits = standing.filter(to_stage=stage).count(), standing.filter(from_stage=stage).count()
        assert population == entries - exits, stage


def rows() -> dict[str, Any]:
    """Everything that is derived and does not depend on when it was written."""
    people = {row.pop("id"): row for row in Person.objects.values() if row["merged_into_id"] is None}
    for row in people.values():
        for name in VARYING:
            del row[name]
    return {
        "people": people,
        "values": set(PersonAttribute.objects.values_list("person_id", "attribute", "text", "number")),
        "opportunities": set(Opportunity.objects.values_list("person_id", *opportunities.COLUMNS)),
        "due": set(Score.objects.values_list("person_id", "next_change_at")),
        "moves": {
            (move.person_id, move.from_stage, move.to_stage, move.at, move.why, str(move.causes))
            for move in StageChange.objects.filter(superseded_at=None)
        },
    }


def forget_everything() -> None:
    """Empty the tables of leads, for properties that try many histories."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith("leads_") and not table.startswith("leads_attribute"):
                cursor.execute(f"DELETE FROM {table}")


@pytest.fixture
def log(config: Config) -> Iterator[Log]:
    """An empty log."""
    found = open_log(config)
    yield found
    found.close()


@pytest.fixture
def following(config: Config, log: Log, transactional_db: None) -> Following:
    """An empty log and the tables that follow it."""
    return Following(config, log)
