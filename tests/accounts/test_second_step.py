"""The second step: app, recovery codes and passkeys; who must have one; what neither guessing nor haste gets past."""

import re
import time
from io import StringIO
from typing import Any

import pytest
from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core.management import CommandError, call_command
from django.test import Client, RequestFactory

from embudo.accounts import code_forms
from embudo.accounts.models import AuditEntry, SecondStepRule, User, UserSession
from tests.accounts.conftest import PASSWORD

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def app_of(user: User, secret: str = SECRET) -> Authenticator:
    """Set an app up for somebody, with their recovery codes."""
    with context.request_context(RequestFactory().get("/")):
        RecoveryCodes.activate(user)
        return TOTP.activate(user, secret).instance


def codes_of(user: User) -> list[str]:
    with context.request_context(RequestFactory().get("/")):
        return RecoveryCodes.activate(user).get_unused_codes()


def code(secret: str = SECRET, steps: int = 0) -> str:
    """What the app shows, `steps` half minutes from now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def with_password(email: str, **more: str) -> tuple[Client, Any]:
    client = Client(headers={"accept-language": "en"})
    return client, client.post("/sign-in/", {"email": email, "password": PASSWORD, **more})


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_the_password_alone_does_not_open_and_the_code_does(person: Any) -> None:
    app_of(person("sales", email="ana@norte.example"))
    client, answer = with_password("ana@norte.example", next="/me/?a=1")
    assert (answer.headers["Location"], is_in(client)) == ("/sign-in/code/", False)
    assert client.get("/me/").status_code == 302
    answer = client.post("/sign-in/code/", {"code": code()})
    assert (answer.status_code, answer.headers["Location"], is_in(client)) == (302, "/me/?a=1", True)


def test_a_code_opens_once_whoever_saw_it_over_the_shoulder(person: Any) -> None:
    app_of(person("sales", email="ana@norte.example"))
    seen = code()
    for expected in (True, False):
        client, _answer = with_password("ana@norte.example")
        client.post("/sign-in/code/", {"code": seen})
        assert is_in(client) == expected
    client, _answer = with_password("ana@norte.example")
    client.post("/sign-in/code/", {"code": code(steps=-1)})
    assert not is_in(client)
    client.post("/sign-in/code/", {"code": code(steps=1)})
    assert is_in(client)


def test_a_recovery_code_opens_once(person: Any) -> None:
    ana = person("sales", email="ana@norte.example")
    app_of(ana)
    spare = codes_of(ana)[0]
    for expected in (True, False):
        client, _answer = with_password("ana@norte.example")
        client.post("/sign-in/code/", {"code": f"{spare[:4]} {spare[4:]}"})
        assert is_in(client) == expected
    assert len(codes_of(ana)) == 9


def test_after_five_wrong_codes_even_the_right_one_waits_in_every_browser(person: Any) -> None:
    app_of(person("sales", email="ana@norte.example"))
    client, _answer = with_password("ana@norte.example")
    for _try in range(code_forms.CODES):
        page = client.post("/sign-in/code/", {"code": "000000"}).content.decode()
        assert "This code is not right." in page
    assert "Too many attempts." in client.post("/sign-in/code/", {"code": code()}).content.decode()
    other, _answer = with_password("ana@norte.example")
    other.post("/sign-in/code/", {"code": code()})
    assert not is_in(client) and not is_in(other)


def test_after_the_installs_key_changed_the_page_says_who_can_help(person: Any, settings: Any) -> None:
    ana = person("sales", email="ana@norte.example")
    app_of(ana)
    spare = codes_of(ana)[0]
    client, _answer = with_password("ana@norte.example")
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [], "another"
    client, _answer = with_password("ana@norte.example")
    for given in (code(), spare):
        answer = client.post("/sign-in/code/", {"code": given})
        assert "Ask an administrator to reset your second step" in answer.content.decode()
    assert not is_in(client)


def test_the_page_of_the_code_is_closed_to_who_gave_no_password(client: Client, db: None) -> None:
    assert client.get("/sign-in/code/").headers["Location"] == "/sign-in/"
    assert client.post("/sign-in/code/", {"code": code()}).headers["Location"] == "/sign-in/"


def test_a_password_link_does_not_go_round_the_second_step(person: Any, browser: Any) -> None:
    luis = person("sales")
    app_of(luis)
    admin = browser(person())
    admin.post(f"/users/{luis.pk}/password-link/")
    link = re.search(r"http://[^<]+(/password/[^<\s]+)", admin.get(f"/users/{luis.pk}/").content.decode())[1]
    client = Client()
    assert client.post(link, {"password": "otra frase bien larga"}).headers["Location"] == "/sign-in/code/"
    assert not is_in(client)


def test_a_link_opened_in_the_browser_of_another_signs_that_one_out(person: Any, browser: Any) -> None:
    luis = person("sales", email="luis@norte.example")
    app_of(luis)
    admin = browser(person())
    admin.post(f"/users/{luis.pk}/password-link/")
    link = re.search(r"http://[^<]+(/password/[^<\s]+)", admin.get(f"/users/{luis.pk}/").content.decode())[1]
    assert admin.post(link, {"password": "otra frase bien larga"}).headers["Location"] == "/sign-in/code/"
    assert not is_in(admin)
    admin.post("/sign-in/code/", {"code": code()})
    assert admin.session["_auth_user_id"] == str(luis.pk)


@pytest.mark.django_db(transaction=True)
def test_an_app_is_set_up_with_picture_secret_and_code_and_its_secret_lies_encrypted(person: Any, browser: Any) -> None:
    ana = person("sales")
    client = browser(ana)
    page = client.get("/me/security/app/").content.decode()
    secret = re.search(r'id="secret">([A-Z2-7]{32})<', page)[1]
    assert "data:image/svg+xml;base64," in page
    refused = client.post("/me/security/app/", {"code": "123"}).content.decode()
    assert "This code is not right." in refused and secret in refused
    answer = client.post("/me/security/app/", {"code": code(secret)})
    assert answer.headers["Location"] == "/me/security/codes/"
    shown = client.get("/me/security/codes/").content.decode()
    assert all(each in shown for each in codes_of(ana))
    assert secret not in str(Authenticator.objects.get(type="totp").data)
    assert {"app_added", "recovery_codes_made"} == {entry.verb for entry in AuditEntry.objects.all()}
    assert "10 codes are left." in client.get("/me/security/").content.decode()
    assert client.get("/me/security/codes/file/").content.decode().split() == codes_of(ana)


@pytest.mark.parametrize(
    "path",
    ["/me/security/app/", "/me/security/codes/", "/me/security/codes/new/", "/me/security/passkeys/new/",
     "/me/security/app/removal/", "/me/security/codes/file/"],
)  # fmt: skip
def test_a_browser_left_open_shows_and_changes_nothing_of_it(person: Any, browser: Any, path: str) -> None:
    ana = person("sales")
    if path != "/me/security/app/":
        app_of(ana)
    client = browser(ana, fresh=False)
    for answer in (client.get(path), client.post(path, {"code": code()})):
        assert answer.status_code == 405 or answer.headers["Location"].startswith("/confirm/")
    assert Authenticator.objects.filter(user=ana).count() == (0 if path == "/me/security/app/" else 2)


@pytest.mark.parametrize(
    "path",
    ["/users/new/", "/users/{pk}/", "/users/{pk}/password-link/", "/users/{pk}/second-step/reset/",
     "/users/second-step/", "/users/invitations/{pk}/renewal/"],
)  # fmt: skip
def test_what_concerns_the_accounts_of_others_asks_again_who_one_is(person: Any, browser: Any, path: str) -> None:
    admin, luis = person(), person("sales", "Luis")
    client = browser(admin, fresh=False)
    typed = {"name": "X", "email": "x@norte.example", "role": "admin", "roles": "sales"}
    assert client.post(path.format(pk=luis.pk), typed).headers["Location"].startswith("/confirm/")
    luis.refresh_from_db()
    assert luis.name == "Luis" and not AuditEntry.objects.exists()


def test_after_confirming_what_was_asked_is_done_and_nothing_typed_is_lost(person: Any, browser: Any) -> None:
    client = browser(person(), fresh=False)
    there = client.post("/users/new/", {"email": "x@norte.example", "role": "sales"}).headers["Location"]
    assert "Confirm that it is you" in client.get(there).content.decode()
    refused = client.post(there, {"password": "wrong"}).content.decode()
    assert "This is not your current password." in refused
    client.post(there, {"password": PASSWORD})
    assert "x@norte.example" in client.get("/users/").content.decode()


def test_confirming_is_limited_like_the_sign_in(person: Any, browser: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from embudo.accounts import attempts

    monkeypatch.setattr(attempts, "FAILURES_HERE", 3)
    client = browser(person(), fresh=False)
    for _try in range(3):
        client.post("/confirm/?next=/me/security/app/", {"password": "wrong"})
    page = client.post("/confirm/?next=/me/security/app/", {"password": PASSWORD}).content.decode()
    assert "Too many attempts." in page


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "//localhost/x", "javascript:alert(1)"])
def test_confirming_never_leads_away(person: Any, browser: Any, wanted: str) -> None:
    client = browser(person(), fresh=False)
    answer = client.post(f"/confirm/?next={wanted}", {"password": PASSWORD})
    assert answer.headers["Location"] == "/"


def test_removing_the_app_takes_the_codes_along(person: Any, browser: Any) -> None:
    ana = person("sales")
    app_of(ana)
    client = browser(ana)
    assert "Remove the app" in client.get("/me/security/app/removal/").content.decode()
    assert Authenticator.objects.count() == 2
    client.post("/me/security/app/removal/")
    assert not Authenticator.objects.exists()


# -- whose second step it is, and who must have one ------------------------------------------------------


def test_a_role_that_must_have_one_sees_nothing_else_before(person: Any, browser: Any) -> None:
    admin, luis = person(), person("sales")
    his, hers = browser(luis), browser(admin)
    hers.post("/users/second-step/", {"roles": ["sales"]})
    for path in ("/people/", "/"):
        assert his.get(path).headers["Location"] == "/me/security/"
    page = his.get("/me/security/").content.decode()
    assert "The role Sales needs a second step" in page
    for path in ("/me/", "/me/security/app/"):
        assert his.get(path).status_code == 200
    assert hers.get("/users/").status_code == 200
    app_of(luis)
    assert his.get("/people/").status_code == 200


def test_a_fragment_asked_for_by_who_owes_one_leads_the_whole_page_there(person: Any, browser: Any) -> None:
    SecondStepRule.settle({"sales"}, by=person())
    answer = browser(person("sales")).get("/people/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (403, "/me/security/")


def test_the_rule_of_a_role_is_in_the_trail_and_nonsense_changes_nothing(person: Any, browser: Any) -> None:
    client = browser(person())
    client.post("/users/second-step/", {"roles": ["sales", "marketing"]})
    client.post("/users/second-step/", {"roles": ["root"]})
    client.post("/users/second-step/", {"roles": ["sales"]})
    assert [rule.role for rule in SecondStepRule.objects.all()] == ["sales"]
    told = [(entry.verb, entry.detail["role"]) for entry in AuditEntry.objects.order_by("id")]
    assert told == [
        ("second_step_required", "marketing"), ("second_step_required", "sales"),
        ("second_step_left_free", "marketing"),
    ]  # fmt: skip


def test_an_administrator_resets_what_a_colleague_lost(person: Any, browser: Any) -> None:
    luis = person("sales", "Luis Prado")
    app_of(luis)
    his, admin = browser(luis), browser(person())
    his.get("/me/")
    admin.post(f"/users/{luis.pk}/second-step/reset/")
    assert not Authenticator.objects.exists() and not UserSession.objects.filter(user=luis).exists()
    assert his.get("/me/").status_code == 302
    assert "reset the second step of Luis Prado" in admin.get("/changes/").content.decode()
    _client, answer = with_password(luis.email)
    assert answer.headers["Location"] == "/"


def test_the_operator_resets_it_for_the_only_administrator(person: Any) -> None:
    ana, told = person("admin", email="ana@norte.example"), StringIO()
    app_of(ana)
    for _time in range(2):
        call_command("reset_second_step", "Ana@norte.example", stdout=told)
    assert told.getvalue().splitlines() == ["Done: they sign in with their password now.", "They had no second step."]
    assert not Authenticator.objects.exists() and AuditEntry.objects.get().by is None
    with pytest.raises(CommandError, match="Nobody with this address"):
        call_command("reset_second_step", "nobody@norte.example")


def test_nobody_touches_the_passkey_of_another(person: Any, browser: Any) -> None:
    ana, luis = person("sales"), person("sales")
    hers = Authenticator.objects.create(user=ana, type="webauthn", data={"name": "Laptop", "credential": {}})
    client = browser(luis)
    for path in (f"/me/security/passkeys/{hers.pk}/", f"/me/security/passkeys/{hers.pk}/removal/"):
        assert client.get(path).status_code == client.post(path, {"name": "mine"}).status_code == 404
    assert Authenticator.objects.get().data["name"] == "Laptop"


@pytest.mark.parametrize(
    "credential",
    ["", "x", "null", "[]", "{}", '{"id": 1}', '{"response": {"userHandle": "MQ"}}', '{"response": 3}',
     '{"response": {"userHandle": "////"}}'],
)  # fmt: skip
def test_a_damaged_passkey_opens_nothing_and_is_told_in_words(person: Any, credential: str) -> None:
    person()
    client = Client(headers={"accept": "application/json", "accept-language": "en"})
    assert "challenge" in client.get("/sign-in/passkey/").json()["request_options"]["publicKey"]
    answer = client.post("/sign-in/passkey/", {"credential": credential})
    assert answer.headers["Location"] == "/sign-in/" and not is_in(client)
    assert "This passkey does not open an account here." in client.get("/sign-in/").content.decode()
