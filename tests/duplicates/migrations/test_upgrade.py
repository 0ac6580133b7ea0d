"""An install that was used before keeps what was said of pairs of people, and whom companies were given."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from embudo.duplicates.models import Pair
from embudo.leads.models import Company

BEFORE = [("duplicates", "0001_pairs_of_people"), ("leads", "0030_people_are_found_by_company_medium_and_campaign")]


def migrated(*targets: tuple[str, str]) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate(list(targets) or executor.loader.graph.leaf_nodes())
    return MigrationExecutor(connection).loader.project_state(list(targets)).apps if targets else None


@pytest.fixture
def earlier(transactional_db: None) -> Iterator[Any]:
    """The tables as they were, empty; today's again at the end."""
    yield migrated(*BEFORE)
    migrated()


def test_pairs_and_owners_are_as_before(earlier: Any) -> None:
    user = earlier.get_model("accounts", "User").objects.create(email="ana@norte.example", name="Ana")
    company = earlier.get_model("leads", "Company").objects
    company.create(id=1, name="Norte", owner=user)
    company.create(id=2, name="Serra")
    earlier.get_model("duplicates", "Pair").objects.create(left_id=7, right_id=9, probability=0.9, odds=1.0)
    migrated()
    found = Pair.objects.get()
    assert (found.whose, found.left_id, found.right_id, found.probability) == ("people", 7, 9, 0.9)
    Pair.objects.create(whose="companies", left_id=7, right_id=9, probability=0.5, odds=1.0)
    given = dict(Company.objects.values_list("name", "given_owner__name"))
    assert given == {"Norte": "Ana", "Serra": None}
    Pair.objects.filter(whose="companies").delete()
    migrated(*BEFORE)
    assert earlier.get_model("duplicates", "Pair").objects.get().right_id == 9
