"""A pair is joined or told apart with one press, and both are undone."""

import re
from dataclasses import replace
from uuid import uuid4

import pytest
from django.utils import timezone

from embudo.accounts.models import AuditEntry
from embudo.core.event import subject_of
from embudo.duplicates.models import Pair
from embudo.leads import rollup
from embudo.leads.clock import now
from embudo.leads.models import Company, Merge, Person
from embudo.work.models import Job
from tests.cast import ada, bruno
from tests.duplicates.test_search import NAMED, found, sul, twin
from tests.leads.conftest import Following
from tests.leads.views.conftest import SignIn, text

UNDO = re.compile(r'class="toast-card".*?action="([^"]+)"', re.DOTALL)


@pytest.fixture
def pair(site: Following) -> Pair:
    """Ada and her twin, found."""
    site.hears(ada.visits("/").submits("contact"), twin.submits("contact"), bruno.submits("contact"))
    found()
    Job.objects.create(kind="duplicates", state="done", ended_at=timezone.now())
    return Pair.objects.get()


def test_a_pair_shows_both_side_by_side_with_what_speaks_for_it(pair: Pair, sign_in: SignIn) -> None:
    page = text(sign_in().get("/duplicates/"))
    assert page.count("data-row") == 1
    assert ada.mail in page and twin.mail in page
    assert "the same" in page and "different" in page
    assert 'data-key="m"' in page and 'data-key="x"' in page


def test_joining_keeps_the_one_with_more_facts_and_is_undone(pair: Pair, sign_in: SignIn) -> None:
    client = sign_in()
    page = text(client.post(f"/duplicates/{pair.pk}/join/", follow=True))
    assert Person.objects.get(pk=twin.subject).merged_into_id == ada.subject
    assert "No pair is left" in page
    undo = UNDO.search(page)
    assert undo
    client.post(undo[1].replace("&amp;", "&"))
    assert Person.objects.get(pk=twin.subject).merged_into_id is None
    assert Merge.objects.get().unmerged_at is not None
    assert "No pair is left" in text(client.get("/duplicates/"))  # somebody said that they are two


def test_a_second_press_joins_nobody(pair: Pair, sign_in: SignIn) -> None:
    client = sign_in()
    client.post(f"/duplicates/{pair.pk}/join/")
    assert "joined with somebody meanwhile" in text(client.post(f"/duplicates/{pair.pk}/join/", follow=True))
    assert Merge.objects.count() == 1


def test_telling_apart_is_kept_with_who_did_it_and_undone(pair: Pair, sign_in: SignIn) -> None:
    client = sign_in()
    page = text(client.post(f"/duplicates/{pair.pk}/refusal/", follow=True))
    pair.refresh_from_db()
    assert pair.refused_by is not None and pair.refused_by.role == "manager"
    assert AuditEntry.objects.filter(verb="pair_refused").count() == 1
    undo = UNDO.search(page)
    assert undo
    client.post(undo[1])
    assert Pair.open().count() == 1


def test_a_search_is_asked_for_once(site: Following, sign_in: SignIn) -> None:
    client = sign_in()
    assert "People who are here twice" in text(client.get("/duplicates/"))
    first, second = (client.post("/duplicates/search/") for _ in range(2))
    assert first["Location"] == second["Location"] == f"/work/{Job.objects.get().pk}/"
    assert "A search is under way" in text(client.get("/duplicates/"))


@pytest.mark.parametrize("act", ["join", "refusal", "reopening"])
def test_nothing_changes_on_get_nor_without_an_account(pair: Pair, sign_in: SignIn, act: str, client: object) -> None:
    assert sign_in().get(f"/duplicates/{pair.pk}/{act}/").status_code == 405
    assert client.post(f"/duplicates/{pair.pk}/{act}/")["Location"].startswith("/sign-in/")  # type: ignore[attr-defined]
    assert not Merge.objects.exists() and Pair.open().count() == 1


def test_what_people_call_themselves_is_never_markup(site: Following, sign_in: SignIn) -> None:
    evil = "<script>alert(1)</script>"
    site.hears(ada.says(name=evil), twin.says(name=evil))
    found()
    page = text(sign_in().get("/duplicates/"))
    assert evil not in page


@pytest.fixture
def firms(site: Following) -> Pair:
    """Norte by its domain with two people, and by its name with one, found."""
    site.hears(ada.submits("contact"), replace(ada, mail="eva@norte.example", browser="eva").submits("contact"))
    site.hears(sul.submits("contact"), bruno.submits("contact"))
    rollup.refresh(now())
    found("companies")
    return Pair.objects.get(whose="companies")


def test_companies_have_a_tab_of_their_own(firms: Pair, sign_in: SignIn) -> None:
    client = sign_in()
    page = text(client.get("/duplicates/companies/"))
    assert page.count("data-row") == 1
    assert f'href="/companies/{NAMED}/"' in page and "norte.example" in page and "one company" in page
    assert "data-row" not in text(client.get("/duplicates/"))


def test_companies_are_joined_with_one_press_the_larger_keeps_the_page_and_it_is_undone(
    site: Following, firms: Pair, sign_in: SignIn
) -> None:
    client = sign_in()
    page = text(client.post(f"/duplicates/{firms.pk}/join/", follow=True))
    assert Company.objects.get(pk=NAMED).merged_into_id == subject_of("company:norte.example")
    undo = UNDO.search(page)
    assert undo and "are one company now" in page
    client.post(undo[1].replace("&amp;", "&"))
    assert Company.objects.get(pk=NAMED).merged_into_id is None
    assert not Pair.open("companies").exists()  # somebody said that they are two
    site.agrees()


def test_companies_are_told_apart_and_asked_about_again(firms: Pair, sign_in: SignIn) -> None:
    client = sign_in()
    answer = client.post(f"/duplicates/{firms.pk}/refusal/", follow=True)
    assert answer.redirect_chain[-1][0] == "/duplicates/companies/"
    undo = UNDO.search(text(answer))
    assert undo and "stay two companies" in text(answer) and not Pair.open("companies").exists()
    client.post(undo[1])
    assert Pair.open("companies").count() == 1
    trail = text(sign_in("admin").get("/changes/"))
    assert "are two companies" in trail and "are one company" in trail


def test_people_and_companies_are_searched_each_on_their_own(site: Following, sign_in: SignIn) -> None:
    client = sign_in()
    assert "Companies that are here twice" in text(client.get("/duplicates/companies/"))
    first, second = (client.post("/duplicates/companies/search/") for _ in range(2))
    assert first["Location"] == second["Location"]
    assert client.post("/duplicates/search/")["Location"] != first["Location"]
    assert {job.wants["whose"] for job in Job.objects.all()} == {"people", "companies"}
    assert "A search is under way" in text(client.get("/duplicates/companies/"))


def test_a_pair_of_which_one_is_gone_is_said_to_be(firms: Pair, sign_in: SignIn) -> None:
    Company.objects.filter(pk=NAMED).delete()
    client = sign_in()
    assert "data-row" not in text(client.get("/duplicates/companies/"))
    assert client.post(f"/duplicates/{firms.pk}/join/").status_code == 404


@pytest.mark.parametrize("act", ["join", "refusal"])
def test_after_a_pair_the_list_marks_the_one_that_came_into_its_place(
    pair: Pair, site: Following, sign_in: SignIn, act: str
) -> None:
    more = {
        "whose": "people",
        "right_id": site.person(bruno).id,
        "probability": 0.9,
        "signs": [],
        "odds": 1.0,
    }
    Pair.objects.create(left_id=pair.left_id if act == "refusal" else site.person(twin).id, **more)
    client = sign_in()
    assert "data-here" not in text(client.get("/duplicates/"))
    page = text(client.post(f"/duplicates/{pair.pk}/{act}/", {"place": "0", "fact": str(uuid4())}, follow=True))
    assert page.count("data-row data-here") == (1 if act == "refusal" else page.count("data-row"))
    assert text(client.get("/duplicates/?at=7")).count("data-here") == page.count("data-here")
