"""Somebody written down by hand."""

from typing import Any
from uuid import uuid4

import pytest

from embudo.leads.models import Person
from embudo.leads.story import history_of
from tests.cast import ada
from tests.leads.conftest import Following
from tests.leads.views.conftest import SignIn, named, text


@pytest.fixture(autouse=True)
def story(site: Following) -> None:
    site.hears(ada.submits("contact"))


def written(**more: Any) -> dict[str, Any]:
    return {"way": "fair", "name": "Iris Luz", "email": "iris@luz.example", "fact": str(uuid4()), "next": "1", **more}


def test_somebody_met_at_a_fair_is_kept_with_source_and_touch(site: Following, sign_in: SignIn) -> None:
    client, sent = sign_in("sales"), written(where="Expo Norte 2026", note="wants a pilot", phone="+52 81 8123 9999")
    page = text(client.post("/people/new/", sent, follow=True))
    assert "Iris Luz" in page and 'value="Expo Norte 2026"' in page and 'value="Iris Luz"' not in page
    client.post("/people/new/", sent)
    iris = Person.objects.get(mail="iris@luz.example")
    assert (iris.source, iris.medium, iris.campaign, iris.phone) == (
        "fair",
        "event",
        "Expo Norte 2026",
        "+528181239999",
    )
    assert [fact.kind for fact in history_of(iris.id) if fact.kind in ("profile_changed", "event_attended")] == [
        "profile_changed", "event_attended",
    ]  # fmt: skip
    page = text(client.get(f"/people/{iris.id}/"))
    assert "wants a pilot" in page and "came to “Expo Norte 2026”" in page
    site.agrees()


def test_a_name_alone_is_enough(site: Following, sign_in: SignIn) -> None:
    page = text(sign_in().post("/people/new/", written(way="card", email="", next=""), follow=True))
    assert "Iris Luz" in page
    iris = Person.objects.get(name="Iris Luz")
    assert iris.known and iris.source == "business card"
    site.agrees()


def test_a_social_profile_names_its_network(site: Following, sign_in: SignIn) -> None:
    sent = written(way="social", name="", email="", where="https://www.linkedin.com/in/iris-luz/")
    sign_in().post("/people/new/", sent)
    iris = Person.objects.get(name="iris-luz")
    assert (iris.source, iris.medium) == ("linkedin", "social")


def test_who_is_known_is_warned_of_and_nothing_typed_is_lost(site: Following, sign_in: SignIn) -> None:
    client = sign_in()
    assert ada.name in text(client.get("/people/new/known/", {"email": f" {ada.mail.upper()} "}))
    assert ada.name in text(client.get("/people/new/known/", {"phone": ada.phone}))
    assert ada.name not in text(client.get("/people/new/known/", {"email": "nobody@x.example", "phone": "12"}))
    sent = written(email=ada.mail, company="Typed Inc", note="typed note")
    answer = client.post("/people/new/", sent)
    assert answer.status_code == 422
    assert "Typed Inc" in text(answer) and "typed note" in text(answer) and "is known by this address" in text(answer)
    assert named(ada).name == ada.name
    client.post("/people/new/", {**sent, "sure": named(ada).id})
    assert named(ada).name == "Iris Luz" and Person.objects.filter(known=True).count() == 1
    site.agrees()


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"email": "no address"}, "is no mail address"),
        ({"phone": "call me"}, "is no phone number"),
        ({"name": "", "email": ""}, "one of them is enough"),
        ({"way": "nonsense"}, "Choose how you met."),
    ],
)
def test_what_cannot_be_taken_is_said_beside_it(sign_in: SignIn, more: dict[str, str], says: str) -> None:
    answer = sign_in().post("/people/new/", written(company="Typed Inc", **more))
    assert answer.status_code == 422
    assert says in text(answer) and "Typed Inc" in text(answer)
    assert not Person.objects.filter(name="Iris Luz").exists()


def test_what_is_typed_is_never_markup(sign_in: SignIn) -> None:
    evil = '"><script>alert(1)</script>'
    page = text(sign_in().post("/people/new/", written(email="x", name=evil, where=evil, note=evil)))
    assert "<script>alert" not in page


@pytest.mark.parametrize("way", [{"email": ""}, {"email": "iris@luz.example", "note": "wants a pilot"}])
def test_a_double_tap_writes_one_person_down(site: Following, sign_in: SignIn, way: dict[str, str]) -> None:
    client, sent = sign_in(), written(**way, next="")
    for _tap in range(2):
        answer = client.post("/people/new/", sent)
        assert (answer.status_code, answer["Location"]) == (302, f"/people/{Person.objects.get(name='Iris Luz').id}/")
    site.agrees()


def test_another_content_in_a_form_that_was_sent_is_told_as_that(site: Following, sign_in: SignIn) -> None:
    client, sent = sign_in(), written(email="", next="")
    client.post("/people/new/", sent)
    answer = client.post("/people/new/", {**sent, "name": "Iris Lux"})
    assert answer.status_code == 409 and "This was recorded before with other content." in text(answer)
    assert not Person.objects.filter(name="Iris Lux").exists()
