"""What is typed and chosen for an attribute, and how it is taken back."""

import re
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import translation

from embudo.accounts.models import AuditEntry
from embudo.core.event import DAY, Door, subject_of
from embudo.leads.models import Attribute, Person
from embudo.leads.showing import BadValue, number_typed, value_typed, value_written
from tests.cast import MONDAY, ada, bruno
from tests.leads.conftest import Following
from tests.leads.views.conftest import SignIn, named, text


def test_an_undo_gives_back_the_very_number_in_every_language(site: Following, sign_in: SignIn) -> None:
    site.hears(ada.visits("/").through(Door.SECRET).says(rating=0.125))
    client = sign_in()
    client.post("/preferences/", {"language": "es"})
    address = f"/people/{named(ada).id}/attributes/rating/"
    with translation.override("en"):
        page = text(client.post(address, {"value": "2", "fact": str(uuid4())}, follow=True)).replace("&amp;", "&")
        assert named(ada).attributes["rating"] == 2
        undo = re.search(r'class="toast-card".*?action="([^"]+)"', page, re.DOTALL)
        assert undo
        client.post(undo[1])
        assert named(ada).attributes["rating"] == 0.125


@pytest.mark.parametrize(
    ("language", "typed", "number"),
    [
        ("en", "12,000.50", 12000.5),
        ("en", "12000.5", 12000.5),
        ("en", "1,234,567", 1234567),
        ("en", "12 000.5", 12000.5),
        ("en", "-3", -3),
        ("en", "\N{MINUS SIGN}3.25", -3.25),
        ("en", ".5", 0.5),
        ("en", " 0 ", 0),
        ("en", "007", 7),
        ("es", "12 000,50", 12000.5),
        ("es", "12\N{NO-BREAK SPACE}000,50", 12000.5),
        ("es", "12,5", 12.5),
        ("es", "1\N{NARROW NO-BREAK SPACE}234 567", 1234567),
        ("es", "0,125", 0.125),
        ("es", "12.000", 12000),
        ("es", "1.234.567,5", 1234567.5),
        ("es", "12,1250", 12.125),
        ("pt-br", "12.000,50", 12000.5),
        ("pt-br", "12.000", 12000),
        ("pt-br", "12 000,5", 12000.5),
        ("pt-br", "12,5", 12.5),
    ],
)
def test_a_number_is_read_as_the_reader_writes_it(language: str, typed: str, number: float) -> None:
    with translation.override(language):
        assert number_typed(typed) == number


@pytest.mark.parametrize(
    ("language", "typed"),
    [
        *[("en", typed) for typed in ("12.000,50", "12,5", "1,2345", "12,00.5", "0,125", "1,234 567", "1 2")],
        *[("en", typed) for typed in ("", ".", "-", "1.5.2", "1e3", "1_000", "--1", "1,", "5.", "12,,000")],
        *[("en", typed) for typed in ("12,000,5", "\N{ARABIC-INDIC DIGIT THREE}", "inf")],
        *[("es", typed) for typed in ("1.234 567", "12,000.50", "12.5", "0.125", "12 00", "12000,", "1,234,567")],
        *[("pt-br", typed) for typed in ("12,000.50", "12.5", "0.125", "1.2345", "1.234 567", "12,5,5")],
    ],
)  # fmt: skip
def test_a_number_of_another_language_is_refused_rather_than_changed(language: str, typed: str) -> None:
    example = {"en": "such as 12,000.50.", "es": "por ejemplo 12 000,50.", "pt-br": "por exemplo 12.000,50."}[language]
    with translation.override(language), pytest.raises(BadValue) as refused:
        number_typed(typed)
    assert str(refused.value).replace("\N{NO-BREAK SPACE}", " ").endswith(example)


@pytest.mark.parametrize(
    ("language", "typed"), [("es", "12,000"), ("pt-br", "12,000"), ("en", "12.000"), ("es", "-1,250")]
)
def test_a_number_that_means_thousands_elsewhere_is_asked_about(language: str, typed: str) -> None:
    with translation.override(language), pytest.raises(BadValue) as refused:
        number_typed(typed)
    assert typed.translate({44: None, 46: None}).lstrip("-") in str(refused.value)
    assert f"{typed}0" in str(refused.value)


@pytest.mark.parametrize("language", ["en", "es", "pt-br"])
@pytest.mark.parametrize("number", [0.125, -12000.5, 12500, 1e-7, 1.5e18, 123456789012345678, 0.1 + 0.2])
def test_an_address_holds_the_very_number_in_every_language(language: str, number: float) -> None:
    attribute = Attribute(name="rating", kind="number")
    with translation.override(language):
        assert value_typed(attribute, [value_written(number)], written=True) == number
        for typed in ("nan", "inf", "1e400", "12,5"):
            with pytest.raises(BadValue):
                value_typed(attribute, [typed], written=True)


def test_the_number_in_the_form_can_be_kept_as_it_stands(site: Following, sign_in: SignIn) -> None:
    client = sign_in()
    for day, number in enumerate((12000.125, 12.125)):
        site.hears(ada.journey(MONDAY + day * DAY).visits("/").through(Door.SECRET).says(rating=number))
        address = f"/people/{named(ada).id}/attributes/rating/"
        Attribute.objects.update_or_create(pk="rating", defaults={"kind": "number"})
        for language in ("en", "es", "pt-br"):
            client.post("/preferences/", {"language": language})
            field = re.search(r'name="value"[^>]* value="([^"]*)"', text(client.get(address)))
            assert field
            answer = client.post(address, {"value": field[1], "fact": str(uuid4())})
            assert answer.status_code == 302
            assert named(ada).attributes["rating"] == number


def test_what_is_no_mail_address_is_refused_with_words(site: Following, sign_in: SignIn) -> None:
    site.hears(ada.visits("/").submits("guide"))
    page = text(
        sign_in().post(f"/people/{named(ada).id}/attributes/email/", {"value": "nonsense", "fact": str(uuid4())})
    )
    assert "“nonsense” is no mail address. Write one such as ana@example.com." in page
    assert 'value="nonsense"' in page
    assert named(ada).mail == ada.mail


def test_the_address_of_somebody_else_joins_nobody_unasked(site: Following, sign_in: SignIn) -> None:
    site.hears(ada.visits("/").submits("guide"))
    site.hears(bruno.visits("/").submits("guide"))
    address = f"/people/{named(ada).id}/attributes/email/"
    page = text(sign_in().post(address, {"value": bruno.mail, "fact": str(uuid4())}))
    assert "has this address" in page
    assert named(ada).id != named(bruno).id
    assert named(ada).merged_into_id is None and named(bruno).merged_into_id is None


# -- a value must be one of its attribute ---------------------------------------------------------------


def states(client: Client, name: str, *values: str, **more: str) -> Any:
    return client.post(f"/people/{named(ada).id}/attributes/{name}/", {"value": values, "fact": str(uuid4()), **more})


@pytest.fixture
def client(site: Following, sign_in: SignIn) -> Client:
    site.hears(ada.visits("/").submits("guide"))
    return sign_in()


@pytest.mark.parametrize(
    ("name", "typed", "kept"),
    [
        ("country", "Alemania", "DE"),
        ("country", "brazil", "BR"),
        ("country", "pe", "PE"),
        ("phone", "+52 (81) 8123-4567", "+528181234567"),
        ("phone", "0044 113 496 0000", "+441134960000"),
        ("phone", "81 8123 4567", "+528181234567"),
        ("email", " Ada.Okafor@NORTE.example ", "ada.okafor@norte.example"),
        ("company_size", "1,200", 1200),
        ("budget", "0.5", 0.5),
        ("birthday", "1990-02-28", "1990-02-28"),
    ],
)
def test_what_is_typed_is_kept_as_every_door_keeps_it(client: Client, name: str, typed: str, kept: object) -> None:
    kinds = {"country": "choice", "birthday": "date", "company_size": "number", "budget": "money"}
    Attribute.objects.update_or_create(pk=name, defaults={"kind": kinds.get(name, "text"), "standard": True})
    assert states(client, name, typed).status_code == 302
    assert Person.objects.get().attributes[name] == kept


@pytest.mark.parametrize(
    ("name", "kind", "typed", "words"),
    [
        ("country", "choice", "Atlantis", "No country is called “Atlantis”. Write its name, or its code such as MX."),
        ("phone", "text", "ask the desk", "“ask the desk” is no phone number. Write it with the code of its country"),
        ("phone", "text", "+52 12", "“+52 12” is no phone number."),
        ("phone", "text", "+999 8181234567", "is no phone number."),
        ("email", "text", "ada@", "“ada@” is no mail address."),
        ("company_size", "number", "-3", "Write a number from 0 to 10,000,000."),
        ("company_size", "number", "12.5", "Write a whole number."),
        ("budget", "money", "-1", "Write a number that is not below zero."),
        ("age", "number", "131", "Write a number from 0 to 130."),
        ("birthday", "date", "1990-02-30", "“1990-02-30” is no date."),
    ],
)
def test_what_cannot_be_kept_is_refused_with_words_and_stays_in_the_form(
    client: Client, name: str, kind: str, typed: str, words: str
) -> None:
    Attribute.objects.update_or_create(pk=name, defaults={"kind": kind, "standard": True})
    before = named(ada).attributes
    answer = states(client, name, typed)
    assert answer.status_code == 422
    assert words in text(answer)
    assert f'value="{typed}"' in text(answer)
    assert named(ada).attributes == before


def test_a_choice_is_one_of_those_the_company_named_or_the_one_there_is(site: Following, client: Client) -> None:
    Attribute.objects.create(name="tier", label="Tier", kind="choice", options=["gold", "silver"])
    Attribute.objects.create(name="goals", label="Goals", kind="choices", options=["save", "grow"])
    assert "“tin” is none of the choices. Choose one of: gold, silver." in text(states(client, "tier", "tin"))
    answer = states(client, "goals", "grow", "rest")
    assert (answer.status_code, "“rest” is none of the choices" in text(answer)) == (422, True)
    assert re.search('value="grow" checked', text(answer))
    assert states(client, "tier", "gold").status_code == 302
    site.hears(ada.journey(MONDAY + DAY).through(Door.SECRET).says(goals=["rest"]))
    assert states(client, "goals", "grow", "rest").status_code == 302
    assert named(ada).attributes["goals"] == ["grow", "rest"]


def test_a_choice_without_named_choices_takes_a_further_one(client: Client) -> None:
    assert states(client, "industry", "", further="mining").status_code == 302
    assert named(ada).attributes["industry"] == "mining"


def test_no_is_an_answer_and_can_be_taken_out_again(client: Client) -> None:
    Attribute.objects.create(name="pilot", label="Pilot", kind="boolean")
    address, told = f"/people/{named(ada).id}/attributes/pilot/", []
    for value in ("no", "", "yes", "no"):
        drawn = re.search(r'name="shown" value="(\w+)"', text(client.get(address)))
        assert drawn
        client.post(address, {"value": value, "fact": str(uuid4()), "shown": drawn[1]})
        told.append(named(ada).attributes.get("pilot"))
    assert told == [False, None, True, False]


def test_neither_yes_nor_no_is_refused(client: Client) -> None:
    Attribute.objects.create(name="pilot", label="Pilot", kind="boolean")
    assert "Choose yes, no or unknown." in text(states(client, "pilot", "maybe"))


def test_a_country_is_shown_in_the_readers_language_wherever_it_stands(client: Client) -> None:
    for language, name in (("es", "México"), ("pt-br", "México"), ("en", "Mexico")):
        client.post("/preferences/", {"language": language})
        person = f"/people/{named(ada).id}/"
        for address in (person, f"{person}attributes/country/", "/people/?a.country=MX"):
            page = text(client.get(address))
            assert name in page
            assert ">MX<" not in page and ", MX<" not in page and "is MX" not in page


def test_the_number_of_somebody_without_a_mail_address_joins_nobody_unasked(site: Following, client: Client) -> None:
    caller = bruno.journey().through(Door.SECRET).does("call_made", traits={"phone": "+5511900000000"})[0]
    phone = "phone:+5511900000000"
    site.hears([replace(caller, identifier=phone, subject=subject_of(phone), anonymous_id=None)])
    assert "has this number" in text(states(client, "phone", "+55 11 90000-0000"))
    assert Person.objects.filter(merged_into=None).count() == 2


def test_an_undo_gives_back_what_a_form_would_not_take(site: Following, client: Client) -> None:
    site.hears(ada.journey(MONDAY + DAY).through(Door.SECRET).says(country="Atlantis"))
    page = text(states(client, "country", "MX")) or text(client.get(f"/people/{named(ada).id}/"))
    undo = re.search(r'class="toast-card".*?action="([^"]+)"', page.replace("&amp;", "&"), re.DOTALL)
    assert undo
    client.post(undo[1])
    assert named(ada).attributes["country"] == "Atlantis"


def test_the_form_of_a_new_attribute_keeps_everything_that_was_typed(client: Client) -> None:
    typed = {"label": "123", "kind": "choices", "options": "one\ntwo"}
    answer = client.post(f"/people/{named(ada).id}/attributes/", typed)
    assert answer.status_code == 422
    assert 'value="123"' in text(answer) and "one\ntwo" in text(answer) and 'value="choices" selected' in text(answer)


def test_an_opportunity_that_cannot_be_read_keeps_everything_that_was_typed(client: Client) -> None:
    form = {"verb": "open", "name": "Fleet", "amount": "12.000,50", "currency": "eur", "fact": (fact := str(uuid4()))}
    answer = client.post(f"/people/{named(ada).id}/opportunities/", form)
    assert answer.status_code == 422
    for kept in ('value="Fleet"', 'value="12.000,50"', 'value="eur"', "Write a number, such as 12,000.50.", fact):
        assert kept in text(answer)


def flood(site: Following, names: int = 30) -> None:
    """A stranger states names of their own through the public key."""
    site.hears(ada.visits("/").says(**{f"spam_{number}": "buy" for number in range(names)}))


def test_what_a_public_key_alone_states_stays_with_its_person(site: Following, sign_in: SignIn) -> None:
    site.hears(bruno.visits("/").through(Door.SECRET).says(plan="gold"))
    flood(site)
    client = sign_in()
    assert set(Attribute.objects.filter(standard=False).values_list("name", flat=True)) == {"plan"}
    of_bruno, of_ada = (text(client.get(f"/people/{named(who).id}/")) for who in (bruno, ada))
    assert "spam" not in of_bruno and "Plan" in of_bruno
    assert "30 more, of this person alone" in of_ada and of_ada.count("Spam ") == 30
    filters = text(client.get("/people/filters/"))
    assert "a.plan" in filters and "spam" not in filters


def test_of_thousands_of_names_a_page_shows_fifty_and_says_how_many_there_are(site: Following, sign_in: SignIn) -> None:
    flood(site, 150)
    page = text(sign_in().get(f"/people/{named(ada).id}/"))
    assert page.count("Spam ") == 50 and "100 further are not shown" in page


def test_an_attribute_from_a_public_page_is_accepted_for_everybody_and_hidden_again(
    site: Following, sign_in: SignIn
) -> None:
    site.hears(bruno.visits("/").says(name="Bruno"))
    flood(site, 2)
    client, act = sign_in("sales"), f"/people/{named(ada).id}/everybody/spam_1/"
    assert "Use for everybody" in text(client.get(f"/people/{named(ada).id}/attributes/spam_1/"))
    client.post(act, {"use": "yes"})
    page = text(client.get(f"/people/{named(bruno).id}/"))
    assert "Spam 1" in page and "Spam 0" not in page and "a.spam_1" in text(client.get("/people/filters/"))
    assert "Hide for everybody" in text(client.get(f"/people/{named(ada).id}/attributes/spam_1/"))
    hidden = text(client.post(act, {"use": "no"}, follow=True))
    assert "Spam 1" not in text(client.get(f"/people/{named(bruno).id}/"))
    assert "a.spam_1" not in text(client.get("/people/filters/"))
    undo = re.search(r'class="toast-card".*?action="([^"]+)"', hidden, re.DOTALL)
    assert undo
    client.post(undo[1].replace("&amp;", "&"))
    assert "Spam 1" in text(client.get(f"/people/{named(bruno).id}/"))
    trail = AuditEntry.objects.filter(verb__startswith="attribute_").order_by("id").values_list("verb", "about")
    assert list(trail) == [
        ("attribute_accepted", "spam_1"),
        ("attribute_hidden", "spam_1"),
        ("attribute_accepted", "spam_1"),
    ]


def test_what_was_hidden_stays_hidden_whoever_states_it_again(site: Following, sign_in: SignIn) -> None:
    site.hears(ada.visits("/").through(Door.SECRET).says(plan="gold"))
    client = sign_in()
    client.post(f"/people/{named(ada).id}/everybody/plan/", {"use": "no"})
    site.hears(bruno.visits("/").through(Door.SECRET).says(plan="silver"))
    assert Attribute.objects.get(pk="plan").hidden


def test_only_what_somebody_has_is_accepted_and_no_standard_attribute_hidden(site: Following, sign_in: SignIn) -> None:
    site.hears(ada.visits("/").through(Door.SECRET).says(city="Lima"))
    client, person = sign_in(), named(ada).id
    assert client.post(f"/people/{person}/everybody/nothing/", {"use": "yes"}).status_code == 404
    assert client.post(f"/people/{person}/everybody/city/", {"use": "no"}).status_code == 404
    assert client.get(f"/people/{person}/everybody/city/").status_code == 405


def test_values_to_filter_by_cost_one_question_an_attribute_and_none_before_they_are_looked_at(
    site: Following, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    site.hears(ada.visits("/").through(Door.SECRET).says(**{f"own_{number}": f"v{number}" for number in range(20)}))
    client = sign_in()
    client.get("/me/")  # the first request of a session writes down where it is
    with django_assert_max_num_queries(12):
        later = text(client.get("/people/filters/", headers={"HX-Request": "true"}))
    assert "a.own_7" not in later and "/people/filters/attributes/" in later
    with django_assert_max_num_queries(60):
        assert 'value="v7"' in text(client.get("/people/filters/attributes/"))
    given = text(client.get("/people/filters/?a.own_7=v7", headers={"HX-Request": "true"}))
    assert 'value="v7" selected' in given
