"""What administrators do with users, and what stays in the trail."""

import re
from typing import Any

import pytest
from django.test import Client

from embudo.accounts import attempts
from embudo.accounts.audit import WORDS
from embudo.accounts.models import AuditEntry, LastAdministrator, User
from tests.accounts.conftest import PASSWORD
from tests.cast import mallory


def test_a_change_of_role_is_in_the_trail(person: Any, browser: Any) -> None:
    ana, luis = person(name="Ana Ruiz"), person("sales", "Luis Prado")
    admin = browser(ana)
    admin.post(f"/users/{luis.pk}/", {"name": luis.name, "email": luis.email, "role": "manager"})
    luis.refresh_from_db()
    assert luis.role == "manager"
    page = admin.get("/changes/").content.decode()
    assert "changed the role of Luis Prado from Sales to Manager" in page and "Ana Ruiz" in page


def test_an_address_changed_together_with_a_role_is_in_the_trail(person: Any, browser: Any) -> None:
    admin, eva = person("admin"), person("sales")
    old = eva.email
    client = browser(admin)
    client.post(f"/users/{eva.pk}/", {"name": eva.name, "email": "other@norte.example", "role": "manager"})
    changes = AuditEntry.objects.filter(verb__in=("role_changed", "email_changed", "user_changed"))
    told = {each.verb: each.detail for each in changes}
    assert told == {
        "role_changed": {"old": "sales", "new": "manager"},
        "email_changed": {"old": old, "new": "other@norte.example"},
    }
    assert f"from {old} to other@norte.example" in client.get("/changes/").content.decode()
    client.post(f"/users/{eva.pk}/", {"name": "Eva Sol", "email": "other@norte.example", "role": "manager"})
    assert changes.count() == 3


def test_somebody_deactivated_is_out_at_once_and_back_with_undo(person: Any, browser: Any) -> None:
    luis = person("sales")
    his, admin = browser(luis), browser(person())
    page = admin.post(f"/users/{luis.pk}/deactivation/", follow=True).content.decode()
    assert his.get("/me/").status_code == 302
    undo = re.search(r'action="(/users/\d+/activation/)"', page)[1]
    admin.post(undo)
    assert his.get("/me/").status_code == 200
    assert list(AuditEntry.objects.values_list("verb", flat=True)) == ["user_activated", "user_deactivated"]


def test_the_last_administrator_stays(person: Any, browser: Any) -> None:
    ana = person()
    admin = browser(ana)
    admin.post(f"/users/{ana.pk}/deactivation/")
    answer = admin.post(f"/users/{ana.pk}/", {"name": "Ana", "email": ana.email, "role": "sales"})
    ana.refresh_from_db()
    assert (answer.status_code, ana.is_active, ana.role) == (422, True, "admin")
    person("admin", is_active=False)
    with pytest.raises(LastAdministrator):
        ana.deactivate(by=ana)


def test_one_of_two_administrators_may_go(person: Any) -> None:
    ana, bea = person(), person()
    ana.deactivate(by=bea)
    assert not User.objects.get(pk=ana.pk).is_active


def test_changing_the_password_ends_the_other_sessions_only(person: Any, browser: Any) -> None:
    ana = person()
    here, elsewhere = Client(), Client()
    for client in (here, elsewhere):
        client.post("/sign-in/", {"email": ana.email, "password": PASSWORD})
    here.post("/me/password/", {"current": PASSWORD, "password": "otra frase bien larga"})
    assert (here.get("/me/").status_code, elsewhere.get("/me/").status_code) == (200, 302)


def test_a_password_set_by_a_link_ends_every_session(person: Any, browser: Any) -> None:
    luis = person("sales")
    his, admin = browser(luis), browser(person())
    admin.post(f"/users/{luis.pk}/password-link/")
    link = re.search(r"http://[^<]+(/password/[^<\s]+)", admin.get(f"/users/{luis.pk}/").content.decode())[1]
    Client().post(link, {"password": "otra frase bien larga"})
    assert his.get("/me/").status_code == 302


def test_nobody_tries_out_the_password_of_a_browser_left_open(
    person: Any, browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "FAILURES_HERE", 3)
    ana = person()
    client, wrong = browser(ana), {"current": "a guess", "password": "otra frase bien larga"}
    assert [client.post("/me/password/", wrong).status_code for _try in range(4)] == [422, 422, 422, 429]
    answer = client.post("/me/password/", {**wrong, "current": PASSWORD})
    assert answer.status_code == 429 and "Too many attempts" in answer.content.decode()
    assert User.objects.get(pk=ana.pk).check_password(PASSWORD)


@pytest.mark.parametrize(
    ("current", "new"), [("wrong", "otra frase bien larga"), (PASSWORD, "short"), (PASSWORD, "1234567890")]
)
def test_a_password_is_not_changed_without_the_old_or_to_a_weak_one(
    person: Any, browser: Any, current: str, new: str
) -> None:
    ana = person()
    assert browser(ana).post("/me/password/", {"current": current, "password": new}).status_code == 422
    ana.refresh_from_db()
    assert ana.check_password(PASSWORD)


def test_nobody_gives_themselves_a_role(person: Any, browser: Any) -> None:
    luis = person("sales")
    browser(luis).post(
        "/me/",
        {
            "name": "Luis",
            "theme": "dark",
            "language": "es",
            "time_zone": "America/Monterrey",
            "role": "admin",
            "is_active": "",
        },
    )
    luis.refresh_from_db()
    assert (luis.role, luis.theme, luis.language, luis.time_zone, luis.is_active) == (
        "sales",
        "dark",
        "es",
        "America/Monterrey",
        True,
    )


def test_an_unknown_time_zone_is_refused_and_the_page_still_stands(person: Any, browser: Any) -> None:
    answer = browser(person()).post("/me/", {"name": "", "theme": "auto", "time_zone": "Mars/Olympus"})
    assert answer.status_code == 422


def test_names_are_never_markup(person: Any, browser: Any) -> None:
    person("sales", mallory.name)
    ana = person(name='"><img src=x onerror=alert(1)>')
    admin = browser(ana)
    admin.post(f"/users/{User.objects.first().pk}/deactivation/")
    for path in ("/users/", f"/users/{User.objects.first().pk}/", "/changes/", "/me/"):
        page = admin.get(path).content.decode()
        assert "<script>alert" not in page and "<img src=x" not in page
        assert "&lt;" in page


def test_the_trail_has_words_for_what_is_recorded_and_refuses_the_rest(person: Any) -> None:
    with pytest.raises(KeyError):
        AuditEntry.record(person(), "user_ad_ded")
    assert all(str(words) for words in WORDS.values())


def test_the_trail_is_paged_by_key_without_gaps(person: Any, browser: Any) -> None:
    ana = person()
    for number in range(120):
        AuditEntry.record(ana, "site_added", f"site-{number:03}")
    admin, path, seen = browser(ana), "/changes/", []
    while path:
        page = admin.get(path).content.decode()
        seen += re.findall(r"site-\d{3}", page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = following[1].replace("&amp;", "&") if following else ""
    assert seen == [f"site-{number:03}" for number in reversed(range(120))]
    assert admin.get("/changes/?after=damaged").status_code == 400


# -- language, zone, theme ---------------------------------------------------------------------------------


def test_the_page_speaks_the_language_of_its_reader(person: Any, browser: Any) -> None:
    client = browser(person())
    client.post("/preferences/", {"language": "pt-br"})
    page = client.get("/me/").content.decode()
    assert '<html lang="pt-BR"' in page and "Meu perfil" in page
    assert "Entrar" in Client(headers={"accept-language": "pt-BR"}).get("/sign-in/").content.decode()


def test_the_theme_is_in_the_first_byte_of_the_page(person: Any, browser: Any) -> None:
    client = browser(person())
    client.post("/preferences/", {"theme": "dark"})
    assert 'data-bs-theme="dark"' in client.get("/me/").content.decode()
    stranger = Client()
    stranger.cookies["theme"] = "dark"
    assert 'data-bs-theme="dark"' in stranger.get("/sign-in/").content.decode()


def test_nonsense_as_a_preference_changes_nothing(person: Any, browser: Any) -> None:
    ana = person()
    client = browser(ana)
    client.post("/preferences/", {"language": "xx", "theme": "neon"})
    ana.refresh_from_db()
    assert (ana.language, ana.theme) == ("", "auto")


def test_times_stand_in_the_zone_of_the_reader(person: Any, browser: Any) -> None:
    ana = person(time_zone="America/Monterrey")
    page = browser(ana).get("/users/").content.decode()
    assert " CST" in page
    other = browser(person())
    other.cookies["zone"] = "Asia%2FTokyo"
    assert " JST" in other.get("/users/").content.decode()
    other.cookies["zone"] = "../../etc/passwd"
    assert other.get("/users/").status_code == 200
