"""A crowd for the benches of pages is made of the demo's own people."""

import json

import pytest

from embudo.config import Config
from tests.install import Install

FILL = """
import json
from django.conf import settings
from django.db import connection
from django.db.models import Count
from embudo.core.event import subject_of
from embudo.demo.crowd import people
from embudo.demo.fill import Plan
from embudo.leads.models import Person, PersonAttribute, Score, StageChange
plan = Plan(people=300, days=200, seed=4, until=1781000000000000)
def indexes():
    with connection.cursor() as cursor:
        return {
            name
            for table in ("leads_person", "leads_score", "leads_stagechange", "leads_personattribute")
            for name, about in connection.introspection.get_constraints(cursor, table).items() if about["index"]
        }
before = indexes()
people(settings.EMBUDO, 400, plan, known_share=0.75)
moves = StageChange.objects.filter(superseded_at=None)
print(json.dumps({
    "people": Person.objects.filter(merged_into=None).count(),
    "known": Person.objects.filter(known=True, merged_into=None).count(),
    "mails": Person.objects.filter(known=True).exclude(mail="").values("mail").distinct().count(),
    "ids": sum(person.id == subject_of("mail:" + person.mail) for person in Person.objects.filter(known=True)),
    "scores": Score.objects.count(),
    "arrivals": moves.filter(from_stage="").count(),
    "lonely": Person.objects.filter(merged_into=None).exclude(id__in=moves.values("person_id")).count(),
    "values": PersonAttribute.objects.count(),
    "searchable": Person.objects.filter(known=True, search="").exclude(mail="").count(),
    "indexes": [len(before), before == indexes()],
    "times": Person.objects.filter(first_seen_at__lt=0).count(),
}))
"""


@pytest.fixture
def install(config: Config, tmp_path):
    made = Install(config, tmp_path)
    made.embudo("prepare")
    return made


def test_clones_have_scores_moves_and_names_of_their_own(install):
    found = json.loads(install.embudo("manage", "shell", "-v", "0", "-c", FILL).splitlines()[-1])
    assert found["people"] >= 700
    assert 250 < found["known"] < 400
    assert found["mails"] > 250
    assert found["ids"] > 250
    assert found["scores"] >= found["people"]
    assert found["arrivals"] >= found["people"]
    assert found["lonely"] == found["searchable"] == found["times"] == 0
    assert found["values"] > 1000
    assert found["indexes"][0] > 10
    assert found["indexes"][1]
