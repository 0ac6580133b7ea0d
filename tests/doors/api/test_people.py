"""People over the API: found, stated once, changed in part, joined and taken apart."""

import re
import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from embudo.core.event import HOUR
from embudo.doors.models import Answer
from embudo.leads.models import Attribute, Person
from embudo.leads.story import history_of
from tests.cast import ada, bruno, clara
from tests.doors.conftest import Holding
from tests.leads.conftest import Following


def recently() -> int:
    """An hour ago."""
    return time.time_ns() // 1000 - HOUR


def number(site: Following, who: Any) -> str:
    """The id of somebody as the API writes it."""
    return str(site.person(who).id)


@pytest.fixture
def three(site: Following) -> None:
    site.hears(*(who.journey(recently()).visits("/pricing").says(**who.traits) for who in (ada, bruno, clara)))


def test_a_person_is_stated_once_and_read_again(site: Following, software: Holding) -> None:
    caller = software()
    row = {"email": " Ada@Norte.example", "external_id": "crm-7", "attributes": {"industry": "logistics"}}
    made = caller.post("people", row)
    assert made.status_code == 201, made.content
    person = made.json()
    assert (person["email"], person["attributes"]["industry"], person["stage"]) == (ada.mail, "logistics", "lead")
    again = caller.post("people", row)
    assert (again.status_code, again.json()["id"]) == (200, person["id"])
    assert caller.get(made["Location"].removeprefix("/api/v1/")).json()["id"] == person["id"]
    stated = [event for event in history_of(int(person["id"])) if event.kind == "profile_changed"]
    assert len(stated) == 1  # what is the same already is no second fact
    assert stated[0].context["by_name"] == "Admin · sync (API)"
    site.agrees()


def test_people_are_found_by_what_the_screen_offers(three: None, software: Holding) -> None:
    caller = software()
    assert [each["name"] for each in caller.get("people?q=ada").json()["data"]] == [ada.name]
    assert [each["name"] for each in caller.get("people?sort=name&limit=2").json()["data"]] == [ada.name, bruno.name]
    assert len(caller.get("people?stage=lead&stage=qualified").json()["data"]) == 3
    assert [each["name"] for each in caller.get("people?a.company_size.min=400").json()["data"]] == [clara.name]


@pytest.mark.parametrize("sort", ["", "name", "-name", "engagement", "seen", "-new", "fit"])
def test_pages_hold_everybody_once(three: None, software: Holding, sort: str) -> None:
    caller, found, cursor = software(), [], ""
    for _page in range(5):
        answer = caller.get(f"people?limit=1&sort={sort}&cursor={cursor}").json()
        found += [each["id"] for each in answer["data"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert sorted(found) == sorted(map(str, Person.objects.filter(known=True).values_list("id", flat=True)))
    assert len(found) == 3


@pytest.mark.parametrize(
    "query",
    [
        "stage=nonsense", "stage=lead&stage=nonsense", "grade=Z", "nonsense=1", "sort=; DROP TABLE leads_person",
        "sort=name' OR 1=1--", "a.nosuch=1", "seen=tomorrow", "score.min=much", "handoff=yes",
        "a.industry') OR ('1'='1=x", "stage=lead'--", "limit=0", "limit=201", "limit=x",
    ],
)  # fmt: skip
def test_a_filter_that_is_not_understood_is_refused_not_ignored(three: None, software: Holding, query: str) -> None:
    answer = software().get(f"people?{query.replace(' ', '%20')}")
    assert answer.status_code == 422, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"]
    assert Person.objects.count() >= 3


@pytest.mark.parametrize("payload", ["' OR '1'='1", "%00", "x%27%3B%20DELETE%20FROM%20leads_person%3B--", "%ED%A0%80"])
def test_sql_in_a_value_is_only_a_value(three: None, software: Holding, payload: str) -> None:
    for query in (f"q={payload}", f"source={payload}", f"a.industry={payload}", f"cursor={payload}"):
        answer = software(name=query[:70]).get(f"people?{query}")
        assert answer.status_code in (200, 400, 422), answer.content
        assert answer.status_code != 200 or answer.json()["data"] == []
    assert Person.objects.filter(known=True).count() == 3


def test_writing_back_a_part_that_was_read_wipes_nothing(three: None, site: Following, software: Holding) -> None:
    caller = software()
    before = caller.get(f"people/{number(site, ada)}")
    person = before.json()
    part = {"attributes": {"industry": person["attributes"]["industry"], "city": "Guadalajara"}}
    answer = caller.patch(f"people/{person['id']}", part, If_Match=before["ETag"])
    assert answer.status_code == 200, answer.content
    assert answer.json()["attributes"] == {**person["attributes"], "city": "Guadalajara"}
    (said,) = [e for e in history_of(int(person["id"])) if e.props.get("traits") == {"city": "Guadalajara"}]
    assert said.context["by_name"] == "Admin · sync (API)"
    cleared = caller.patch(f"people/{person['id']}", {"attributes": {"city": None}})
    assert "city" not in cleared.json()["attributes"]
    untouched = {name: value for name, value in person["attributes"].items() if name != "city"}
    assert cleared.json()["attributes"] == untouched
    assert caller.patch(f"people/{person['id']}", {}).json()["attributes"] == untouched
    assert caller.patch(f"people/{person['id']}", {"attributes": {}}).json()["attributes"] == untouched


def test_what_was_changed_meanwhile_is_not_overwritten(three: None, site: Following, software: Holding) -> None:
    caller = software()
    address = f"people/{number(site, ada)}"
    etag = caller.get(address)["ETag"]
    assert caller.get(address, If_None_Match=etag).status_code == 304
    assert caller.patch(address, {"attributes": {"city": "Saltillo"}}, If_Match=etag).status_code == 200
    late = caller.patch(address, {"attributes": {"city": "Torreón"}}, If_Match=etag)
    assert (late.status_code, late.json()["code"]) == (412, "changed")
    assert caller.get(address).json()["attributes"]["city"] == "Saltillo"
    assert caller.get(address, If_None_Match=etag).status_code == 200
    assert caller.patch(address, {"attributes": {"city": "Torreón"}}, If_Match=late["ETag"]).status_code == 200


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"attributes": {"nosuch": 1}}, "attributes"), ({"attributes": {"company_size": "many"}}, "company_size"),
        ({"attributes": {"company_size": -4}}, "company_size"), ({"attributes": {"country": "Narnia"}}, "country"),
        ({"attributes": {"email": "nobody"}}, "email"), ({"attributes": {"budget": True}}, "budget"),
        ({"attributes": {"city": ["a"]}}, "city"), ({"attributes": {"city": "x" * 1001}}, "city"),
        ({"stage": "lead"}, "stage"), ({"owner": "stranger@evil.example"}, "owner"), ({"attributes": []}, "attributes"),
        ({"attributes": {"interests": "a"}}, "interests"), ({"attributes": {"interests": [1]}}, "interests"),
    ],
)  # fmt: skip
def test_a_value_that_is_none_is_named(three: None, site: Following, software: Holding, body: Any, place: str) -> None:
    address = f"people/{number(site, ada)}"
    caller = software()
    before = caller.get(address).json()["attributes"]
    answer = caller.patch(address, body)
    assert answer.status_code == 422, answer.content
    assert place in answer.json()["errors"][0]["at"] + answer.json()["detail"]
    assert caller.get(address).json()["attributes"] == before


def test_somebody_elses_address_is_not_taken(three: None, site: Following, software: Holding) -> None:
    answer = software().patch(f"people/{number(site, ada)}", {"attributes": {"email": bruno.mail}})
    assert (answer.status_code, answer.json()["person"]) == (409, number(site, bruno))
    assert Person.objects.filter(merged_into=None, known=True).count() == 3


def test_many_are_stated_at_once_each_with_its_result(three: None, site: Following, software: Holding) -> None:
    caller = software()
    rows = [
        {"email": ada.mail, "attributes": {"city": "León"}}, {"email": ada.mail, "attributes": {"city": "Celaya"}},
        {"email": "no address"}, {"attributes": {"city": "x"}}, {"email": bruno.mail, "attributes": {"wrong": 1}},
        {"email": bruno.mail, "attributes": {"city": bruno.city}},
        {"external_id": "crm-9", "attributes": {"name": "Zoe"}}, {"phone": "12"},
    ]  # fmt: skip
    answer = caller.post("people/bulk", {"rows": rows})
    assert answer.status_code == 200, answer.content
    told = answer.json()
    outcomes = [each["outcome"] for each in told["results"]]
    assert outcomes == ["stated", "stated", "refused", "refused", "refused", "unchanged", "stated", "refused"]
    assert (told["stated"], told["unchanged"], told["refused"], told["applied"]) == (3, 1, 4, True)
    assert all(each["why"] for each in told["results"] if each["outcome"] == "refused")
    assert site.person(ada).attributes["city"] == "Celaya"  # of two rows on one person the later one stands
    zoe = Person.objects.get(name="Zoe")
    assert told["results"][6]["person"] == str(zoe.id)
    assert told["results"][0]["person"] == told["results"][1]["person"] == number(site, ada)
    site.agrees()


def test_a_thousand_rows_are_taken_and_one_more_is_not(site: Following, software: Holding) -> None:
    caller = software()
    rows = [{"email": f"p{index}@many.example", "attributes": {"name": f"P {index}"}} for index in range(1001)]
    assert caller.post("people/bulk", {"rows": rows}).status_code == 422
    told = caller.post("people/bulk", {"rows": rows[:1000]}, Idempotency_Key="first").json()
    assert (told["stated"], told["applied"]) == (1000, True)
    assert Person.objects.filter(known=True).count() == 1000
    assert caller.post("people/bulk", {"rows": rows[:1000]}).json()["unchanged"] == 1000


def test_a_stage_is_set_as_in_the_app(three: None, site: Following, software: Holding) -> None:
    address = f"people/{number(site, ada)}/stage"
    caller = software()
    answer = caller.post(address, {"stage": "prospect", "reason": "met at a fair"})
    assert (answer.status_code, answer.json()["stage"]) == (200, "prospect")
    assert caller.post(address, {"stage": "king"}).status_code == 422
    site.agrees()


def test_people_are_joined_and_taken_apart(three: None, site: Following, software: Holding) -> None:
    caller = software()
    one, other = number(site, ada), number(site, bruno)
    joined = caller.post(f"people/{one}/merge", {"other": other})
    assert (joined.status_code, joined.json()["id"]) == (200, one), joined.content
    assert caller.get(f"people/{other}").json()["id"] == one
    assert caller.get(f"people/{other}")["Content-Location"] == f"/api/v1/people/{one}"
    assert caller.post(f"people/{one}/unmerge", {"absorbed": other}).status_code == 200
    assert caller.get(f"people/{other}").json()["id"] == other
    assert caller.post(f"people/{one}/unmerge", {"absorbed": other}).status_code == 409
    site.agrees()


def test_an_owner_is_given_and_taken(three: None, site: Following, software: Holding) -> None:
    caller = software()
    address = f"people/{number(site, ada)}"
    given = caller.patch(address, {"owner": "ADMIN@norte.example"})
    assert given.json()["owner"] == "admin@norte.example"
    assert caller.patch(address, {"attributes": {"city": "x"}}).json()["owner"] == "admin@norte.example"
    assert caller.patch(address, {"owner": None}).json()["owner"] is None


def test_a_request_is_done_once_however_often_it_is_sent(three: None, site: Following, software: Holding) -> None:
    caller = software()
    address = f"people/{number(site, ada)}/events"
    call = {"kind": "call_made", "props": {"outcome": "held", "note": "spoke of prices"}}
    first = caller.post(address, call, Idempotency_Key='"k-1"')
    again = caller.post(address, call, Idempotency_Key="k-1")
    assert (first.status_code, again.status_code) == (201, 201), first.content
    assert first.content == again.content
    assert again["Idempotency-Replayed"] == "true"
    calls = [event for event in history_of(site.person(ada).id) if event.kind == "call_made"]
    assert len(calls) == 1
    other = caller.post(address, {"kind": "note_written", "props": {"note": "x"}}, Idempotency_Key="k-1")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert caller.post(address, call, Idempotency_Key="é").status_code in (400, 201)
    assert caller.post(address, call, Idempotency_Key="x" * 300).status_code == 400
    assert software(name="another").post(address, call, Idempotency_Key="k-1").status_code == 201


def test_a_request_under_way_is_not_done_twice_and_one_that_died_is_done_again(
    three: None, site: Following, software: Holding
) -> None:
    caller = software()
    address = f"people/{number(site, ada)}/events"
    call = {"kind": "call_made", "props": {"outcome": "held"}}
    first = caller.post(address, call, Idempotency_Key="k-2")
    Answer.objects.update(status=None, body="")  # as if the process had died before it answered
    busy = caller.post(address, call, Idempotency_Key="k-2")
    assert (busy.status_code, busy.json()["code"], busy["Retry-After"]) == (409, "in_progress", "1")
    Answer.objects.update(begun_at=timezone.now() - timedelta(minutes=2))
    again = caller.post(address, call, Idempotency_Key="k-2")
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert len([event for event in history_of(site.person(ada).id) if event.kind == "call_made"]) == 1


def test_what_was_refused_keeps_no_key(three: None, site: Following, software: Holding) -> None:
    caller = software()
    address = f"people/{number(site, ada)}/stage"
    assert caller.post(address, {"stage": "king"}, Idempotency_Key="k").status_code == 422
    assert caller.post("people", {"email": "nobody"}, Idempotency_Key="k").status_code == 422
    assert caller.post(address, {"stage": "prospect"}, Idempotency_Key="k").status_code == 200


def test_a_person_who_is_not_there_is_not_found(site: Following, software: Holding) -> None:
    caller = software()
    for id_ in ("1", "9" * 19, "9223372036854775808"):
        assert caller.get(f"people/{id_}").status_code == 404
    for id_ in ("-1", "x", "1" * 25, "../../etc/passwd"):
        assert caller.get(f"people/{id_}").status_code in (404, 422)


def test_an_instant_is_written_the_same_when_it_is_stated_and_when_it_is_read(software: Holding) -> None:
    caller = software()
    made = caller.post("people", {"email": "ada@norte.example"}).json()
    read = caller.get(f"people/{made['id']}").json()
    assert read["stage_since"] == made["stage_since"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", read["stage_since"])


def test_a_bound_that_is_no_number_is_called_so(three: None, software: Holding) -> None:
    Attribute.objects.update_or_create(name="company_size", defaults={"kind": "number"})
    for query in ("a.company_size.min=abc", "score.max=abc"):
        refused = software().get(f"people?{query}")
        assert (refused.status_code, "“abc” is no number" in refused.json()["detail"]) == (422, True)
    assert "is no filter" in software().get("people?a.nothing.min=abc").json()["detail"]
