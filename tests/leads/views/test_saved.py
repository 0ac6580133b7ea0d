"""Saved views of the list: tabs, private and shared, changed, renamed, deleted and undone."""

import re

import pytest
from django.test import Client

from embudo.leads.models import SavedView
from tests.cast import ada, bruno
from tests.leads.conftest import Following
from tests.leads.views.conftest import SignIn, text


@pytest.fixture(autouse=True)
def story(site: Following) -> None:
    site.hears(ada.submits("contact"), bruno.submits("contact"))


def saves(client: Client, name: str = "Ada alone", query: str = "q=ada&sort=-name", **fields: object) -> str:
    sent = {"name": name, "query": query, "column": ["phone", "nonsense"], **fields}
    return text(client.post("/people/views/", sent, follow=True))


def undoes(client: Client, page: str) -> str:
    found = re.search(r'class="toast-card".*?action="([^"]+)"', page.replace("&amp;", "&"), re.DOTALL)
    assert found
    return text(client.post(found[1], follow=True))


def test_a_view_keeps_filters_order_and_columns_under_its_name(sign_in: SignIn) -> None:
    client = sign_in("sales")
    page = saves(client)
    assert 'aria-current="page"><bdi>Ada alone</bdi>' in page
    assert ada.phone in page and bruno.mail not in page
    assert "people-engagement" not in page and 'aria-sort="descending"' in page
    assert "people-engagement" in text(client.get("/people/"))


def test_one_persons_view_is_nobody_elses_unless_shared(sign_in: SignIn) -> None:
    saves(sign_in("sales"), "mine"), saves(sign_in("sales"), "ours", shared="1")
    page = text(sign_in("marketing").get("/people/"))
    assert "ours" in page and "mine" not in page
    mine, ours = SavedView.objects.order_by("pk")
    for role, view, status in (("marketing", ours, 404), ("manager", mine, 404), ("manager", ours, 302)):
        assert sign_in(role).post(f"/people/views/{view.pk}/removal/").status_code == status
        assert sign_in(role).post(f"/people/views/{view.pk}/", {"act": "rename", "name": "x"}).status_code in (
            status,
            404,
        )
    assert bruno.mail in text(sign_in("marketing").get(f"/people/?view={mine.pk}"))


def test_what_is_changed_shows_and_is_saved_or_undone(sign_in: SignIn) -> None:
    client = sign_in()
    saves(client)
    view = SavedView.objects.get()
    page = text(client.get(f"/people/?q=bruno&view={view.pk}"))
    assert "Changed, not saved" in page
    page = text(
        client.post(f"/people/views/{view.pk}/", {"act": "save", "query": "q=bruno", "column": "mail"}, follow=True)
    )
    assert "Changed, not saved" not in page and bruno.mail in page
    undoes(client, page)
    view.refresh_from_db()
    assert (view.query, view.columns) == ("q=ada&sort=-name", ["phone"])


def test_a_view_is_renamed_and_deleted_and_both_undone(sign_in: SignIn) -> None:
    client = sign_in()
    saves(client)
    view = SavedView.objects.get()
    page = text(client.post(f"/people/views/{view.pk}/", {"act": "rename", "name": "<b>&", "shared": "1"}, follow=True))
    assert "&lt;b&gt;&amp;" in page and "<b>&" not in page
    assert "Ada alone" in undoes(client, page)
    page = text(client.post(f"/people/views/{view.pk}/removal/", follow=True))
    assert "Ada alone</bdi>" not in page
    assert "Ada alone</bdi>" in undoes(client, page)


def test_columns_chosen_within_a_view_are_of_the_view(sign_in: SignIn) -> None:
    client = sign_in()
    saves(client)
    view = SavedView.objects.get()
    client.post("/people/columns/", {"column": ["mail"], "view": view.pk, "back": f"/people/?view={view.pk}"})
    assert "people-mail" in text(client.get(f"/people/?view={view.pk}"))
    assert "people-engagement" in text(client.get("/people/"))


@pytest.mark.parametrize("view", ["x", "999999", "1 OR 1=1", "", "9" * 40])
def test_a_view_that_is_none_shows_the_list(sign_in: SignIn, view: str) -> None:
    assert sign_in().get("/people/", {"view": view}).status_code == 200


def test_a_view_without_a_name_is_refused(sign_in: SignIn) -> None:
    assert "Give the view a name" in saves(sign_in(), "  ")
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("a.gone=x&q=ada", "A filter of the list is not there any more: a.gone=x"),
        ("&".join(f"source={number}{'x' * 197}" for number in range(10, 20)), "These are too many filters for a view."),
    ],
)
def test_a_view_is_not_saved_with_fewer_filters_than_its_list(sign_in: SignIn, query: str, words: str) -> None:
    client = sign_in()
    assert words in saves(client, query=query)
    assert not SavedView.objects.exists()
    saves(client)
    view = SavedView.objects.get()
    client.post(f"/people/views/{view.pk}/", {"act": "save", "query": query})
    assert SavedView.objects.get().query == view.query


def test_two_tabs_are_not_called_the_same(sign_in: SignIn) -> None:
    saves(sign_in("marketing"), "Fair", shared="1")
    client = sign_in("sales")
    assert "There is a view “fair” already." in saves(client, "fair")
    saves(client, "Mine")
    mine = SavedView.objects.get(name="Mine")
    page = text(client.post(f"/people/views/{mine.pk}/", {"act": "name", "name": "FAIR"}, follow=True))
    assert "There is a view “FAIR” already." in page
    assert "called “MINE” now" in text(
        client.post(f"/people/views/{mine.pk}/", {"act": "name", "name": "MINE"}, follow=True)
    )
    assert sorted(SavedView.objects.values_list("name", flat=True)) == ["Fair", "MINE"]
