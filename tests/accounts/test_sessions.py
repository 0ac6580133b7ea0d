"""Where people are signed in, and how that ends."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from embudo.accounts.device import device_of
from embudo.accounts.middleware import SEEN, sessions
from embudo.accounts.models import AuditEntry, UserSession
from tests.accounts.conftest import PASSWORD

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36"
EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 (KHTML) Version/18.0 Safari/604.1"


def signed_in(email: str, agent: str = FIREFOX) -> Client:
    client = Client(headers={"user-agent": agent, "accept-language": "en"})
    client.post("/sign-in/", {"email": email, "password": PASSWORD})
    return client


@pytest.mark.parametrize(
    ("agent", "words"),
    [(FIREFOX, "Firefox · Windows"), (CHROME, "Chrome · Android"), (EDGE, "Edge · Windows"),
     (SAFARI, "Safari · iPhone"), ("curl/8", ""), ("", "")],
)  # fmt: skip
def test_a_device_is_named_as_people_know_it(agent: str, words: str) -> None:
    assert device_of(agent) == words


def test_the_list_tells_device_and_time_and_which_one_is_here(person: Any) -> None:
    ana = person("sales")
    here, _phone = signed_in(ana.email), signed_in(ana.email, CHROME)
    page = here.get("/me/security/").content.decode()
    assert "Firefox · Windows" in page and "Chrome · Android" in page and page.count("here, now") == 1
    assert UserSession.objects.count() == 2


def test_one_device_is_signed_out_and_only_ones_own(person: Any) -> None:
    ana, luis = person("sales"), person("sales")
    here, phone, his = signed_in(ana.email), signed_in(ana.email, CHROME), signed_in(luis.email)
    there = UserSession.objects.get(device="Chrome · Android")
    assert his.post(f"/me/sessions/{there.pk}/end/").status_code == 404
    assert here.get(f"/me/sessions/{there.pk}/end/").status_code == 405
    assert phone.get("/me/").status_code == 200
    here.post(f"/me/sessions/{there.pk}/end/")
    assert (here.get("/me/").status_code, phone.get("/me/").status_code, his.get("/me/").status_code) == (200, 302, 200)
    assert AuditEntry.objects.get().verb == "session_ended"


def test_all_others_are_signed_out_at_once(person: Any) -> None:
    ana = person("sales")
    here, *others = [signed_in(ana.email) for _each in range(3)]
    assert here.get("/me/sessions/end/").status_code == 405
    page = here.post("/me/sessions/end/", follow=True).content.decode()
    assert "Signed out on 2 other devices." in page
    assert [client.get("/me/").status_code for client in (here, *others)] == [200, 302, 302]


def test_an_administrator_signs_a_colleague_out_everywhere_and_nobody_else_may(person: Any) -> None:
    ana, luis, mia = person(), person("sales", "Luis Prado"), person("manager")
    hers, his, other = signed_in(ana.email), signed_in(luis.email), signed_in(mia.email)
    path = f"/users/{luis.pk}/sessions/end/"
    assert other.post(path).status_code == 403 and hers.get(path).status_code == 405
    assert "Firefox · Windows" in hers.get(f"/users/{luis.pk}/").content.decode()
    hers.post(path)
    assert (his.get("/me/").status_code, hers.get("/me/").status_code) == (302, 200)
    assert "signed Luis Prado out everywhere" in hers.get("/changes/").content.decode()


def test_a_new_password_ends_the_others_and_the_list_knows(person: Any) -> None:
    ana = person("sales")
    here, elsewhere = signed_in(ana.email), signed_in(ana.email, CHROME)
    here.post("/me/password/", {"current": PASSWORD, "password": "otra frase bien larga"})
    assert (here.get("/me/").status_code, elsewhere.get("/me/").status_code) == (200, 302)
    assert [each.device for each in UserSession.of(ana)] == ["Firefox · Windows"]
    assert [each.key for each in UserSession.objects.all()] == [here.session.session_key]


def test_signing_out_takes_the_row_along_and_what_expired_leaves_by_itself(person: Any) -> None:
    ana = person("sales")
    signed_in(ana.email).post("/sign-out/")
    assert not UserSession.objects.exists()
    old = signed_in(ana.email)
    Session.objects.filter(session_key=old.session.session_key).update(expire_date=timezone.now() - timedelta(days=1))
    assert UserSession.of(ana) == [] and not UserSession.objects.exists()


def test_looking_around_writes_once_in_five_minutes(person: Any, django_assert_num_queries: Any) -> None:
    ana = person("sales")
    client = signed_in(ana.email)
    before = UserSession.objects.get().seen_at
    client.get("/me/")
    assert UserSession.objects.get().seen_at == before
    session = client.session
    session[SEEN] = [session.session_key, session[SEEN][1] - 301]
    session.save()
    client.get("/me/")
    assert UserSession.objects.get().seen_at > before


def test_a_place_stands_in_words_and_no_address_is_kept(person: Any, rf: Any, settings: Any, tmp_path: Path) -> None:
    ana = person("sales")
    session = UserSession(user=ana, key="k", place={"country": "MX", "region": "Jalisco", "city": "Zapopan"})
    session.save()
    from django.utils import translation

    for language, words in (("en", "Zapopan, Mexico"), ("es", "Zapopan, México"), ("pt-br", "Zapopan, México")):
        with translation.override(language):
            assert session.place_words == words
    assert UserSession(place={}).place_words == "" and UserSession(place={"country": "??"}).place_words == "??"
    columns = {field.name for field in UserSession._meta.get_fields()}
    assert not columns & {"ip", "address"}
    settings.EMBUDO = replace(settings.EMBUDO, places=str(tmp_path / "gone.mmdb"))
    assert callable(sessions(lambda request: None))


def test_the_place_of_a_sign_in_is_read_from_the_operators_file(person: Any, settings: Any, tmp_path: Path) -> None:
    writer = MMDBWriter(6, "Test-City", ipv4_compatible=True)
    said = {"country": {"iso_code": "MX"}, "city": {"names": {"en": "Zapopan"}}}
    writer.insert_network(IPSet(["203.0.113.0/24"]), said)
    writer.to_db_file(str(tmp_path / "places.mmdb"))
    settings.EMBUDO = replace(settings.EMBUDO, places=str(tmp_path / "places.mmdb"))
    ana = person("sales")
    client = Client(headers={"accept-language": "en"}, REMOTE_ADDR="203.0.113.9")
    client.post("/sign-in/", {"email": ana.email, "password": PASSWORD})
    assert "Zapopan, Mexico" in client.get("/me/security/").content.decode()
    assert "203.0.113" not in str(UserSession.objects.values())


def test_a_stranger_has_no_row_and_a_kept_cookie_does_not_bring_a_session_back(person: Any) -> None:
    Client().get("/sign-in/")
    assert not UserSession.objects.exists()
    ana = person("sales")
    client = signed_in(ana.email)
    kept = client.cookies["sessionid"].value
    client.post("/sign-out/")
    thief = Client()
    thief.cookies["sessionid"] = kept
    assert thief.get("/me/").status_code == 302
