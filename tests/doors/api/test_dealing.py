"""Opportunities of everybody over the API: each once, page by page, and only those that are asked for."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from embudo.accounts.models import AuditEntry
from embudo.core.event import HOUR
from embudo.leads import owners
from tests.cast import ada, bruno, clara
from tests.doors.conftest import Holding, Software, user_of
from tests.leads.conftest import Following


@pytest.fixture
def caller(site: Following, software: Holding) -> Software:
    """Ada has two opportunities, Bruno a lost one, Clara none; Ada belongs to somebody of sales."""
    at = time.time_ns() // 1000 - HOUR
    site.hears(*(who.journey(at).visits("/pricing").says(**who.traits) for who in (ada, bruno, clara)))
    found = software()
    one, other = (f"people/{site.person(who).id}/opportunities" for who in (ada, bruno))
    for address, name in ((one, "Fleet"), (one, "Tyres"), (other, "Depot")):
        made = found.post(address, {"name": name, "amount": 7})
        assert made.status_code == 201
        if name != "Fleet":
            outcome: dict[str, Any] = {"outcome": "won"} if name == "Tyres" else {"outcome": "lost", "reason": "price"}
            assert found.post(f"{address}/{made.json()['id']}/end", outcome).status_code == 200
    owners.give(site.person(ada), user_of("sales"), by=user_of("admin"))
    return found


def names(caller: Software, query: str = "") -> list[str]:
    """What is found, page by page of one opportunity, in alphabetical order."""
    found, cursor = [], ""
    while cursor is not None:
        answer = caller.get(f"opportunities?limit=1&cursor={cursor}&{query}")
        assert answer.status_code == 200, answer.content
        page = answer.json()
        found += [each["name"] for each in page["data"]]
        cursor = page["next_cursor"]
    return sorted(found)


def test_everybodys_are_listed_once_as_those_of_each_person_are(caller: Software, site: Following) -> None:
    assert names(caller) == ["Depot", "Fleet", "Tyres"]
    assert [each["name"] for each in caller.get("opportunities").json()["data"]] == ["Fleet", "Tyres", "Depot"]
    told = {each["name"]: each for each in caller.get("opportunities").json()["data"]}
    assert (told["Tyres"]["status"], told["Tyres"]["amount"], told["Depot"]["reason"]) == ("won", 7, "price")
    person = site.person(ada)
    assert (told["Fleet"]["person"], told["Fleet"]["person_name"]) == (str(person.id), ada.name)
    alone = caller.get(f"people/{person.id}/opportunities").json()["data"]
    more = ("person", "person_name", "owner")
    mine = [{name: value for name, value in told[each["name"]].items() if name not in more} for each in alone]
    assert mine == alone
    assert AuditEntry.objects.filter(verb="list_read", about="opportunities").count() == 1


def test_only_those_asked_for_are_listed(caller: Software) -> None:
    assert [names(caller, f"status={each}") for each in ("open", "won", "lost")] == [["Fleet"], ["Tyres"], ["Depot"]]
    sales = user_of("sales").email
    assert names(caller, f"owner={sales}") == ["Fleet", "Tyres"] and names(caller, f"owner={sales}&status=won") == [
        "Tyres"
    ]
    now = datetime.now(UTC)
    assert names(caller, f"changed_since={(now + timedelta(seconds=20)).isoformat().replace('+', '%2B')}") == []
    assert len(names(caller, f"changed_since={(now - timedelta(hours=2)).isoformat().replace('+', '%2B')}")) == 3


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("status=nonsense", "status"), ("owner=nobody@x.example", "owner"),
        ("changed_since=yesterday", "changed_since"),
        ("changed_since=2026-03-02T09:00:00", "changed_since"), ("limit=0", "limit"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused(software: Holding, query: str, place: str) -> None:
    answer = software().get(f"opportunities?{query}")
    assert answer.status_code == 422 and place in answer.json()["errors"][0]["at"], answer.content


@pytest.mark.parametrize("cursor", ["x", "-1", "99", "9223372036854775808~1", "1~2~3", "1~", "1~-2", "\u0661~1"])
def test_a_damaged_cursor_is_refused(software: Holding, cursor: str) -> None:
    assert software().get(f"opportunities?cursor={cursor}").status_code in (400, 422)


def test_who_was_merged_is_listed_as_the_one_they_are_part_of(caller: Software, site: Following) -> None:
    one, other = site.person(ada).id, site.person(bruno).id
    assert caller.post(f"people/{one}/merge", {"other": str(other)}).status_code == 200
    assert {each["person"] for each in caller.get("opportunities").json()["data"]} == {str(one)}
    assert names(caller) == ["Depot", "Fleet", "Tyres"]


def test_what_changes_while_pages_are_read_comes_again_at_the_end(caller: Software, site: Following) -> None:
    first = caller.get("opportunities?limit=1").json()
    assert [each["name"] for each in first["data"]] == ["Fleet"] and first["data"][0]["closed_at"] is None
    person = site.person(ada).id
    moved = caller.post(f"people/{person}/opportunities/{first['data'][0]['id']}/move", {"stage": "offer", "amount": 9})
    assert moved.status_code == 200
    rest = caller.get(f"opportunities?cursor={first['next_cursor']}").json()
    assert [(each["name"], each["amount"]) for each in rest["data"]] == [("Tyres", 7), ("Depot", 7), ("Fleet", 9)]
    assert rest["next_cursor"] is None
    assert rest["data"][0]["closed_at"] == rest["data"][0]["changed_at"]
    seen = rest["data"][1]["changed_at"]
    since = caller.get(f"opportunities?limit=1&changed_since={seen.replace('+', '%2B')}").json()
    assert [each["name"] for each in since["data"]] == ["Depot"]
    again = caller.get(f"opportunities?cursor={first['next_cursor']}&changed_since={seen.replace('+', '%2B')}").json()
    assert [each["name"] for each in again["data"]] == ["Depot", "Fleet"]
