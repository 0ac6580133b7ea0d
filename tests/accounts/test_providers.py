"""Signing in by a provider: a real one on loopback; in comes who works here or was invited, and nobody else."""

import http.client
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from embudo.accounts.models import AuditEntry, Invitation, User
from embudo.setting_text import providers_of
from tests.accounts.provider import CLIENT, SECRET, Provider, running

ANA = {"sub": "a-1", "email": "Ana@norte.example", "email_verified": True, "name": "Ana Ruiz"}


@pytest.fixture(scope="module")
def server() -> Iterator[Provider]:
    with running() as provider:
        yield provider


@pytest.fixture
def provider(server: Provider, settings: Any) -> Provider:
    """The provider as the settings name it, with Ana in front of it."""
    server.claims, server.profile, server.says_no, server.asked = dict(ANA), {}, False, []
    host = server.issuer.removeprefix("http://")
    address = f"Norte_SSO=http://{CLIENT}:{quote(SECRET, safe='')}@{host}"
    settings.EMBUDO = replace(settings.EMBUDO, oidc=address)
    return server


def leave(client: Client, **more: str) -> str:
    """Press the button of the provider and return where the page leads."""
    page = client.post("/sign-in/with/norte_sso/", more).content.decode()
    return re.search(r'href="(http://127[^"]+)"', page)[1].replace("&amp;", "&")


def answer_of(there: str) -> str:
    """Go to the provider as the browser does and return where it sends us back to, without host."""
    parts = urlsplit(there)
    asking = http.client.HTTPConnection(parts.netloc)
    asking.request("GET", f"{parts.path}?{parts.query}")
    back = urlsplit(asking.getresponse().headers["Location"])
    asking.close()
    return f"{back.path}?{back.query}"


def signed_in(client: Client, **more: str) -> Any:
    return client.get(answer_of(leave(client, **more)))


def user_of(client: Client) -> User | None:
    return User.objects.filter(pk=client.session.get("_auth_user_id", 0)).first()


def words(client: Client) -> str:
    return client.get("/sign-in/").content.decode()


def test_the_sign_in_offers_the_provider_by_its_name(client: Client, db: None, provider: Provider) -> None:
    assert "Sign in with Norte SSO" in words(client)


def test_somebody_who_works_here_comes_in_and_goes_on(client: Client, person: Any, provider: Provider) -> None:
    ana = person("sales", email="ana@norte.example")
    answer = signed_in(client, next="/me/")
    assert (answer.status_code, answer.headers["Location"], user_of(client)) == (302, "/me/", ana)
    assert SocialAccount.objects.get().user == ana and ana.check_password("una frase bastante larga")
    assert [entry.verb for entry in AuditEntry.objects.all()] == ["provider_linked"]


def test_the_second_time_the_subject_counts_and_not_the_address(
    client: Client, person: Any, provider: Provider
) -> None:
    ana = person("sales", email="ana@norte.example")
    signed_in(client)
    provider.claims = {**ANA, "email": "ana.ruiz@sur.example", "email_verified": False}
    other = Client()
    signed_in(other)
    assert user_of(other) == ana and User.objects.count() == 1


def test_who_was_invited_comes_in_as_they_were_invited(client: Client, person: Any, provider: Provider) -> None:
    invitation = Invitation(email="ana@norte.example", role="manager", language="es", time_zone="America/Lima")
    invitation.offer(by=person())
    signed_in(client)
    ana = user_of(client)
    assert ana is not None
    assert (ana.name, ana.role, ana.language, ana.time_zone) == ("Ana Ruiz", "manager", "es", "America/Lima")
    assert not ana.has_usable_password() and not Invitation.open().exists()


def test_a_stranger_stays_out_and_is_told_what_to_do(client: Client, person: Any, provider: Provider) -> None:
    person()
    assert signed_in(client).headers["Location"] == "/sign-in/"
    assert user_of(client) is None and User.objects.count() == 1 and not SocialAccount.objects.exists()
    assert "Ask an administrator to invite you." in words(client)


@pytest.mark.parametrize("verified", [False, "false", None, "", 0])
def test_an_address_that_the_provider_does_not_vouch_for_opens_nothing(
    client: Client, person: Any, provider: Provider, verified: object
) -> None:
    person("admin", email="ana@norte.example")
    provider.claims = {**ANA, "email_verified": verified}
    signed_in(client)
    assert user_of(client) is None and "does not vouch" in words(client)


def test_a_revoked_and_an_expired_invitation_open_nothing(client: Client, person: Any, provider: Provider) -> None:
    admin = person()
    invitation = Invitation(email="ana@norte.example", role="manager")
    invitation.offer(by=admin)
    Invitation.objects.update(expires_at="2020-01-01T00:00Z")
    signed_in(client)
    assert user_of(client) is None
    invitation.renew(by=admin)
    invitation.revoke(by=admin)
    signed_in(client)
    assert user_of(client) is None and User.objects.count() == 1


def test_somebody_deactivated_stays_out_with_and_without_a_link_to_the_provider(
    client: Client, person: Any, provider: Provider
) -> None:
    ana = person("sales", email="ana@norte.example")
    signed_in(client)
    User.objects.filter(pk=ana.pk).update(is_active=False)
    for kept in (True, False):
        if not kept:
            SocialAccount.objects.all().delete()
        other = Client()
        signed_in(other)
        assert user_of(other) is None


def test_a_profile_of_somebody_else_than_the_token_is_refused(client: Client, person: Any, provider: Provider) -> None:
    person("admin", email="ana@norte.example")
    provider.profile, provider.claims = dict(ANA), {"sub": "mallory"}
    provider.profile["sub"] = "a-1"
    signed_in(client)
    assert user_of(client) is None


def test_an_answer_for_another_browser_a_used_code_and_a_made_up_one_open_nothing(
    client: Client, person: Any, provider: Provider
) -> None:
    person("sales", email="ana@norte.example")
    answer = answer_of(leave(client))
    stranger = Client()
    assert stranger.get(answer).headers["Location"] == "/sign-in/"
    assert user_of(stranger) is None
    client.get(answer)
    client.post("/sign-out/")
    client.get(answer)
    assert user_of(client) is None
    state = answer_of(leave(client)).partition("state=")[2].partition("&")[0]
    assert client.get(f"/sign-in/with/norte_sso/callback/?state={state}&code=guess").headers["Location"] == "/sign-in/"
    assert user_of(client) is None


def test_a_token_for_another_client_or_of_another_issuer_is_refused(
    client: Client, person: Any, provider: Provider
) -> None:
    person("sales", email="ana@norte.example")
    for wrong in ({"aud": "another"}, {"iss": "https://evil.example"}, {"exp": 1}):
        provider.claims = {**ANA, **wrong}
        signed_in(client)
        assert user_of(client) is None


def test_who_thought_better_of_it_is_back_at_the_sign_in(client: Client, db: None, provider: Provider) -> None:
    provider.says_no = True
    assert signed_in(client).headers["Location"] == "/sign-in/"


def test_the_second_step_is_asked_for_here_too(client: Client, person: Any, provider: Provider) -> None:
    from tests.accounts.test_second_step import app_of

    app_of(person("sales", email="ana@norte.example"))
    assert signed_in(client).headers["Location"] == "/sign-in/code/"
    assert user_of(client) is None


def test_who_has_neither_password_nor_second_step_shows_by_the_provider_again_who_they_are(
    client: Client, person: Any, provider: Provider
) -> None:
    Invitation(email="ana@norte.example", role="admin", language="en").offer(by=person())
    signed_in(client)
    typed = {"email": "luis@norte.example", "role": "sales"}
    assert client.post("/users/new/", typed).status_code == 302 and Invitation.open().count() == 1
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 1000
    session["account_authentication_methods"] = session["account_authentication_methods"]
    session.save()
    assert client.get("/users/new/").status_code == 200
    answer = client.get("/me/security/app/")
    assert answer.headers["Location"] == "/sign-in/?next=%2Fme%2Fsecurity%2Fapp%2F" and user_of(client) is None
    signed_in(client, next="/me/security/app/")
    assert client.get("/me/security/app/").status_code == 200


def test_a_provider_is_unlinked_by_its_owner_who_keeps_a_way_in(
    client: Client, person: Any, provider: Provider, browser: Any
) -> None:
    ana = person("sales", email="ana@norte.example")
    signed_in(client)
    assert "norte_sso" in client.get("/me/security/").content.decode()
    path = f"/me/security/providers/{SocialAccount.objects.get().pk}/removal/"
    assert browser(person("admin")).post(path).status_code == 404
    assert browser(ana, fresh=False).post(path).headers["Location"].startswith("/confirm/")
    ana.set_unusable_password()
    ana.save()
    alone = Client()
    signed_in(alone)
    alone.post(path)
    assert SocialAccount.objects.count() == 1
    ana.set_password("una frase bastante larga")
    ana.save()
    browser(ana).post(path)
    assert not SocialAccount.objects.exists()
    assert AuditEntry.objects.first().verb == "provider_unlinked"


def test_leaving_is_a_post_and_never_leads_astray_afterwards(client: Client, person: Any, provider: Provider) -> None:
    person("sales", email="ana@norte.example")
    assert client.get("/sign-in/with/norte_sso/").status_code == 405
    assert Client(enforce_csrf_checks=True).post("/sign-in/with/norte_sso/").status_code == 403
    assert client.post("/sign-in/with/nobody/").status_code == 404
    assert signed_in(client, next="https://evil.example/").headers["Location"] == "/"


def test_a_provider_that_does_not_answer_is_told_in_words(client: Client, db: None, settings: Any) -> None:
    settings.EMBUDO = replace(settings.EMBUDO, oidc="Gone=http://a:b@127.0.0.1:9")
    assert client.post("/sign-in/with/gone/").headers["Location"] == "/sign-in/"
    assert "The provider does not answer." in words(client)


def test_the_setting_names_providers_and_hides_their_secrets() -> None:
    one, two = providers_of("Google=https://i%40d:s%3As@accounts.google.com keycloak=https://a:b@sso.example/realms/x")
    assert (one.id, one.client_id, one.secret, one.issuer) == ("google", "i@d", "s:s", "https://accounts.google.com")
    assert two.issuer == "https://sso.example/realms/x" and "s:s" not in repr(one)
