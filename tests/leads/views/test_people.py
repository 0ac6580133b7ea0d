"""The people list as somebody sees it."""

import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest

from embudo.leads.queries import people
from embudo.leads.queries.people import Position
from tests.cast import Someone, ada, bruno, clara, mallory
from tests.leads.conftest import Following
from tests.leads.views.conftest import SignIn, named, text


@pytest.fixture(autouse=True)
def story(site: Following) -> None:
    site.hears(ada.coming_from("google", "cpc").visits("/pricing").requests("demo"))
    site.hears(bruno.visits("/blog").subscribes())
    site.hears(clara.visits("/"))


def test_the_list_holds_who_is_known(sign_in: SignIn) -> None:
    page = text(sign_in().get("/people/"))
    assert ada.name in page
    assert bruno.mail in page
    assert "Visitor without a name" not in page


def test_asked_by_htmx_only_the_list_comes_back(sign_in: SignIn) -> None:
    answer = text(sign_in().get("/people/?q=ada", headers={"HX-Request": "true"}))
    assert '<div id="_people">' in answer
    assert "<html" not in answer
    assert ada.name in answer
    assert bruno.mail not in answer


def test_filters_read_as_a_sentence_and_each_can_be_taken_away(sign_in: SignIn) -> None:
    client = sign_in()
    page = text(client.get("/people/?stage=lead&stage=qualified&score.min=10"))
    assert "stage is Lead or Qualified" in page
    assert "engagement at least 10" in page
    without = re.findall(r'href="(/people/\?[^"]*)">stage is', page.replace("&amp;", "&"))
    assert without == ["/people/?score.min=10"]
    assert "stage is" not in text(client.get(without[0]))


def test_the_count_follows_after_the_rows(sign_in: SignIn) -> None:
    assert "2 people" in text(sign_in().get("/people/count/"))
    assert "1 person" in text(sign_in().get("/people/count/?q=ada"))
    assert "50 people" in text(sign_in().get("/people/count/?q=nobody&shown=50"))  # the rows were asked for before
    assert "0 people" in text(sign_in().get("/people/count/?q=nobody&shown=-1"))


def test_a_row_unfolds_to_its_last_facts(sign_in: SignIn) -> None:
    answer = text(sign_in().get(f"/people/{named(ada).id}/recent/"))
    assert "asked for a demo" in answer
    assert "viewed “/pricing”" in answer


def test_the_form_of_filters_offers_what_is_there(sign_in: SignIn) -> None:
    page = text(sign_in().get("/people/filters/?stage=lead"))
    assert 'value="google"' in page
    assert 'name="a.industry"' in page
    assert 'value="lead" checked' in page


def test_columns_are_remembered(sign_in: SignIn) -> None:
    client = sign_in()
    answer = client.post("/people/columns/", {"column": ["phone", "place", "nonsense"], "back": "/people/?q=ada"})
    assert answer["Location"] == "/people/?q=ada"
    page = text(client.get("/people/"))
    assert ada.phone in page
    assert "people-engagement" not in page


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_choosing_columns_leads_nowhere_else(sign_in: SignIn, back: str) -> None:
    assert sign_in().post("/people/columns/", {"column": ["phone"], "back": back})["Location"] == "/people/"


@pytest.mark.parametrize(
    "query",
    ["after=x", "after=", "before=bnVsbA", "sort=nonsense", "stage=nonsense", "score.min=x", "seen=99999999999",
     "reached=lead&from=1&to=99999999999999999999", "a..x=1", "a.=1", "a.industry.min=1", "grade=Z",
     "seen=%C2%B2",
     "score.min=nan", "score.min=inf", "from=1&to=2&reached=discarded"],
)  # fmt: skip
def test_an_address_that_makes_no_sense_shows_a_list_all_the_same(sign_in: SignIn, query: str) -> None:
    client = sign_in()
    assert client.get(f"/people/?{query}").status_code == 200
    assert client.get(f"/people/count/?{query}").status_code == 200


def test_nobody_found_says_what_to_do(sign_in: SignIn) -> None:
    assert "Nobody matches" in text(sign_in().get("/people/?q=zzzz"))


def test_names_are_never_markup(site: Following, sign_in: SignIn) -> None:
    site.hears(mallory.requests("demo"))
    client = sign_in()
    client.post("/people/columns/", {"column": ["company", "title", "mail", "place", "source", "campaign"]})
    for address in ("/people/", "/people/?q=script", f"/people/{named(mallory).id}/recent/", "/people/filters/"):
        page = text(client.get(address))
        assert "<script>alert" not in page
        assert "<img" not in page.replace('<img src="/static', "")
        assert "<svg onload" not in page
        assert "{{ 7" not in page or "{{ 7|add:7 }}" in page  # as typed, not worked out
    assert "&lt;script&gt;" in text(client.get("/people/"))


def test_strangers_are_led_to_the_door(sign_in: SignIn) -> None:
    client = sign_in()
    client.logout()
    for address in ("/people/", "/people/count/", "/people/filters/", f"/people/{named(ada).id}/"):
        answer = client.get(address)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/sign-in/")


@pytest.mark.parametrize("query", ["stage=nonsense", "fit=Z", "grade=Z", "a.nothing=x", "tag=unheard", "sort=nonsense"])
def test_what_an_address_asks_for_in_vain_is_said(sign_in: SignIn, query: str) -> None:
    page = text(sign_in().get(f"/people/?{query}"))
    assert f"The address asks for <bdi>{query}</bdi>" in page and ada.name in page


@pytest.mark.parametrize("query", ["stage=lead", "grade=-", "q=x", "sort=-seen", "score.min=10,5", "source=google", ""])
def test_of_what_is_understood_nothing_is_said(sign_in: SignIn, query: str) -> None:
    assert "The address asks for" not in text(sign_in().get(f"/people/?{query}"))


def test_a_name_without_an_end_is_cut_and_whole_on_hover_and_mirrors_nothing(site: Following, sign_in: SignIn) -> None:
    name, turned = "N" * 290, "\u202eevil"
    site.hears(Someone(name, "long@norte.example", company=turned, browser="long").submits("contact"))
    page = text(sign_in().get("/people/?q=long"))
    assert f'title="{name}"><bdi>{name}</bdi>' in page
    assert f"<bdi>{turned}</bdi>" in page


@pytest.mark.parametrize("key", ["a\0b", "\ud800", "\udfff", float("nan"), float("inf"), -1e308])
@pytest.mark.parametrize("sort", ["name", "engagement", "seen", "new", "fit"])
def test_a_place_in_the_list_that_somebody_made_up_shows_a_list(sign_in: SignIn, key: Any, sort: str) -> None:
    client = sign_in()
    for way in ("after", "before"):
        address = f"/people/?{urlencode({'sort': sort, way: Position(key, 1).text})}"
        assert client.get(address).status_code == 200


def test_a_list_that_goes_on_keeps_its_rows_and_an_act_leads_back_to_where_the_browser_is(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = people.page
    monkeypatch.setattr(people, "page", lambda *of, **more: replace(found(*of, **{**more, "size": 1}), unfinished=True))
    client, back = sign_in(), 'name="back" value="/people/?sort=name"'
    page = text(client.get("/people/?sort=name"))
    on = re.search(r'class="list-on" hx-get="([^"]+)"', page)
    assert on and 'hx-swap="beforeend" hx-select="#_people_rows > tr"' in page and back in page
    further = on[1].replace("&amp;", "&")
    assert "after=" in further and back in text(client.get(further, headers={"HX-Request": "true"}))
    assert back not in text(client.get(further))  # here the browser is further down itself
