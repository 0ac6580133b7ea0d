"""What software reads of people stands in the trail: by which key, whom or which list, once an hour."""

import time
from typing import Any

import pytest

from embudo.accounts.audit import sentence
from embudo.accounts.models import AuditEntry
from embudo.core.event import HOUR
from embudo.leads import erasure
from tests.cast import ada, bruno
from tests.doors.conftest import Holding, user_of
from tests.leads.conftest import Following


@pytest.fixture
def two(site: Following) -> list[str]:
    """Ada and Bruno, by their ids."""
    at = time.time_ns() // 1000 - HOUR
    site.hears(*(who.journey(at).visits("/pricing").says(**who.traits) for who in (ada, bruno)))
    return [str(site.person(who).id) for who in (ada, bruno)]


def seen() -> list[tuple[str, str, str]]:
    found = AuditEntry.objects.filter(verb__in=("person_read", "list_read")).order_by("id")
    return [(each.verb, each.person, each.detail["key"]) for each in found]


@pytest.mark.parametrize("path", ["people/{}", "people/{}/events", "people/{}/score", "people/{}/opportunities"])
def test_whoever_reads_a_person_is_told_with_the_key(two: list[str], software: Holding, path: str) -> None:
    caller = software("sales", name="CRM sync")
    for _time in range(3):
        assert caller.get(path.format(two[0])).status_code == 200
    assert seen() == [("person_read", two[0], "CRM sync")]
    entry = AuditEntry.objects.get(verb="person_read")
    assert entry.by == user_of("sales") and entry.about == ada.name
    assert sentence(entry) == f"read {ada.name} by the API key “CRM sync”"
    assert list(AuditEntry.about_people([two[0]])) == [entry]


def test_two_keys_of_one_person_are_told_apart(two: list[str], software: Holding) -> None:
    for name in ("one", "other"):
        software(name=name).get(f"people/{two[0]}")
    assert [key for _verb, _person, key in seen()] == ["one", "other"]


def test_an_answer_to_something_stated_tells_of_somebody_too(two: list[str], software: Holding) -> None:
    caller = software("admin", "people:write")
    assert caller.post("people", {"email": ada.mail}).json()["id"] == two[0]
    caller.patch(f"people/{two[1]}", {"attributes": {"city": "Lima"}})
    assert [person for _verb, person, _key in seen()] == two


def test_what_is_known_already_or_refused_tells_nothing(two: list[str], software: Holding) -> None:
    caller = software()
    etag = caller.get(f"people/{two[0]}")["ETag"]
    AuditEntry.objects.all().delete()
    assert caller.get(f"people/{two[0]}", If_None_Match=etag).status_code == 304
    assert software("sales", "companies:read", name="x").get(f"people/{two[0]}").status_code == 403
    assert caller.get("people/77").status_code == 404
    assert seen() == []


def test_a_list_is_told_once_whatever_its_pages_and_never_with_what_was_searched(
    two: list[str], software: Holding, site: Following
) -> None:
    caller = software(name="sync")
    cursor = caller.get("people?stage=lead&q=ada&limit=1").json()["next_cursor"]
    caller.get(f"people?stage=lead&q=ada&limit=1&cursor={cursor or ''}")
    caller.get("people?stage=lead&q=bruno")
    company = site.person(ada).company_id
    caller.get(f"companies/{company}/people")
    told = AuditEntry.objects.filter(verb="list_read").order_by("id").values_list("about", flat=True)
    assert list(told) == ["people?q=…&stage=lead", "people?q=…&stage=lead", f"companies/{company}/people"]


def test_an_erasure_takes_the_name_out(two: list[str], software: Holding, site: Following) -> None:
    software().get(f"people/{two[0]}")
    erasure.erase(int(two[0]), by="test", why="she asked", log=site.log)
    site.follower.catch_up()
    assert AuditEntry.objects.get(verb="person_read").about == "—"


def test_who_reads_again_costs_one_look(two: list[str], software: Holding, django_assert_max_num_queries: Any) -> None:
    caller = software()
    caller.get("people?limit=200")
    with django_assert_max_num_queries(8):
        caller.get("people?limit=200")
