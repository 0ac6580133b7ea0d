"""Companies over the API: stated as an import states them, found again, changed in part, given to somebody."""

import time
from typing import Any

import pytest

from embudo.accounts.models import AuditEntry
from embudo.core.event import HOUR, subject_of
from embudo.leads import rebuild
from embudo.leads.models import Company
from tests.cast import ada, bruno
from tests.doors.conftest import Holding, user_of
from tests.leads.conftest import Following


def hears(site: Following) -> str:
    """Ada and Bruno come by; return the id of Ada's company."""
    at = time.time_ns() // 1000 - HOUR
    site.hears(*(who.journey(at).visits("/pricing").says(**who.traits) for who in (ada, bruno)))
    return str(site.person(ada).company_id)


def rebuilt(site: Following) -> None:
    rebuild.ask(site.log)
    while rebuild.running():
        site.follower.advance_rebuild()


def test_a_company_without_people_is_made_and_stays(site: Following, software: Holding) -> None:
    caller = software()
    row = {"domain": "https://www.Serra.example/about", "name": "Serra", "attributes": {"industry": "mining"}}
    made = caller.post("companies", row)
    assert made.status_code == 201, made.content
    told = made.json()
    assert told["id"] == str(subject_of("company:serra.example"))
    assert (told["name"], told["domain"], told["people"]) == ("Serra", "serra.example", 0)
    assert told["attributes"]["industry"] == "mining"
    again = caller.post("companies", row)
    assert (again.status_code, again.json()) == (200, told)
    assert caller.get(made["Location"].removeprefix("/api/v1/")).json() == told
    assert len(list(site.log.history({int(told["id"])}))) == 1  # what is the same already is no second fact
    site.agrees()
    rebuilt(site)
    assert caller.get(f"companies/{told['id']}").json() == told


def test_one_that_people_work_at_is_the_same(site: Following, software: Holding) -> None:
    company, caller = hears(site), software()
    known = caller.get(f"companies/{company}").json()
    assert (known["people"], known["attributes"]) == (1, {})
    same = caller.post("companies", {"domain": known["domain"]})
    assert (same.status_code, same.json()) == (200, known)
    stated = caller.post("companies", {"domain": known["domain"], "attributes": {"company_size": 180}}).json()
    assert (stated["id"], stated["people"], stated["attributes"]["company_size"]) == (company, 1, 180)
    site.agrees()


@pytest.mark.parametrize("named", [{"domain": "serra.example"}, {"name": "Serra Ltda"}])
def test_a_company_is_changed_in_part_whatever_it_is_called_since(
    site: Following, software: Holding, named: dict[str, str]
) -> None:
    caller = software()
    made = caller.post("companies", {**named, "attributes": {"city": "Lima", "industry": "mining"}}).json()
    address = f"companies/{made['id']}"
    for name in ("Serra Nova", "Serra"):
        assert caller.patch(address, {"attributes": {"name": name}}).json()["name"] == name
    changed = caller.patch(address, {"attributes": {"city": None, "company_size": 7}})
    assert changed.status_code == 200, changed.content
    told = changed.json()["attributes"]
    assert ("city" in told, told["industry"], told["company_size"]) == (False, "mining", 7)
    assert Company.objects.count() == 1
    site.agrees()


def test_what_people_call_their_company_stays(site: Following, software: Holding) -> None:
    company, caller = hears(site), software()
    told = caller.patch(f"companies/{company}", {"attributes": {"name": "Another"}}).json()
    assert (told["name"], told["attributes"]["name"]) == (ada.company, "Another")
    site.agrees()


def test_a_company_is_given_to_somebody_and_the_trail_tells(site: Following, software: Holding) -> None:
    company, caller, rep = hears(site), software("manager"), user_of("sales")
    for _time in range(2):
        assert caller.patch(f"companies/{company}", {"owner": rep.email}).json()["owner"] == rep.email
    entry = AuditEntry.objects.get(verb="company_owner_changed")
    assert (entry.by, entry.detail["now"]) == (user_of("manager"), str(rep))
    assert caller.patch(f"companies/{company}", {"owner": None}).json()["owner"] is None
    refused = caller.patch(f"companies/{company}", {"owner": "nobody@x.example"})
    assert (refused.status_code, refused.json()["errors"][0]["at"]) == (422, "body.owner")


def test_what_was_changed_since_it_was_read_is_told(site: Following, software: Holding) -> None:
    company, caller = hears(site), software()
    etag = caller.get(f"companies/{company}")["ETag"]
    assert caller.get(f"companies/{company}", If_None_Match=etag).status_code == 304
    assert caller.patch(f"companies/{company}", {"attributes": {"city": "Lima"}}, If_Match=etag).status_code == 200
    late = caller.patch(f"companies/{company}", {"attributes": {"city": "Cusco"}}, If_Match=etag)
    assert (late.status_code, late.json()["code"]) == (412, "changed")


def test_many_at_once_each_with_its_result(site: Following, software: Holding) -> None:
    caller = software()
    rows: list[dict[str, Any]] = [
        {"domain": "one.example", "attributes": {"city": "Lima"}}, {"name": "Two"}, {}, {"domain": "no domain"},
        {"domain": "x.example", "attributes": {"company_size": "many"}},
        {"name": "Three", "attributes": {"domain": "three.example"}}, {"name": "Four", "attributes": {"nosuch": 1}},
    ]  # fmt: skip
    told = caller.post("companies/bulk", {"rows": rows}).json()
    assert (told["stated"], told["unchanged"], told["refused"], told["applied"]) == (2, 0, 5, True)
    assert [each["why"] is None for each in told["results"]] == [True, True, *[False] * 5]
    assert told["results"][1]["company"] == str(subject_of("company:name:two"))
    assert caller.post("companies/bulk", {"rows": rows[:2]}).json()["unchanged"] == 2
    listed = caller.get("companies").json()["data"]
    assert sorted(each["name"] for each in listed) == ["Two", "one.example"]
    site.agrees()


def test_asked_twice_with_one_key_it_is_said_once(site: Following, software: Holding) -> None:
    caller = software()
    first, again = (caller.post("companies", {"name": "Two"}, Idempotency_Key="c") for _time in range(2))
    assert (first.content, first.status_code) == (again.content, 201)
    company = int(first.json()["id"])
    for city in ("Lima", "Lima"):
        caller.patch(f"companies/{company}", {"attributes": {"city": city}}, Idempotency_Key="d")
    (made, changed) = site.log.history({company})
    assert (made.kind, changed.props["traits"], changed.context["by_name"]) == (
        "company_changed", {"city": "Lima"}, "Admin · sync (API)",
    )  # fmt: skip


def test_companies_are_joined_and_taken_apart(site: Following, software: Holding) -> None:
    one, caller = hears(site), software()
    other = str(site.person(bruno).company_id)
    before = [caller.get(f"companies/{each}").json() for each in (one, other)]
    joined = caller.post(f"companies/{one}/merge", {"other": other}, Idempotency_Key="m")
    assert (joined.status_code, joined.json()["people"]) == (200, 2), joined.content
    again = caller.post(f"companies/{one}/merge", {"other": other}, Idempotency_Key="m")
    assert again.json() == joined.json()
    answer = caller.get(f"companies/{other}")
    assert (answer.json()["id"], answer["Content-Location"]) == (one, f"/api/v1/companies/{one}")
    assert [each["id"] for each in caller.get("companies").json()["data"]] == [one]
    assert [each["id"] for each in caller.get("companies?domain=serra.example").json()["data"]] == [one]
    assert len(caller.get(f"companies/{other}/people").json()["data"]) == 2
    site.agrees()
    assert caller.post(f"companies/{one}/unmerge", {"absorbed": other}).status_code == 200
    assert [caller.get(f"companies/{each}").json() for each in (one, other)] == before
    assert caller.post(f"companies/{one}/unmerge", {"absorbed": other}).status_code == 409
    site.agrees()


def test_what_is_changed_of_a_company_that_was_joined_is_changed_of_the_one_it_is_part_of(
    site: Following, software: Holding
) -> None:
    one, caller = hears(site), software()
    other = str(site.person(bruno).company_id)
    caller.post(f"companies/{one}/merge", {"other": other})
    changed = caller.patch(f"companies/{other}", {"attributes": {"city": "Lages"}, "owner": "admin@norte.example"})
    assert (changed.json()["id"], changed.json()["attributes"]) == (one, {"city": "Lages"})
    stated = caller.post("companies", {"domain": "serra.example", "attributes": {"city": "Chuy", "industry": "mining"}})
    assert (stated.json()["id"], stated.json()["attributes"]) == (one, {"city": "Lages", "industry": "mining"})
    caller.post(f"companies/{one}/unmerge", {"absorbed": other})
    assert caller.get(f"companies/{one}").json()["owner"] == "admin@norte.example"
    assert caller.get(f"companies/{other}").json()["owner"] is None
    site.agrees()


def test_a_company_of_which_nothing_is_recorded_any_more_is_told_in_words(site: Following, software: Holding) -> None:
    one, caller = hears(site), software()
    other = str(site.person(bruno).company_id)
    Company.objects.filter(pk=one).update(name="Grupo", domain="")
    refused = [
        caller.patch(f"companies/{one}", {"attributes": {"city": "Lages"}}),
        caller.post(f"companies/{one}/merge", {"other": other}),
        caller.post(f"companies/{other}/merge", {"other": one}),
    ]
    assert [each.status_code for each in refused] == [409] * 3
    assert all("which company Grupo is" in each.json()["detail"] for each in refused)


@pytest.mark.parametrize("other", ["1", "9" * 19])
def test_a_company_is_joined_with_none_that_is_not_there(site: Following, software: Holding, other: str) -> None:
    one, caller = hears(site), software()
    assert caller.post(f"companies/{one}/merge", {"other": other}).status_code == 404
    assert caller.post(f"companies/{one}/merge", {"other": one}).status_code == 200
    assert caller.post(f"companies/{one}/unmerge", {"absorbed": other}).status_code in (404, 409)
    assert not Company.objects.exclude(merged_into=None).exists()
