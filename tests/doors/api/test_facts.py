"""Timelines, facts, scores with their reasons, opportunities and companies over the API."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest

from embudo.capture.models import Site
from embudo.core.event import DAY, HOUR
from embudo.forms.models import Form
from embudo.privacy.consent import Act, give
from embudo.privacy.models import Purpose
from tests.cast import ada, bruno
from tests.doors.conftest import Holding, user_of
from tests.leads.conftest import Following


def ago(span: int) -> int:
    return time.time_ns() // 1000 - span


@pytest.fixture
def person(site: Following) -> str:
    """Ada, with a history of two days."""
    journey = ada.journey(ago(2 * DAY)).visits("/pricing", reads_s=90).downloads("guide").says(**ada.traits)
    site.hears(journey.later(days=1).requests("demo"), bruno.journey(ago(HOUR)).says(**bruno.traits))
    return str(site.person(ada).id)


def test_a_timeline_is_read_page_by_page(person: str, software: Holding) -> None:
    caller, found, cursor = software(), [], ""
    while True:
        told = caller.get(f"people/{person}/events?limit=2&cursor={cursor}").json()
        found += told["data"]
        if (cursor := told["next_cursor"]) is None:
            break
    kinds = [each["kind"] for each in found]
    assert kinds == ["demo_requested", "profile_changed", "content_downloaded", "page_read", "page_viewed"]
    assert found[0]["words"] == "asked for a demo"
    only = caller.get(f"people/{person}/events?kind=demo_requested").json()
    assert [each["kind"] for each in only["data"]] == ["demo_requested"]
    assert caller.get(f"people/{person}/events?cursor=x").status_code == 400


def test_words_call_forms_and_purposes_by_name_as_the_timeline_does(
    person: str, site: Following, software: Holding
) -> None:
    norte = Site.objects.create(name="Norte")
    Form.objects.create(name="Write to us", slug="contact", site=norte)
    purpose = Purpose.objects.create(code="news", label="News")
    purpose.word({"en": ("News by mail", "Yes."), "es": ("Noticias", "Sí.")}, by=None)
    at = ago(HOUR)
    sent = replace(ada.journey(at).submits("contact").events[-1], source=norte.public_id)
    site.log.commit(events=[sent])
    give(purpose.wording("en"), f"person:{person}", act=Act.STAFF, id="c1", at=at, log=site.log)
    site.follower.catch_up()
    told = software().get(f"people/{person}/events?limit=2").json()["data"]
    props = {each["kind"]: each["props"] for each in told}
    assert (props["form_submitted"]["form"], props["consent_given"]["purpose"]) == ("contact", "news"), "codes stay"
    page = software().client
    page.force_login(user_of("admin"))
    timeline = unescape(page.get(f"/people/{person}/", headers={"accept-language": "en"}).content.decode())
    for each, wanted in zip(sorted(told, key=lambda each: each["kind"]), ("News by mail", "Write to us"), strict=True):
        assert wanted in each["words"], each["words"]
        assert each["words"] in timeline


def test_a_fact_is_recorded_when_it_happened(person: str, site: Following, software: Holding) -> None:
    caller = software("sales")
    at = datetime.fromtimestamp(ago(HOUR) / 1e6, UTC).isoformat()
    body = {"kind": "meeting_held", "at": at, "props": {"subject": "kick-off", "minutes": 45, "online": True}}
    made = caller.post(f"people/{person}/events", body)
    assert made.status_code == 201, made.content
    assert (made.json()["props"], made.json()["door"]) == (body["props"], "app")
    for wrong in (
        {"kind": "page_viewed"}, {"kind": "person_erased"}, {**body, "at": "2999-01-01T00:00:00Z"},
        {**body, "at": "1960-01-01T00:00:00Z"}, {**body, "at": "2026-01-01T00:00:00"},
        {**body, "props": {"a": {"b": 1}}}, {**body, "props": {"note": "x" * 5000}}, {**body, "props": {"traits": "x"}},
        {**body, "at": "0001-01-01T00:00:00Z"},
    ):  # fmt: skip
        assert caller.post(f"people/{person}/events", wrong).status_code == 422, wrong
    site.agrees()


def test_a_score_opens_to_everything_that_adds_up_to_it_at_any_instant(person: str, software: Holding) -> None:
    caller = software()
    told = caller.get(f"people/{person}/score").json()
    parts = sum(each["points"] for each in told["contributions"]) + sum(each["cut_by_cap"] for each in told["groups"])
    assert told["engagement"] == pytest.approx(parts, abs=1e-5)
    assert told["engagement"] > 0 and told["fit"]["score"] is not None
    assert told["engagement"] == pytest.approx(caller.get(f"people/{person}").json()["engagement"], rel=1e-3)
    assert {each["kind"] for each in told["contributions"]} >= {"demo_requested", "content_downloaded"}
    then = datetime.fromtimestamp(ago(DAY + 12 * HOUR) / 1e6, UTC).isoformat().replace("+00:00", "Z")
    before = caller.get(f"people/{person}/score?at={then}").json()
    assert "demo_requested" not in {each["kind"] for each in before["contributions"]}
    assert before["engagement"] < told["engagement"]
    for wrong in ("2999-01-01T00:00:00Z", "x", "2026-01-01T00:00:00", "1960-01-01T00:00:00Z", "0001-01-01T00:00:00Z"):
        assert caller.get(f"people/{person}/score?at={wrong}").status_code == 422


def test_an_opportunity_is_opened_moved_and_won(person: str, site: Following, software: Holding) -> None:
    caller = software("sales")
    base = f"people/{person}/opportunities"
    made = caller.post(base, {"name": "Fleet", "amount": 12_000, "currency": "MXN"}, Idempotency_Key="o")
    assert (made.status_code, made.json()["status"]) == (201, "open"), made.content
    assert (
        caller.post(base, {"name": "Fleet", "amount": 12_000, "currency": "MXN"}, Idempotency_Key="o").json()
        == made.json()
    )
    one = made.json()["id"]
    assert caller.get(f"people/{person}").json()["stage"] == "opportunity"
    assert caller.post(f"{base}/{one}/move", {"stage": "proposal"}).json()["stage"] == "proposal"
    assert caller.post(f"{base}/{one}/end", {"outcome": "lost"}).status_code == 422
    won = caller.post(f"{base}/{one}/end", {"outcome": "won"})
    assert (won.json()["status"], won.json()["amount"]) == ("won", 12_000)
    assert caller.get(f"people/{person}").json()["stage"] == "customer"
    assert caller.post(f"{base}/{one}/end", {"outcome": "won"}).status_code == 409
    assert caller.post(f"{base}/nothing/move", {"stage": "x"}).status_code == 404
    for wrong in ({"amount": -1}, {"amount": "12"}, {"amount": True}, {"currency": "pesos"}, {"amount": 1e18}):
        assert caller.post(base, wrong).status_code == 422, wrong
    assert [each["status"] for each in caller.get(base).json()["data"]] == ["won"]
    site.agrees()


def test_companies_are_read_with_their_people(person: str, software: Holding) -> None:
    caller = software()
    told = caller.get("companies?limit=1").json()
    rest = caller.get(f"companies?cursor={told['next_cursor']}").json()
    names = {each["name"] for each in [*told["data"], *rest["data"]]}
    assert names == {ada.company, bruno.company}
    (norte,) = caller.get("companies?domain=norte.example").json()["data"]
    assert (norte["name"], norte["people"]) == (ada.company, 1)
    assert [each["id"] for each in caller.get(f"companies/{norte['id']}/people").json()["data"]] == [person]
    assert caller.get("companies/1").status_code == 404
    assert caller.get("companies?cursor=x").status_code == 400


def test_attributes_are_told_with_their_kinds(person: str, software: Holding) -> None:
    kinds: dict[str, Any] = {each["name"]: each["kind"] for each in software().get("attributes").json()["data"]}
    assert (kinds["company_size"], kinds["industry"], kinds["city"]) == ("number", "choice", "text")
