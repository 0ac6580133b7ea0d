"""Opportunities of everybody over the API: each once, page by page, and only those that are asked for."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from embudo.accounts.models import AuditEntry
from embudo.core.event import DAY, HOUR, Door, Event, Verdict
from embudo.leads import opportunities, owners
from embudo.leads.follow import Follower
from embudo.leads.models import Filling
from tests.cast import MONDAY, Someone, ada, bruno, clara
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
    assert [each["name"] for each in caller.get("opportunities").json()["data"]] == ["Depot", "Fleet", "Tyres"]
    told = {each["name"]: each for each in caller.get("opportunities").json()["data"]}
    assert (told["Tyres"]["status"], told["Tyres"]["amount"], told["Depot"]["reason"]) == ("won", 7, "price")
    person = site.person(ada)
    assert (told["Fleet"]["person"], told["Fleet"]["person_name"]) == (str(person.id), ada.name)
    alone = caller.get(f"people/{person.id}/opportunities").json()["data"]
    more = ("person", "person_name", "owner", "updated_at")
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
    assert names(caller, f"updated_since={(now + timedelta(seconds=20)).isoformat().replace('+', '%2B')}") == []
    assert len(names(caller, f"updated_since={(now - timedelta(hours=2)).isoformat().replace('+', '%2B')}")) == 3


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("status=nonsense", "status"), ("owner=nobody@x.example", "owner"),
        ("updated_since=yesterday", "updated_since"),
        ("updated_since=2026-03-02T09:00:00", "updated_since"), ("limit=0", "limit"),
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
    first = caller.get("opportunities?limit=2").json()
    fleet = first["data"][1]
    assert [each["name"] for each in first["data"]] == ["Depot", "Fleet"] and fleet["closed_at"] is None
    moved = caller.post(f"people/{fleet['person']}/opportunities/{fleet['id']}/move", {"stage": "offer", "amount": 9})
    assert moved.status_code == 200
    rest = caller.get(f"opportunities?cursor={first['next_cursor']}").json()
    assert [(each["name"], each["amount"]) for each in rest["data"]] == [("Tyres", 7), ("Fleet", 9)]
    assert rest["next_cursor"] is None
    assert rest["data"][0]["closed_at"] == rest["data"][0]["changed_at"]
    seen = rest["data"][1]["updated_at"]
    assert news(caller, seen) == ["Fleet"]
    again = caller.get(f"opportunities?cursor={first['next_cursor']}&updated_since={seen}").json()
    assert [each["name"] for each in again["data"]] == ["Fleet"]


def news(caller: Software, since: str) -> list[str]:
    """What a reader is told who asks from this instant on."""
    return [each["name"] for each in caller.get(f"opportunities?updated_since={since}").json()["data"]]


def test_who_reads_on_misses_nothing_that_comes_late_is_taken_back_or_given_away(
    caller: Software, site: Following
) -> None:
    last = caller.get("opportunities").json()["data"][-1]
    ancient = fact(ada, "opportunity_opened", MONDAY, opportunity="old", name="Older than all")
    site.hears([ancient])
    assert news(caller, last["updated_at"])[-1] == "Older than all"
    late = caller.get("opportunities").json()["data"][-1]
    assert late["changed_at"] == late["opened_at"] < last["changed_at"] < late["updated_at"]
    site.hears([fact(ada, "opportunity_moved", MONDAY - HOUR, opportunity=last["id"], stage="talks")])
    assert news(caller, late["updated_at"]) == ["Older than all", "Tyres"]
    (moved,) = caller.get(f"opportunities?updated_since={late['updated_at']}").json()["data"][1:]
    assert (moved["stage"], moved["changed_at"]) == ("talks", last["changed_at"])
    won = fact(ada, "opportunity_won", MONDAY + HOUR, opportunity="old")
    site.hears([won])
    behind = caller.get("opportunities").json()["data"][-1]
    assert (behind["name"], behind["status"]) == ("Older than all", "won")
    site.hears([fact(ada, "fact_withdrawn", MONDAY + DAY, source=won.source, id=won.id)])
    again = caller.get("opportunities?updated_since=" + behind["updated_at"]).json()["data"]
    assert [(each["name"], each["status"]) for each in again] == [("Older than all", "open")]
    assert again[0]["changed_at"] < behind["changed_at"] and again[0]["updated_at"] > behind["updated_at"]
    admin = user_of("admin")
    owners.give(site.person(bruno), admin, by=admin)
    assert news(caller, f"{again[0]['updated_at']}&owner={admin.email}") == ["Depot"]


def fact(who: Someone, kind: str, at: int, **props: Any) -> Event:
    identifier = f"person:{who.subject}"
    return Event("app", f"{kind}-{at}", kind, at, at, at, identifier, who.subject, Door.APP, Verdict.HUMAN, props=props)


def test_while_the_table_is_filled_nobody_is_told_that_there_is_nothing(caller: Software, site: Following) -> None:
    Filling.objects.create(name=opportunities.FILLING)
    AuditEntry.objects.all().delete()
    for address in ("opportunities", f"people/{site.person(ada).id}/opportunities"):
        answer = caller.get(address)
        assert (answer.status_code, answer.json()["code"]) == (503, "not_now"), address
        assert int(answer["Retry-After"]) > 0 and "still being read" in answer.json()["detail"]
    assert not AuditEntry.objects.exists()
    site.follower = Follower(site.config, site.log)
    assert names(caller) == ["Depot", "Fleet", "Tyres"]
