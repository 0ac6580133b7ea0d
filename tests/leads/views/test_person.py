"""The page of one person: what it tells, and what may be said there."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from embudo.accounts.models import AuditEntry
from embudo.capture.models import Site
from embudo.core.event import DAY, SECOND, Door
from embudo.forms.models import Form
from embudo.leads.by_name import by_name
from embudo.leads.models import Attribute, Person, StageChange
from embudo.leads.story import history_of
from embudo.leads.views.profile import fields
from embudo.privacy.models import Purpose
from tests.cast import MONDAY, ada, bruno, mallory
from tests.leads.conftest import Following
from tests.leads.views.conftest import SignIn, named, text


@pytest.fixture(autouse=True)
def story(site: Following) -> None:
    visits = ada.coming_from("google").visits("/pricing", title="Pricing", topic="pricing", reads_s=90, scrolls=0.9)
    site.hears(visits.later(days=1).requests("demo").by_machine().opens("News"))
    site.hears(bruno.visits("/blog").subscribes())


def address(who: object = ada, rest: str = "") -> str:
    return f"/people/{named(who).id}/{rest}"  # type: ignore[arg-type]


def undo_of(page: str) -> str:
    """The address that the toast's Undo posts to."""
    found = re.search(r'class="toast-card".*?action="([^"]+)"', page.replace("&amp;", "&"), re.DOTALL)
    assert found
    return found[1]


def fresh() -> str:
    return str(uuid4())


# -- what it tells --------------------------------------------------------------------------------------


def test_the_page_tells_who_they_are_and_what_they_did(sign_in: SignIn) -> None:
    page = text(sign_in().get(address()))
    for words in (
        ada.name,
        ada.title,
        ada.company,
        "asked for a demo",
        "read “Pricing” for 1:30 min, 90%",
        "not counted",
    ):
        assert words in page


def test_a_page_view_and_its_reading_are_one_line(sign_in: SignIn) -> None:
    page = text(sign_in().get(address()))
    assert page.count("Pricing”") == 1


def test_the_timeline_shows_one_part(sign_in: SignIn) -> None:
    answer = text(sign_in().get(address(rest="timeline/?show=sales"), headers={"HX-Request": "true"}))
    assert "asked for a demo" in answer
    assert "Pricing" not in answer


def test_a_long_timeline_goes_on_without_gaps_or_repeats(site: Following, sign_in: SignIn) -> None:
    journey = ada.journey().later(days=2)
    for number in range(95):
        journey = journey.visits(f"/page-{number}")
    site.hears(journey.requests("quote"))
    client, found, next_one = sign_in(), [], address(rest="timeline/")
    for _page in range(5):
        answer = text(client.get(next_one, headers={"HX-Request": "true"})).replace("&amp;", "&")
        found += re.findall(r"“/page-(\d+)”", answer)
        more = re.search(r'hx-get="(/people/\d+/timeline/\?show=[^"]*after=[^"]+)"', answer)
        if not more:
            break
        next_one = more[1]
    assert found == [str(number) for number in reversed(range(95))]


def test_the_parts_of_a_score_add_up_at_any_date(sign_in: SignIn) -> None:
    client = sign_in()
    for query in ("", "?on=2026-03-03", "?on=2026-03-10", "?on=1999-01-01", "?on=nonsense"):
        answer = client.get(address(rest=f"why/{query}"))
        told = answer.context["told"]
        assert round(sum(line.points for line in told.lines) + sum(cut.points for cut in told.cuts), 1) == told.score
    assert "Nothing counted at that date" in text(client.get(address(rest="why/?on=1999-01-01")))


def test_nobody_is_404_and_a_visitor_who_was_named_leads_to_the_person(sign_in: SignIn) -> None:
    client = sign_in()
    assert client.get("/people/123/").status_code == 404
    assert client.get(f"/people/{2**80}/").status_code == 404
    if named(ada).id != ada.visitor:
        assert client.get(f"/people/{ada.visitor}/")["Location"] == address()


@pytest.mark.parametrize("rest", ["", "why/", "merge/?q=script", "timeline/", "attributes/", "attributes/title/"])
def test_what_people_write_is_never_markup(site: Following, sign_in: SignIn, rest: str) -> None:
    payload = '"><script>alert(1)</script>'
    site.hears(
        mallory.visits(f"/{payload}", title=payload, topic=payload, reads_s=50)
        .submits(payload, question=payload)
        .is_told("opportunity_opened", opportunity=payload, name=payload, amount=5)
        .is_told("note_written", note=payload)
        .says(**{"role": payload, "<b>custom</b>": payload})
    )
    page = text(sign_in().get(address(mallory, rest)))
    assert "<script>alert" not in page
    assert "<b>custom" not in page
    assert "<img src=x" not in page
    assert "<svg onload" not in page


# -- what may be said -----------------------------------------------------------------------------------


def test_setting_the_stage_is_a_fact_and_can_be_undone(site: Following, sign_in: SignIn) -> None:
    client, before = sign_in(), named(ada).stage
    answer = client.post(
        address(rest="stage/"), {"stage": "customer", "reason": "signed on paper", "fact": fresh()}, follow=True
    )
    assert named(ada).stage == "customer"
    assert "stage set to Customer" in text(answer)
    client.post(undo_of(text(answer)))
    assert named(ada).stage == before
    told = [event for event in history_of(named(ada).id) if event.door is Door.APP]
    assert [event.kind for event in told] == ["stage_set", "fact_withdrawn"]


def test_a_double_click_counts_once(site: Following, sign_in: SignIn) -> None:
    client, fact = sign_in(), fresh()
    for _click in range(3):
        client.post(address(rest="notes/"), {"kind": "call_made", "note": "spoke", "fact": fact})
    assert [event.kind for event in history_of(named(ada).id)].count("call_made") == 1


def test_the_same_form_with_other_content_is_refused(site: Following, sign_in: SignIn) -> None:
    client, fact = sign_in(), fresh()
    client.post(address(rest="notes/"), {"kind": "note_written", "note": "one", "fact": fact})
    answer = client.post(address(rest="notes/"), {"kind": "note_written", "note": "two", "fact": fact}, follow=True)
    assert "recorded before with other content" in text(answer)


@pytest.mark.parametrize(
    ("kind", "typed", "value", "shown"),
    [
        ("text", ["north"], "north", "north"),
        ("number", ["1,250.5"], 1250.5, "1,250.50"),
        ("money", ["9000"], 9000, "9,000"),
        ("choice", ["b"], "b", "b"),
        ("choices", ["a", "c"], ["a", "c"], "a, c"),
        ("date", ["2026-09-01"], "2026-09-01", "Sept. 1, 2026"),
        ("boolean", ["no"], False, "no"),
    ],
)
def test_an_attribute_of_every_kind_is_stated_shown_and_cleared(
    site: Following, sign_in: SignIn, kind: str, typed: list[str], value: object, shown: str
) -> None:
    client = sign_in()
    answer = client.post(address(rest="attributes/"), {"label": "Sales région", "kind": kind, "options": "a\nb\nc"})
    assert answer["Location"].endswith("/attributes/sales_region/")
    assert Attribute.objects.get(pk="sales_region").kind == kind
    client.post(address(rest="attributes/sales_region/"), {"value": typed, "fact": fresh()})
    assert named(ada).attributes["sales_region"] == value
    page = text(client.get(address()))
    assert "Sales région" in page
    assert shown in page
    assert shown in text(client.get(address(rest="attributes/sales_region/")))
    client.post(address(rest="attributes/sales_region/"), {"value": "", "fact": fresh()})
    assert "sales_region" not in named(ada).attributes


@pytest.mark.parametrize(
    ("kind", "typed"),
    [("number", "many"), ("date", "tomorrow"), ("number", "1e400"), ("number", "nan"), ("money", "12.000,50")],
)
def test_a_value_of_the_wrong_kind_is_refused_with_words(sign_in: SignIn, kind: str, typed: str) -> None:
    Attribute.objects.create(name="size_of_fleet", label="Fleet", kind=kind)
    answer = sign_in().post(address(rest="attributes/size_of_fleet/"), {"value": typed, "fact": fresh()})
    assert answer.status_code == 422
    assert "Write" in text(answer)
    assert f'value="{typed}"' in text(answer)
    assert "size_of_fleet" not in named(ada).attributes


def test_an_attribute_keeps_its_history(site: Following, sign_in: SignIn) -> None:
    client = sign_in()
    client.post(address(rest="attributes/city/"), {"value": "Querétaro", "fact": fresh()})
    page = text(client.get(address(rest="attributes/city/")))
    assert "Querétaro" in page
    assert ada.city in page
    assert "in force" in page


def test_an_opportunity_is_opened_and_won(site: Following, sign_in: SignIn) -> None:
    client = sign_in("sales")
    client.post(
        address(rest="opportunities/"),
        {"verb": "open", "name": "Fleet", "amount": "12,000", "currency": "eur", "fact": fresh()},
    )
    assert named(ada).stage == "opportunity"
    page = client.get(address())
    (deal,) = page.context["opportunities"]
    assert (deal.name, deal.amount, deal.currency, deal.status) == ("Fleet", 12000.0, "EUR", "open")
    client.post(address(rest="opportunities/"), {"verb": "won", "opportunity": deal.id, "fact": fresh()})
    assert named(ada).stage == "customer"
    assert client.get(address()).context["opportunities"][0].status == "won"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"amount": "12.000,50"}, "Write a number, such as 12,000.50."),
        ({"amount": "12,5"}, "Write a number, such as 12,000.50."),
        ({"amount": "-5"}, "Write an amount that is not below zero."),
        ({"amount": "5", "currency": "R$"}, "Write the currency as three letters, such as USD."),
        ({"amount": "5", "currency": "euro"}, "Write the currency as three letters, such as USD."),
    ],
)
def test_an_amount_that_cannot_be_read_is_refused_with_words(
    site: Following, sign_in: SignIn, given: dict[str, str], words: str
) -> None:
    client = sign_in("sales")
    page = text(client.post(address(rest="opportunities/"), {"verb": "open", "fact": fresh(), **given}, follow=True))
    assert words in page
    assert client.get(address()).context["opportunities"] == []


def test_the_amount_of_an_opportunity_is_the_same_in_every_language_when_it_is_won(
    site: Following, sign_in: SignIn
) -> None:
    client = sign_in("sales")
    client.post("/preferences/", {"language": "pt-br"})
    client.post(
        address(rest="opportunities/"), {"verb": "open", "amount": "12.000,125", "currency": "brl", "fact": fresh()}
    )
    client.post("/preferences/", {"language": "es"})
    form = text(client.get(address())).partition('value="won"')[0].rpartition("<form")[2]
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    client.post(address(rest="opportunities/"), hidden | {"verb": "won"})
    won = [each for each in history_of(named(ada).id) if each.kind == "opportunity_won"]
    assert [(each.props["amount"], each.props["currency"]) for each in won] == [(12000.125, "BRL")]


def test_a_lost_opportunity_needs_a_reason(site: Following, sign_in: SignIn) -> None:
    client = sign_in("sales")
    client.post(address(rest="opportunities/"), {"verb": "open", "fact": fresh()})
    deal = client.get(address()).context["opportunities"][0].id
    assert client.post(address(rest="opportunities/"), {"verb": "lost", "opportunity": deal}).status_code == 400
    client.post(
        address(rest="opportunities/"), {"verb": "lost", "opportunity": deal, "reason": "price", "fact": fresh()}
    )
    assert client.get(address()).context["opportunities"][0].status == "lost"


def ready(site: Following, who: object) -> None:
    """Make the profile match and the sales action recent."""
    Person.objects.filter(pk=named(who).id).update(handoff_ready=True)  # type: ignore[arg-type]


def test_a_hand_off_is_accepted_by_sales_who_then_owns_the_person(site: Following, sign_in: SignIn) -> None:
    ready(site, ada)
    client = sign_in("sales")
    assert "Ready for sales" in text(client.get(address()))
    client.post(address(rest="handoff/"), {"answer": "accept", "fact": fresh()})
    assert named(ada).stage == "prospect"
    assert str(named(ada).owner) == "sales"


def test_a_hand_off_is_refused_with_a_reason(site: Following, sign_in: SignIn) -> None:
    ready(site, ada)
    client = sign_in("sales")
    assert client.post(address(rest="handoff/"), {"answer": "reject", "reason": "whim"}).status_code == 400
    client.post(address(rest="handoff/"), {"answer": "reject", "reason": "no_budget", "discard": "1", "fact": fresh()})
    assert named(ada).stage == "discarded"


def test_the_owner_can_be_given_and_taken_back(site: Following, sign_in: SignIn) -> None:
    client = sign_in()
    user = client.session["_auth_user_id"]
    answer = client.post(address(rest="owner/"), {"owner": user}, follow=True)
    assert named(ada).owner_id == int(user)
    client.post(undo_of(text(answer)))
    assert named(ada).owner_id is None


# -- who may say it -------------------------------------------------------------------------------------

COMMANDS = ["stage/", "owner/", "notes/", "handoff/", "opportunities/"]


@pytest.mark.parametrize("rest", COMMANDS)
def test_nothing_is_changed_by_getting_an_address(sign_in: SignIn, rest: str) -> None:
    assert sign_in().get(address(rest=rest)).status_code == 405


@pytest.mark.parametrize("rest", [*COMMANDS, "attributes/", "attributes/city/", "merge/1/", "unmerge/1/"])
def test_a_form_from_elsewhere_is_refused(sign_in: SignIn, rest: str) -> None:
    assert sign_in(enforce_csrf_checks=True).post(address(rest=rest), {"stage": "customer"}).status_code == 403


@pytest.mark.parametrize("rest", ["opportunities/", "handoff/"])
def test_marketing_does_not_sell(sign_in: SignIn, rest: str) -> None:
    assert sign_in("marketing").post(address(rest=rest), {"verb": "open", "answer": "accept"}).status_code == 403
    assert not StageChange.objects.filter(to_stage="opportunity").exists()


def test_a_stranger_says_nothing(site: Following) -> None:
    for rest in [*COMMANDS, "attributes/city/"]:
        assert Client().post(address(rest=rest), {"stage": "customer"}).status_code == 302
    assert named(ada).stage != "customer"


# -- facts whose time nobody knows ------------------------------------------------------------------------


def test_no_screen_shows_the_made_up_time_of_an_import_without_times(site: Following, sign_in: SignIn) -> None:
    long_ago = mallory.journey(MONDAY - 3000 * DAY).subscribes().requests("quote")
    site.hears([replace(fact, context={"time": "unknown"}) for fact in long_ago])
    client = sign_in()
    whole = text(client.get(address(mallory)))
    assert whole.count("time unknown") > 3  # the facts, the stage, the identifiers
    person = named(mallory).id
    pages = [
        whole,
        text(client.get(f"/people/{person}/why/")),
        text(client.get(f"/people/{person}/recent/")),
        text(client.get(f"/people/{person}/attributes/email/")),
        text(client.get(f"/people/{named(ada).id}/merge/{person}/")),
        text(client.get("/people/?q=mallory&sort=-seen")),
        text(client.get("/")),
    ]
    year = str(datetime.fromtimestamp((MONDAY - 3000 * DAY) / SECOND, UTC).year)
    for page in pages:
        assert "time unknown" in page
        assert not re.search(rf"[^\d-]{year}\b", re.sub(r'value="[^"]*"', "", page))


def test_an_attribute_of_the_company_has_its_name_in_the_timeline(site: Following, sign_in: SignIn) -> None:
    Attribute.objects.create(name="field_teams", label="Field teams in all", kind="number")
    site.hears(ada.is_told("profile_changed", traits={"field_teams": 12}))
    assert "stated: Field teams in all" in text(sign_in().get(address()))


def test_who_opened_the_page_is_in_the_trail_once_an_hour_and_a_refusal_is_not(sign_in: SignIn) -> None:
    client, known = sign_in(), named(ada)
    for _look in range(3):
        assert client.get(address()).status_code == 200
    client.get("/people/12345/")
    Client().get(address())
    (seen,) = AuditEntry.objects.all()
    assert (seen.verb, seen.person, seen.about) == ("person_opened", str(known.id), str(known))
    AuditEntry.forget([known.id])
    assert AuditEntry.objects.get().about == "—"


def test_forms_and_purposes_have_their_names_in_the_timeline(
    site: Following, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    sent = ada.later(days=2).submits("contact")
    norte = Site.objects.create(name="Norte", public_id=sent[0].source)
    Form.objects.create(slug="contact", name="Write to us", site=norte)
    Purpose.objects.update_or_create(code="letters", defaults={"label": "Letters by post"})
    given = {"purpose": "letters", "act": "by_hand"}
    site.hears(sent.is_told("consent_given", **given).later(days=1).is_told("consent_given", **given))
    page = text(sign_in().get(address()))
    assert "filled in the form “Write to us”" in page and "gave consent: Letters by post" in page
    assert "gave consent: letters" not in page
    history = history_of(named(ada).id)
    with django_assert_max_num_queries(3):
        read = by_name(history)
        assert {read(each).props["purpose"] for each in history if each.kind == "consent_given"} == {"Letters by post"}


def test_a_name_in_two_parts_is_not_called_unknown(site: Following, sign_in: SignIn) -> None:
    person = named(ada)
    whole = "<dt>Name</dt>"
    assert whole in text(sign_in().get(address()))
    parts = {name: value for name, value in person.attributes.items() if name != "name"}
    person.attributes = {**parts, "first_name": "Ada"}
    assert "name" not in [each.attribute.name for each in fields(person, [])]
    person.attributes = parts
    assert "name" in [each.attribute.name for each in fields(person, [])]
