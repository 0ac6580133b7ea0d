"""What is typed and chosen for an attribute, and how it is taken back."""

import re
from uuid import uuid4

import pytest
from django.utils import translation

from embudo.core.event import Door
from embudo.leads.models import Attribute
from embudo.leads.showing import BadValue, number_typed, value_typed, value_written
from tests.cast import ada, bruno
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
        *[("en", typed) for typed in ("12,000,5", "\N{ARABIC-INDIC DIGIT THREE}", "inf", "9" * 16)],
        *[("es", typed) for typed in ("12.000,50", "12,000.50", "12.5", "0.125", "12 00", "12000,", "1,234,567")],
        *[("pt-br", typed) for typed in ("12,000.50", "12.5", "0.125", "1.2345", "1.234 567", "12,5,5")],
    ],
)  # fmt: skip
def test_a_number_of_another_language_is_refused_rather_than_changed(language: str, typed: str) -> None:
    example = {"en": "such as 12,000.50.", "es": "por ejemplo 12 000,50.", "pt-br": "por exemplo 12.000,50."}[language]
    with translation.override(language), pytest.raises(BadValue) as refused:
        number_typed(typed)
    assert str(refused.value).replace("\N{NO-BREAK SPACE}", " ").endswith(example)


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
    site.hears(ada.visits("/").through(Door.SECRET).says(rating=12000.125))
    client = sign_in()
    address = f"/people/{named(ada).id}/attributes/rating/"
    Attribute.objects.update_or_create(pk="rating", defaults={"kind": "number"})
    for language in ("en", "es", "pt-br"):
        client.post("/preferences/", {"language": language})
        field = re.search(r'name="value"[^>]* value="([^"]*)"', text(client.get(address)))
        assert field
        answer = client.post(address, {"value": field[1], "fact": str(uuid4())})
        assert answer.status_code == 302
        assert named(ada).attributes["rating"] == 12000.125


def test_what_is_no_mail_address_is_refused_with_words(site: Following, sign_in: SignIn) -> None:
    site.hears(ada.visits("/").submits("guide"))
    page = text(
        sign_in().post(f"/people/{named(ada).id}/attributes/email/", {"value": "nonsense", "fact": str(uuid4())})
    )
    assert "Write a mail address" in page
    assert named(ada).mail == ada.mail


def test_the_address_of_somebody_else_joins_nobody_unasked(site: Following, sign_in: SignIn) -> None:
    site.hears(ada.visits("/").submits("guide"))
    site.hears(bruno.visits("/").submits("guide"))
    address = f"/people/{named(ada).id}/attributes/email/"
    page = text(sign_in().post(address, {"value": bruno.mail, "fact": str(uuid4())}))
    assert "has this address" in page
    assert named(ada).id != named(bruno).id
    assert named(ada).merged_into_id is None and named(bruno).merged_into_id is None
