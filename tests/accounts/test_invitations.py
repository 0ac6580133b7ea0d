"""Who is asked to work here, the link they come in by, and what it never gives away."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from embudo.accounts.models import AuditEntry, Invitation, User
from embudo.accounts.models.invitation import Spent
from tests.accounts.mail_sink import sink
from tests.cast import mallory

LUIS = {"email": " Luis@Norte.example ", "role": "sales", "language": "es", "time_zone": "America/Monterrey"}
CHOICE = {"name": "Luis Prado", "password": "otra frase bien larga"}


def invited(admin: Client, **more: str) -> str:
    """Invite somebody and return the path of the link that the next page shows."""
    admin.post("/users/new/", {**LUIS, **more})
    return shown(admin)


def shown(admin: Client) -> str:
    found = re.search(r"http://[^<]+(/invitation/[^<\s]+)", admin.get("/users/").content.decode())
    return found[1] if found else ""


def test_an_invited_person_chooses_name_and_password_and_starts_as_invited(person: Any, browser: Any) -> None:
    link, luis = invited(browser(person())), Client(headers={"accept-language": "en"})
    page = luis.get(link).content.decode()
    assert "luis@norte.example" in page and "Bienvenido" in page
    assert luis.post(link, CHOICE).headers["Location"] == "/"
    user = User.objects.get(email="luis@norte.example")
    assert (user.name, user.role, user.language, user.time_zone) == ("Luis Prado", "sales", "es", "America/Monterrey")
    assert luis.session["_auth_user_id"] == str(user.pk) and user.check_password(CHOICE["password"])
    assert '<html lang="es"' in luis.get("/me/").content.decode()
    assert [each.verb for each in AuditEntry.objects.order_by("id")] == ["user_invited", "invitation_accepted"]


def test_the_page_of_the_invitation_may_be_read_in_another_language(person: Any, browser: Any) -> None:
    link, luis = invited(browser(person())), Client(headers={"accept-language": "en"})
    assert "Bienvenido" in luis.get(link).content.decode()
    assert luis.post("/preferences/", {"language": "pt-br", "next": link}).headers["Location"] == link
    assert "Boas-vindas" in luis.get(link).content.decode()


def test_the_link_is_shown_once_and_works_once(person: Any, browser: Any) -> None:
    admin = browser(person())
    link = invited(admin)
    assert not shown(admin)
    assert Client().post(link, CHOICE).status_code == 302
    for answer in (Client().get(link), Client().post(link, {**CHOICE, "password": "ganz ein anderer Satz"})):
        assert answer.status_code == 410
    assert User.objects.get(email="luis@norte.example").check_password(CHOICE["password"])


def test_a_weak_password_and_a_missing_name_say_why_and_leave_the_link_alive(person: Any, browser: Any) -> None:
    link = invited(browser(person()), language="en")
    answer = Client().post(link, {"name": "Luis", "password": "1234567890"})
    assert answer.status_code == 422 and 'value="Luis"' in answer.content.decode()
    assert Client().post(link, {**CHOICE, "name": ""}).status_code == 422
    assert not User.objects.filter(email="luis@norte.example").exists()
    assert Client().post(link, CHOICE).status_code == 302


def test_a_renewed_link_replaces_the_old_one_and_a_revoked_one_opens_nothing(person: Any, browser: Any) -> None:
    admin = browser(person())
    old, pk = invited(admin), Invitation.objects.get().pk
    admin.post(f"/users/invitations/{pk}/renewal/")
    new = shown(admin)
    assert (Client().get(old).status_code, Client().get(new).status_code) == (410, 200)
    admin.post(f"/users/invitations/{pk}/revocation/")
    assert Client().post(new, CHOICE).status_code == 410
    assert admin.post(f"/users/invitations/{pk}/renewal/").status_code == 404
    assert "Nobody is invited just now." in admin.get("/users/").content.decode()


def test_a_link_is_dead_after_a_week_until_it_is_renewed(person: Any, browser: Any) -> None:
    admin = browser(person())
    link, invitation = invited(admin), Invitation.objects.get()
    assert timedelta(days=6) < invitation.expires_at - timezone.now() <= timedelta(days=7)
    Invitation.objects.update(expires_at=timezone.now())
    assert Client().get(link).status_code == 410
    assert "expired" in admin.get("/users/").content.decode()
    admin.post(f"/users/invitations/{invitation.pk}/renewal/")
    assert Client().get(shown(admin)).status_code == 200


def test_two_who_open_the_link_at_once_make_one_user(person: Any) -> None:
    invitation = Invitation(email="luis@norte.example", role="sales")
    invitation.offer(by=person())
    same = Invitation.objects.get()
    invitation.accept("Luis", "otra frase bien larga")
    with pytest.raises(Spent):
        same.accept("Mallory", "otra frase bien larga")
    with pytest.raises(Spent):
        same.revoke(by=person())
    assert User.objects.filter(email="luis@norte.example").count() == 1


def test_an_address_that_is_taken_or_invited_says_what_to_do(person: Any, browser: Any) -> None:
    person("sales", email="ana@norte.example")
    admin = browser(person())
    for language, words in (
        ("en", "Somebody with this address has an account already."),
        ("es", "Alguien con esta dirección ya tiene una cuenta."),
        ("pt-br", "Alguém com este endereço já tem uma conta."),
    ):
        admin.post("/preferences/", {"language": language})
        answer = admin.post("/users/new/", {**LUIS, "email": "ANA@norte.example"})
        page = answer.content.decode()
        assert answer.status_code == 422 and words in page and 'value="ANA@norte.example"' in page
    admin.post("/preferences/", {"language": "en"})
    invited(admin)
    assert "is invited already" in admin.post("/users/new/", LUIS).content.decode()
    assert Invitation.objects.count() == 1


def test_an_address_that_somebody_has_by_now_opens_nothing(person: Any, browser: Any) -> None:
    link = invited(browser(person()))
    person("sales", email="luis@norte.example")
    assert Client().post(link, CHOICE).status_code == 410


@pytest.mark.parametrize("token", ["x", "WzEsIngiXQ:1x:y", "..%2F..", "a" * 4000])
def test_a_made_up_link_opens_nothing(client: Client, db: None, token: str) -> None:
    assert client.get(f"/invitation/{token}/").status_code in (404, 410)


def test_a_link_signed_for_something_else_opens_nothing(client: Client, person: Any) -> None:
    from django.core import signing

    invitation = Invitation(email="luis@norte.example", role="admin")
    invitation.offer(by=person())
    forged = signing.dumps([invitation.pk, invitation.nonce], salt="another")
    assert client.get(f"/invitation/{forged}/").status_code == 410


def test_the_role_is_what_the_administrator_chose_whatever_the_form_sends(person: Any, browser: Any) -> None:
    link = invited(browser(person()))
    Client().post(link, {**CHOICE, "role": "admin", "email": "mallory@evil.example", "is_active": ""})
    assert User.objects.get(name="Luis Prado").role == "sales"
    assert not User.objects.filter(email__contains="mallory").exists()


def test_with_a_mail_server_the_link_goes_out_in_the_language_of_the_invited(
    person: Any, browser: Any, settings: Any
) -> None:
    settings.EMBUDO = replace(
        settings.EMBUDO, mail_url="smtp://mail.norte.example", site_url="https://embudo.norte.example"
    )
    admin = browser(person(name="Ana\nRuiz"))
    assert not invited(admin)
    (sent,) = mail.outbox
    assert sent.to == ["luis@norte.example"] and "Ana Ruiz" in sent.subject and "\n" not in sent.subject
    assert "Abra este enlace" in sent.body
    link = re.search(r"https://embudo\.norte\.example(/invitation/\S+)", sent.body)[1]
    assert Client().get(link).status_code == 200
    assert Invitation.objects.get().mailed_at is not None


def test_the_mail_goes_over_the_wire_to_a_real_server(person: Any, browser: Any, settings: Any) -> None:
    with sink() as (port, kept):
        settings.EMBUDO = replace(settings.EMBUDO, mail_url=f"smtp://127.0.0.1:{port}")
        settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = (
            "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1", port,
        )  # fmt: skip
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.DEFAULT_FROM_EMAIL = settings.EMBUDO.sender
        assert not invited(browser(person(name="Ana Ruíz")))
    (mail_,) = kept
    text = mail_.get_payload(decode=True).decode()
    assert mail_["To"] == "luis@norte.example" and mail_["From"] == "embudo@127.0.0.1"
    assert "Ana Ruíz le invita" in text
    assert Client().get(re.search(r"(/invitation/\S+)", text)[1]).status_code == 200


def test_a_mail_server_that_refuses_leaves_the_link_to_hand_over(person: Any, browser: Any, settings: Any) -> None:
    settings.EMBUDO = replace(settings.EMBUDO, mail_url="smtp://127.0.0.1:9")
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = (
        "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1", 9,
    )  # fmt: skip
    admin = browser(person())
    admin.post("/users/new/", LUIS)
    page = admin.get("/users/").content.decode()
    assert "The mail server did not take the mail." in page and "/invitation/" in page


def test_links_carry_the_address_of_the_settings_whatever_host_the_request_names(
    person: Any, browser: Any, settings: Any
) -> None:
    settings.EMBUDO = replace(settings.EMBUDO, mail_url="smtp://x.example", site_url="https://embudo.norte.example")
    admin, luis = browser(person()), person("sales")
    for host in ("localhost", "127.0.0.1"):
        admin.post("/users/new/", {**LUIS, "email": f"{host}@norte.example"}, headers={"host": host})
        admin.post(f"/users/{luis.pk}/password-link/", headers={"host": host})
        page = admin.get(f"/users/{luis.pk}/").content.decode()
        assert "https://embudo.norte.example/password/" in page and f"http://{host}/password" not in page
    assert all("https://embudo.norte.example/invitation/" in sent.body for sent in mail.outbox)
    assert len(mail.outbox) == 2
    refused = admin.post("/users/new/", {**LUIS, "email": "x@norte.example"}, headers={"host": "evil.example"})
    assert refused.status_code == 400 and len(mail.outbox) == 2


def test_no_link_stands_in_a_log_line(person: Any, browser: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import logging
    from io import StringIO

    link, lines = invited(browser(person())), StringIO()
    monkeypatch.setattr(logging.getLogger("django").handlers[0], "stream", lines)
    assert Client().post(link, {"name": "", "password": "x"}).status_code == 422
    assert Client(enforce_csrf_checks=True).post(link, CHOICE).status_code == 403
    Client().get("/sign-in/code/?code=123456&state=abc&x=1/")
    logging.getLogger("django.request").warning("Odd: /cb/?state=s3cret&code=c0de")
    assert "/invitation/..." in lines.getvalue() and link.split("/")[2] not in lines.getvalue()
    assert "s3cret" not in lines.getvalue() and "c0de" not in lines.getvalue()


def test_an_invitation_is_never_markup(person: Any, browser: Any) -> None:
    admin = browser(person(name=mallory.name))
    link = invited(admin, email='"<b>x</b>"@norte.example') or invited(admin)
    assert "<script>alert" not in Client().get(link).content.decode()
    refused = Client().post(link, {"name": mallory.name, "password": "x"}).content.decode()
    assert "<script>alert" not in refused and "&lt;" in refused


@pytest.mark.parametrize("role", ["marketing", "sales", "manager"])
def test_only_administrators_invite_renew_and_revoke(person: Any, browser: Any, role: str) -> None:
    invitation = Invitation(email="luis@norte.example", role="sales")
    invitation.offer(by=person())
    other, nonce = browser(person(role)), invitation.nonce
    for path in ("/users/new/", f"/users/invitations/{invitation.pk}/renewal/",
                 f"/users/invitations/{invitation.pk}/revocation/"):  # fmt: skip
        assert other.post(path, LUIS).status_code == 403
    invitation.refresh_from_db()
    assert (invitation.nonce, invitation.revoked_at) == (nonce, None)
