"""Companies as somebody sees them: the list, one page, its owner."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from embudo.accounts.models import AuditEntry, User
from embudo.leads import opportunities, rollup
from embudo.leads.clock import now
from embudo.leads.models import Company, Filling
from tests.cast import Someone, ada, bruno, mallory
from tests.leads.conftest import Following
from tests.leads.views.conftest import SignIn, text

zoe = Someone("Zoe", "zoe@norte.example", company="Norte Logística", browser="zoe")


@pytest.fixture(autouse=True)
def story(site: Following) -> None:
    site.hears(
        ada.visits("/pricing").submits("contact").requests("demo"), zoe.submits("contact"), bruno.submits("contact")
    )
    rollup.refresh(now())


def norte() -> Company:
    return Company.objects.get(domain="norte.example")


def test_the_list_rolls_up_people_and_each_number_opens_to_them(sign_in: SignIn) -> None:
    client = sign_in()
    page = text(client.get("/companies/"))
    assert ada.company in page and bruno.company in page
    door = f"/people/?company={norte().pk}"
    assert f'href="{door}">2<' in page
    people = text(client.get(door))
    assert "works at Norte Logística" in people and "Zoe" in people and bruno.mail not in people


@pytest.mark.parametrize(
    ("query", "found", "left"),
    [
        ("q=logist", ada.company, bruno.company),
        ("q=serra.exa", bruno.company, ada.company),
        ("q=%25_", "No company matches", ada.company),
        ("owner=none", ada.company, "No company matches"),
        ("stage=customer", "No company matches", ada.company),
        ("stage=lead&sort=name", bruno.company, "No company matches"),
    ],
)
def test_companies_are_found(sign_in: SignIn, query: str, found: str, left: str) -> None:
    page = text(sign_in().get(f"/companies/?{query}"))
    assert found in page and left not in page


@pytest.mark.parametrize("query", ["stage=nonsense", "owner=1 OR 1=1", "sort=id;DROP", "owner=%C2%B2"])
def test_a_filter_that_makes_no_sense_is_said_and_left_out(sign_in: SignIn, query: str) -> None:
    page = text(sign_in().get(f"/companies/?{query}"))
    assert "that part of it is left out" in page and ada.company in page


def test_a_page_shows_people_what_happened_and_what_is_open(site: Following, sign_in: SignIn) -> None:
    client = sign_in()
    client.post(f"/people/{ada.subject}/opportunities/", {"verb": "open", "name": "Pilot", "amount": "1200"})
    page = text(client.get(f"/companies/{norte().pk}/"))
    assert ada.name in page and "Zoe" in page and bruno.name not in page
    assert "asked for a demo" in page
    assert "Pilot" in page and "1,200 USD" in page


@pytest.mark.parametrize(
    ("language", "words"), [("en", "still being read"), ("es", "se están leyendo"), ("pt-br", "estão sendo lidas")]
)
def test_a_page_says_that_opportunities_are_still_being_read(
    site: Following, sign_in: SignIn, language: str, words: str
) -> None:
    client = sign_in()
    address, headers = f"/companies/{norte().pk}/", {"Accept-Language": language}
    User.objects.update(language=language)
    assert words not in text(client.get(address, headers=headers))
    Filling.objects.create(name=opportunities.FILLING)
    page = text(client.get(address, headers=headers))
    assert words in page and "None. One is opened" not in page


def test_a_page_asks_no_more_for_many_people_than_for_few(site: Following, sign_in: SignIn) -> None:
    client = sign_in()

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/companies/{norte().pk}/")
        return len(queries)

    asked()
    few = asked()
    site.hears(*(Someone(f"N{n}", f"n{n}@norte.example", browser=f"n{n}").submits("contact") for n in range(8)))
    assert asked() <= few


def test_a_company_has_an_owner_and_undo(sign_in: SignIn) -> None:
    client = sign_in("sales")
    rosa = User.objects.create_user("rosa@norte.example", name="Rosa", role="sales")
    page = text(client.post(f"/companies/{norte().pk}/owner/", {"owner": rosa.pk}, follow=True))
    assert "Norte Logística belongs to Rosa now." in page and norte().owner == rosa
    assert AuditEntry.objects.get(verb="company_owner_changed").about == "Norte Logística"
    client.post(f"/companies/{norte().pk}/owner/?owner=")
    assert norte().owner is None
    client.post(f"/companies/{norte().pk}/owner/", {"owner": rosa.pk})
    for wanted, words in (
        ({"owner": "999"}, "They do not work here"),
        ({"owner": "me"}, "Choose who"),
        ({}, "Choose who"),
    ):
        assert words in text(client.post(f"/companies/{norte().pk}/owner/", wanted, follow=True))
    assert norte().owner == rosa


def test_names_are_never_markup_and_who_is_not_there_is_said(site: Following, sign_in: SignIn) -> None:
    site.hears(mallory.submits("contact"))
    rollup.refresh(now() + 2 * rollup.FRESH)
    client = sign_in()
    for address in ("/companies/", f"/companies/{Company.objects.latest('pk').pk}/"):
        page = text(client.get(address))
        assert "<script>alert" not in page and "<svg onload" not in page
    assert client.get("/companies/42/").status_code == 404
    assert client.get(f"/companies/{2**70}/").status_code == 404
