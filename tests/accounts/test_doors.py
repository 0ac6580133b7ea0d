"""Sign-in, sign-out, the first set-up and password links: the ways in, and what they do not give away."""

import logging
import re
from datetime import timedelta
from io import StringIO
from typing import Any
from unittest.mock import Mock

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from embudo.accounts import attempts
from embudo.accounts.models import AuditEntry, SignInFailure, User
from tests.accounts.conftest import PASSWORD


def sign_in(client: Client, email: str, password: str = PASSWORD, **more: str) -> Any:
    return client.post("/sign-in/", {"email": email, "password": password, **more})


def bare(answer: Any) -> str:
    """The page without what differs in every answer: the token and the address that was typed."""
    text = re.sub(r'(csrfmiddlewaretoken" value="|X-CSRFToken": ")[^"]+', "", answer.content.decode())
    return re.sub(r'value="[^"]*@[^"]*"', "", text)


def test_the_right_password_opens_and_the_case_of_the_address_does_not_matter(client: Client, person: Any) -> None:
    ana = person(email="ana@norte.example")
    answer = sign_in(client, " Ana@NORTE.example ")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert client.session["_auth_user_id"] == str(ana.pk)


def test_a_new_session_begins_with_the_sign_in(client: Client, person: Any) -> None:
    person(email="ana@norte.example")
    client.get("/sign-in/")
    session = client.session
    session["planted"] = 1
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = before
    sign_in(client, "ana@norte.example")
    assert client.session.session_key != before


def test_wrong_password_unknown_address_and_deactivated_person_get_the_same_answer(client: Client, person: Any) -> None:
    person(email="ana@norte.example")
    person(email="gone@norte.example", is_active=False)
    answers = [
        sign_in(client, "ana@norte.example", "wrong password"),
        sign_in(client, "nobody@norte.example", "wrong password"),
        sign_in(client, "gone@norte.example"),
    ]
    assert {answer.status_code for answer in answers} == {422}
    assert len({bare(answer) for answer in answers}) == 1
    assert "E-mail and password do not match." in bare(answers[0])


def test_each_of_them_costs_one_hash_so_that_time_tells_nothing(
    client: Client, person: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    person(email="ana@norte.example")
    person(email="gone@norte.example", is_active=False)
    User.objects.create_user("sso@norte.example", None, name="By provider")
    hashed = []
    kept = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda self, *given: hashed.append(1) or kept(self, *given))
    costs = []
    for name in ("ana", "nobody", "gone", "sso"):
        hashed.clear()
        sign_in(client, f"{name}@norte.example", "wrong password")
        costs.append(len(hashed))
    assert costs == [1, 1, 1, 1]


@pytest.mark.parametrize("email", ["ana@norte.example", "nobody@norte.example"])
def test_after_too_many_failures_even_the_right_password_waits(client: Client, person: Any, email: str) -> None:
    person(email="ana@norte.example")
    for _ in range(attempts.FAILURES_HERE):
        assert sign_in(client, email, "wrong password").status_code == 422
    answer = sign_in(client, email)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "900")
    assert "_auth_user_id" not in client.session


def test_a_stranger_who_guesses_keeps_nobody_out_who_comes_from_elsewhere(client: Client, person: Any) -> None:
    person(email="ana@norte.example")
    for _ in range(attempts.FAILURES_HERE):
        sign_in(client, "ana@norte.example", "wrong password")
    assert sign_in(client, "ana@norte.example").status_code == 429
    assert sign_in(Client(REMOTE_ADDR="10.1.2.3"), "ana@norte.example").status_code == 302
    assert sign_in(client, "ana@norte.example").status_code == 429  # what was guessed from here stays counted


def test_many_strangers_slow_an_account_down_and_do_not_lock_it(person: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    person(email="ana@norte.example")
    monkeypatch.setattr(attempts, "FAILURES_PER_EMAIL", 6)
    for number in range(6):
        assert sign_in(Client(REMOTE_ADDR=f"10.1.2.{number}"), "ana@norte.example", "a guess").status_code == 422
    elsewhere = Client(REMOTE_ADDR="10.9.9.9")
    answer = sign_in(elsewhere, "ana@norte.example")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "10")
    assert "Try again in 10 seconds." in answer.content.decode()
    SignInFailure.objects.update(at=timezone.now() - timedelta(seconds=11))
    assert sign_in(elsewhere, "ana@norte.example").status_code == 302


def test_failures_are_forgotten_after_a_quarter_of_an_hour_and_with_a_success(client: Client, person: Any) -> None:
    person(email="ana@norte.example")
    for _ in range(attempts.FAILURES_HERE):
        sign_in(client, "ana@norte.example", "wrong password")
    SignInFailure.objects.update(at=timezone.now() - timedelta(minutes=16))
    assert sign_in(client, "ana@norte.example").status_code == 302
    assert not SignInFailure.objects.exists()


def test_one_network_address_cannot_try_many_people(
    client: Client, person: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    person(email="ana@norte.example")
    monkeypatch.setattr(attempts, "FAILURES_PER_ADDRESS", 3)
    for number in range(3):
        assert sign_in(client, f"guess{number}@norte.example").status_code == 422
    assert sign_in(client, "ana@norte.example").status_code == 429
    assert (
        Client(REMOTE_ADDR="10.1.2.3")
        .post("/sign-in/", {"email": "ana@norte.example", "password": PASSWORD})
        .status_code
        == 302
    )


def test_a_forwarded_address_counts_only_from_a_trusted_proxy(rf: Any, here: Any, settings: Any) -> None:
    from dataclasses import replace

    request = rf.get("/", HTTP_X_FORWARDED_FOR="9.9.9.9, 10.0.0.1", REMOTE_ADDR="10.0.0.2")
    assert attempts.address_of(request) == "10.0.0.2"
    settings.EMBUDO = replace(here, trusted_proxies="10.0.0.1, 10.0.0.2")
    assert attempts.address_of(request) == "9.9.9.9"


def test_no_typed_address_is_kept_in_clear(client: Client, db: None) -> None:
    sign_in(client, "secret.person@norte.example")
    assert SignInFailure.objects.count() == 2
    assert not [each for each in SignInFailure.objects.all() if "secret" in each.key or "127.0" in each.key]


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:///evil.example",
        "\thttps://evil.example",
    ],
)
def test_the_way_on_never_leaves_the_site(client: Client, person: Any, wanted: str) -> None:
    person(email="ana@norte.example")
    assert sign_in(client, "ana@norte.example", next=wanted).headers["Location"] == "/"
    assert client.get("/sign-in/", {"next": wanted}).headers["Location"] == "/"
    assert client.post("/preferences/", {"theme": "dark", "next": wanted}).headers["Location"] == "/"


def test_the_way_on_leads_to_the_page_one_came_for(client: Client, person: Any) -> None:
    person(email="ana@norte.example")
    assert sign_in(client, "ana@norte.example", next="/sites/?a=1").headers["Location"] == "/sites/?a=1"


@pytest.mark.parametrize(
    "path",
    ["/sign-out/", "/me/sessions/end/", "/me/sessions/1/end/", "/users/1/second-step/reset/", "/users/1/sessions/end/",
     "/users/second-step/", "/users/invitations/1/renewal/", "/users/invitations/1/revocation/",
     "/users/1/password-link/", "/users/1/deactivation/", "/users/1/activation/", "/sign-in/with/x/"],
)  # fmt: skip
def test_no_link_that_somebody_is_lured_to_changes_anything(person: Any, browser: Any, path: str) -> None:
    assert browser(person()).get(path).status_code == 405


def test_signing_out_is_a_post(person: Any, browser: Any) -> None:
    client = browser(person())
    assert client.get("/sign-out/").status_code == 405
    assert client.get("/me/").status_code == 200
    client.post("/sign-out/")
    assert client.get("/me/").status_code == 302


@pytest.mark.parametrize(
    "path",
    ["/sign-in/", "/sign-out/", "/set-up/", "/preferences/", "/me/", "/me/password/", "/users/new/", "/sites/new/",
     "/confirm/", "/sign-in/code/", "/sign-in/passkey/", "/sign-in/with/x/", "/me/security/app/", "/me/sessions/end/",
     "/me/sessions/1/end/", "/users/1/second-step/reset/", "/users/1/sessions/end/", "/users/second-step/",
     "/users/invitations/1/renewal/", "/users/invitations/1/revocation/", "/invitation/x/"],
)  # fmt: skip
def test_every_post_needs_the_token_of_the_form(person: Any, browser: Any, here: Any, path: str) -> None:
    answer = browser(person(), csrf=True).post(path, {"email": "x@y.example"})
    assert answer.status_code == 403
    assert "The form had expired" in answer.content.decode()


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(client: Client, person: Any) -> None:
    person(email="ana@norte.example")
    cookie = sign_in(client, "ana@norte.example").cookies["sessionid"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax"


# -- first set-up ---------------------------------------------------------------------------------------

FIRST = {"name": "Ana Ruiz", "email": "Ana@norte.example", "password": PASSWORD}


def test_the_holder_of_the_token_becomes_the_first_administrator(client: Client, db: None, here: Any) -> None:
    from embudo.accounts import first_run

    page = client.get(first_run.address(here).removeprefix(here.site_address))
    assert first_run.token(here) in page.content.decode()
    answer = client.post("/set-up/", {**FIRST, "token": first_run.token(here)})
    ana = User.objects.get()
    assert (answer.status_code, ana.email, ana.role, ana.check_password(PASSWORD)) == (
        302,
        "ana@norte.example",
        "admin",
        True,
    )
    assert AuditEntry.objects.get().verb == "install_set_up"
    assert not (here.data / "first_run_token").exists()
    assert client.get("/me/").status_code == 200


def test_a_set_up_that_a_database_interrupts_can_be_done_again(
    client: Client, db: None, here: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from embudo.accounts import first_run

    token = first_run.token(here)
    with monkeypatch.context() as broken, pytest.raises(OperationalError):
        broken.setattr(AuditEntry, "record", Mock(side_effect=OperationalError("disk I/O error")))
        client.post("/set-up/", {**FIRST, "token": token})
    assert not User.objects.exists()
    assert client.post("/set-up/", {**FIRST, "token": token}).status_code == 302
    assert User.objects.get().role == "admin"


@pytest.mark.parametrize("token", ["", "guess", "é"])
def test_a_wrong_token_makes_nobody(client: Client, db: None, here: Any, token: str) -> None:
    from embudo.accounts import first_run

    right = first_run.token(here)
    assert client.post("/set-up/", {**FIRST, "token": token}).status_code == 422
    assert not User.objects.exists()
    assert first_run.token(here) == right


def test_without_a_token_file_no_text_is_right(client: Client, db: None, here: Any) -> None:
    assert client.post("/set-up/", {**FIRST, "token": "anything"}).status_code == 422


def test_a_weak_password_does_not_use_the_token_up(client: Client, db: None, here: Any) -> None:
    from embudo.accounts import first_run

    right = first_run.token(here)
    assert client.post("/set-up/", {**FIRST, "password": "1234567890", "token": right}).status_code == 422
    assert first_run.token(here) == right


def test_the_set_up_is_closed_once_there_is_a_user(client: Client, person: Any, here: Any) -> None:
    from embudo.accounts import first_run

    person()
    assert client.get("/set-up/").headers["Location"] == "/sign-in/"
    client.post("/set-up/", {**FIRST, "token": first_run.token(here)})
    assert User.objects.count() == 1


# -- password links ---------------------------------------------------------------------------------------


def link_of(admin: Client, pk: int) -> str:
    admin.post(f"/users/{pk}/password-link/")
    page = admin.get(f"/users/{pk}/").content.decode()
    return re.search(r"http://[^<]+(/password/[^<\s]+)", page)[1]


def test_a_password_link_is_shown_once_and_works_once(person: Any, browser: Any, client: Client) -> None:
    admin = browser(person())
    luis = person("sales")
    link = link_of(admin, luis.pk)
    assert "/password/" not in admin.get(f"/users/{luis.pk}/").content.decode()
    assert client.get(link).status_code == 200
    assert client.post(link, {"password": "otra frase bien larga"}).status_code == 302
    luis.refresh_from_db()
    assert luis.check_password("otra frase bien larga")
    assert Client().get(link).status_code == 410


def test_a_password_that_is_not_taken_leaves_the_link_in_no_log_line(
    person: Any, browser: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = link_of(browser(person()), person("sales").pk)
    lines, handler = StringIO(), logging.getLogger("django").handlers[0]
    monkeypatch.setattr(handler, "stream", lines)
    assert client.post(link, {"password": "1234567890"}).status_code == 422
    assert Client(enforce_csrf_checks=True).post(link).status_code == 403
    assert lines.getvalue().count("/password/...") == 2 and link.split("/")[3] not in lines.getvalue()
    assert client.get(link).status_code == 200


def test_a_link_of_somebody_deactivated_and_a_damaged_link_open_nothing(
    person: Any, browser: Any, client: Client
) -> None:
    luis = person("sales")
    link = link_of(browser(person()), luis.pk)
    User.objects.filter(pk=luis.pk).update(is_active=False)
    assert client.get(link).status_code == 410
    for uid in ("", "!!!", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "4pi6"):
        assert client.get(f"/password/{uid or 'x'}/{'a' * 32}/").status_code == 410
