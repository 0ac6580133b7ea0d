"""Stating people and companies: what one row says meets what another said, and joins nobody whom the key may not."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from embudo.core.event import HOUR
from embudo.doors.api import facts, opportunities, saying
from embudo.doors.models import Answer
from embudo.eventlog import LogUnavailable
from embudo.leads.models import Attribute, Company, Person
from embudo.leads.story import history_of
from tests.cast import ada, bruno
from tests.doors.conftest import Holding, Software
from tests.leads.conftest import Following

CITY = ("Quito", "Lima")


@pytest.fixture
def two(site: Following) -> None:
    at = time.time_ns() // 1000 - HOUR
    site.hears(*(who.journey(at).says(**who.traits) for who in (ada, bruno)))
    Attribute.objects.get_or_create(name="linkedin", defaults={"kind": "text"})


def number(site: Following, who: Any) -> str:
    return str(site.person(who).id)


def writer(software: Holding) -> Software:
    """A key that states people and may not join them."""
    return software("admin", "people:read", "people:write", name="writer")


def test_a_profile_of_somebody_else_is_not_taken(two: None, site: Following, software: Holding) -> None:
    caller, profile = software(), "https://www.linkedin.com/in/bruno"
    address, other = f"people/{number(site, ada)}", number(site, bruno)
    assert caller.patch(f"people/{other}", {"attributes": {"linkedin": profile}}).status_code == 200
    answer = caller.patch(address, {"attributes": {"linkedin": profile}})
    assert (answer.status_code, answer.json()["person"]) == (409, other), answer.content
    assert number(site, ada) != number(site, bruno)


def test_only_a_key_that_may_join_people_joins_them_by_a_row(two: None, site: Following, software: Holding) -> None:
    profile, one, other = "https://www.linkedin.com/in/bruno", number(site, ada), number(site, bruno)
    software().patch(f"people/{other}", {"attributes": {"linkedin": profile}})
    rows = [
        {"email": ada.mail, "attributes": {"linkedin": profile}},
        {"email": ada.mail, "attributes": {"city": "Quito"}},
    ]
    told = writer(software).post("people/bulk", {"rows": rows}).json()["results"]
    assert [each["outcome"] for each in told] == ["refused", "stated"]
    assert "people:merge" in told[0]["why"] and other in told[0]["why"]
    assert software().get(f"people/{other}").json()["id"] == other
    assert writer(software).post("people", rows[0]).status_code == 422
    assert software().post("people/bulk", {"rows": rows[:1]}).json()["stated"] == 1
    assert software().get(f"people/{other}").json()["id"] == software().get(f"people/{one}").json()["id"]


def test_of_two_rows_of_one_person_the_later_stands_though_it_says_what_was(
    two: None, site: Following, software: Holding
) -> None:
    caller = software()
    caller.patch(f"people/{number(site, ada)}", {"attributes": {"city": "Lima"}})
    rows = [{"email": ada.mail, "attributes": {"city": city}} for city in (*CITY, "Lima")]
    told = caller.post("people/bulk", {"rows": rows}).json()["results"]
    assert [each["outcome"] for each in told] == ["stated", "stated", "unchanged"]
    assert site.person(ada).attributes["city"] == "Lima"
    new = [{"external_id": "n-1", "attributes": {"name": "Zoe", "city": city}} for city in CITY]
    caller.post("people/bulk", {"rows": new})
    assert Person.objects.get(name="Zoe").attributes["city"] == "Lima"


def test_of_two_rows_of_one_company_the_later_stands(site: Following, software: Holding) -> None:
    caller = software()
    row = {"domain": "norte.example", "attributes": {"city": "Lima"}}
    assert caller.post("companies", row).status_code == 201
    told = caller.post("companies/bulk", {"rows": [{**row, "attributes": {"city": city}} for city in CITY]})
    assert [each["outcome"] for each in told.json()["results"]] == ["stated", "stated"], told.content
    assert Company.objects.get(domain="norte.example").attributes["city"] == "Lima"


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Makes the tables stay behind the log, or not any more."""
    waits = saying.wait_until_followed

    def turn(on: bool) -> None:
        monkeypatch.setattr(saying, "wait_until_followed", (lambda *_given: False) if on else waits)

    return turn


@pytest.mark.parametrize("bulk", [True, False])
def test_while_the_tables_are_behind_nothing_is_left_out(
    two: None, site: Following, software: Holding, behind: Callable[[bool], None], bulk: bool
) -> None:
    caller, address = software(), f"people/{number(site, ada)}"
    caller.patch(address, {"attributes": {"city": "Lima"}})
    behind(True)
    for city in CITY:
        if bulk:
            told = caller.post("people/bulk", {"rows": [{"email": ada.mail, "attributes": {"city": city}}]}).json()
            assert (told["stated"], told["applied"]) == (1, False)
        else:
            assert caller.patch(address, {"attributes": {"city": city}}).status_code == 202
    behind(False)
    site.follower.catch_up()
    assert site.person(ada).attributes["city"] == "Lima"


def test_what_the_log_does_not_take_is_kept_of_no_row(
    site: Following, software: Holding, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"email": f"p{index}@many.example"} for index in range(600)]
    record_all, calls = saying.record_all, []

    def once_only(*given: Any, **named: Any) -> Any:
        calls.append(given)
        if len(calls) > 1:
            raise LogUnavailable("no room")
        return record_all(*given, **named)

    monkeypatch.setattr(saying, "record_all", once_only)
    first = software().post("people/bulk", {"rows": rows})
    assert (first.status_code, first.json()["stated"]) == (200, 600), first.content
    second = software().post("people/bulk", {"rows": [{"email": "late@many.example"}]})
    assert (second.status_code, second.json()["code"], len(calls)) == (503, "not_now", 2)


def gone(*_given: Any, **_named: Any) -> Any:
    raise LogUnavailable("the disk is gone")


def test_what_cannot_be_read_now_is_told_as_that(two: None, site: Following, software: Holding) -> None:
    caller, address = software(), f"people/{number(site, ada)}"
    with pytest.MonkeyPatch.context() as patch:
        for module in (facts, opportunities):
            patch.setattr(module, "history_of", gone)
        for path in ("events", "score"):
            answer = caller.get(f"{address}/{path}")
            assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "not_now", "5"), path
        patch.setattr(saying, "history_of", gone)
        kept = caller.post(f"{address}/events", {"kind": "call_made", "props": {}})
        assert kept.status_code == 202, kept.content  # it was kept, and only cannot be shown
    assert [each.kind for each in history_of(int(number(site, ada)))].count("call_made") == 1


def test_what_was_done_before_the_process_died_is_answered_as_done(
    two: None, site: Following, software: Holding
) -> None:
    caller, one, other = software(), number(site, ada), number(site, bruno)
    deal = caller.post(f"people/{one}/opportunities", {"name": "Fleet"}).json()["id"]
    caller.post(f"people/{one}/merge", {"other": other})
    etag = caller.get(f"people/{one}")["ETag"]
    place = f"people/{one}/opportunities/{deal}"
    asked: list[tuple[str, str, Any, dict[str, str]]] = [
        ("PATCH", f"people/{one}", {"attributes": {"city": "Quito"}}, {"If_Match": etag}),
        ("POST", f"{place}/move", {"stage": "offer"}, {}),
        ("POST", f"{place}/end", {"outcome": "won"}, {}),
        ("POST", f"people/{one}/unmerge", {"absorbed": other}, {}),
    ]
    for number_, (method, path, body, headers) in enumerate(asked):
        first = caller.ask(method, path, body, Idempotency_Key=f"k{number_}", **headers)
        assert first.status_code == 200, first.content
    for number_, (method, path, body, headers) in enumerate(asked):
        Answer.objects.update(status=None, body="", begun_at=timezone.now() - timedelta(minutes=2))
        again = caller.ask(method, path, body, Idempotency_Key=f"k{number_}", **headers)
        assert again.status_code == 200, (path, again.content)
    assert caller.post(f"{place}/end", {"outcome": "won"}, Idempotency_Key="new").status_code == 409
    assert [each.kind for each in history_of(int(one))].count("opportunity_won") == 1


def test_a_change_of_a_company_that_died_is_answered_as_done(site: Following, software: Holding) -> None:
    caller = software()
    made = caller.post("companies", {"domain": "norte.example", "attributes": {"city": "Lima"}})
    address, etag = f"companies/{made.json()['id']}", made["ETag"]
    body = {"attributes": {"city": "Quito"}}
    assert caller.patch(address, body, If_Match=etag, Idempotency_Key="k").status_code == 200
    Answer.objects.update(status=None, body="", begun_at=timezone.now() - timedelta(minutes=2))
    assert caller.patch(address, body, If_Match=etag, Idempotency_Key="k").status_code == 200
    assert caller.patch(address, body, If_Match=etag, Idempotency_Key="other").status_code == 412
