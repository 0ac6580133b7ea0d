"""Accounts as people meet them in a browser: coming in, the second step, passkeys, a provider, devices, the trail."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from embudo.accounts.models import AuditEntry, Invitation, SecondStepRule, User
from tests.accounts.provider import CLIENT, SECRET, running
from tests.accounts.test_second_step import app_of, code
from tests.browser.conftest import watch
from tests.browser.test_screens import LANGUAGES, WIDTHS, walk

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PASSWORD = "una frase bastante larga"


@pytest.fixture
def site(live_server: Any) -> str:
    """The address of the site; passkeys need a name, so it is not the number."""
    return str(live_server.url.replace("127.0.0.1", "localhost"))


@pytest.fixture
def ana(transactional_db: None) -> User:
    return User.objects.create_user("ana@norte.example", PASSWORD, name="Ana Ruiz", role="admin")


@pytest.fixture
def window(chromium: Browser, site: str) -> Iterator[BrowserContext]:
    """A browser of somebody who is not signed in yet."""
    context = chromium.new_context(base_url=site, locale="en", viewport={"width": 1440, "height": 900})
    yield context
    context.close()


@pytest.fixture
def page(window: BrowserContext) -> Iterator[Page]:
    opened = window.new_page()
    problems = watch(opened)
    yield opened
    assert [each for each in problems if "the server responded with a status of 4" not in each] == []


def sign_in(page: Page, email: str = "ana@norte.example", then: str = "/me/") -> None:
    page.goto(f"/sign-in/?next={then}")
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", PASSWORD)
    page.click("main form .btn-primary")
    page.wait_for_load_state()


def passkeys(page: Page) -> None:
    """Give the browser a lock of its own that answers for the person."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_an_invited_person_comes_in_by_the_link(ana: User, page: Page, chromium: Browser, site: str) -> None:
    sign_in(page, then="/users/")
    page.click("text=Invite somebody")
    page.fill("input[name=email]", "luis@norte.example")
    page.select_option("select[name=role]", "sales")
    page.select_option("select[name=language]", "es")
    page.select_option("select[name=time_zone]", "America/Lima")
    page.click("main form .btn-primary")
    link = re.sub(r"^https?://[^/]+", site, page.inner_text("#invitation-link"))
    elsewhere = chromium.new_context(locale="en")
    his = elsewhere.new_page()
    problems = watch(his)
    his.goto(link)
    his.fill("input[name=name]", "Luis Prado")
    his.fill("input[name=password]", "corta")
    his.click(".btn-primary")
    assert his.input_value("input[name=name]") == "Luis Prado" and his.locator(".field-error").count() == 1
    his.fill("input[name=password]", "otra frase bien larga")
    his.click(".btn-primary")
    his.goto(f"{site}/me/")
    assert his.inner_text("h1") == "Mi perfil" and his.input_value("select[name=time_zone]") == "America/Lima"
    his.goto(link)
    assert "Este enlace ya no funciona" in his.inner_text("h1")
    elsewhere.close()
    assert [each for each in problems if "status of 4" not in each] == []
    page.reload()
    assert "Luis Prado" in page.inner_text("main")


def test_an_app_is_set_up_and_asked_for_at_the_next_sign_in(ana: User, page: Page) -> None:
    SecondStepRule.settle({"admin"}, by=ana)
    sign_in(page, then="/users/")
    assert page.url.endswith("/me/security/") and "needs a second step" in page.inner_text("[role=alert]")
    page.click("a:has-text('Set up an app')")
    assert page.locator("img.qr").evaluate("image => image.complete && image.naturalWidth > 0")
    page.click("summary:has-text('type this secret')")
    secret = page.inner_text("#secret").strip()
    page.fill("input[name=code]", code(secret))
    page.click("main form .btn-primary")
    assert len(page.inner_text("#codes").split()) == 10
    spare = page.inner_text("#codes").split()[0]
    page.goto("/users/")
    assert page.inner_text("h1") == "Users"
    page.context.clear_cookies()
    sign_in(page, then="/users/")
    assert page.inner_text("h1") == "Second step"
    page.fill("input[name=code]", "000000")
    page.click("main form .btn-primary")
    assert "This code is not right." in page.inner_text("main")
    page.fill("input[name=code]", spare)
    page.keyboard.press("Enter")
    page.wait_for_url("**/users/")


def test_a_passkey_opens_alone_and_one_that_is_refused_says_so(ana: User, page: Page) -> None:
    passkeys(page)
    sign_in(page, then="/me/security/")
    page.click("a:has-text('Add a passkey')")
    page.fill("input[name=name]", "Laptop")
    page.click("#passkey-add")
    page.wait_for_url("**/me/security/codes/")
    page.goto("/me/security/")
    assert "Laptop" in page.inner_text("main") and "opens without a password" in page.inner_text("main")
    page.context.clear_cookies()
    page.goto("/sign-in/?next=/me/security/")
    page.click("#passkey-sign-in")
    page.wait_for_url("**/me/security/")
    page.click("a:has-text('Laptop')")
    page.wait_for_url("**/confirm/**")
    page.click("text=Use a passkey")
    page.click("#passkey-confirm")
    page.wait_for_url("**/passkeys/**")
    page.fill("input[name=name]", "Old laptop")
    page.click("main form .btn-primary")
    page.click("a[aria-label='Remove Old laptop']")
    page.click("main form .btn-bad")
    page.wait_for_url("**/me/security/**")
    assert "Old laptop" not in page.inner_text("main .grid")
    page.context.clear_cookies()
    page.goto("/sign-in/")
    page.click("#passkey-sign-in")
    page.wait_for_url("**/sign-in/")
    page.wait_for_selector("text=does not open an account here")


def test_a_passkey_is_the_second_step_after_the_password(ana: User, page: Page) -> None:
    passkeys(page)
    sign_in(page, then="/me/security/passkeys/new/")
    page.click("#passkey-add")
    page.wait_for_url("**/me/security/codes/")
    page.context.clear_cookies()
    sign_in(page, then="/me/")
    page.click("#passkey-authenticate")
    page.wait_for_url("**/me/")


def test_the_way_over_a_provider_and_back(ana: User, page: Page, settings: Any, site: str) -> None:
    with running() as provider:
        provider.claims = {"sub": "1", "email": "ana@norte.example", "email_verified": True, "name": "Ana Ruiz"}
        host = provider.issuer.removeprefix("http://")
        settings.EMBUDO = replace(settings.EMBUDO, oidc=f"Norte=http://{CLIENT}:{quote(SECRET, safe='')}@{host}")
        page.goto("/sign-in/?next=/me/")
        page.click("text=Sign in with Norte")
        page.wait_for_url("**/me/")
        assert page.inner_text("h1") == "My profile" and provider.asked[0]["redirect_uri"].startswith(site)
        provider.claims = {**provider.claims, "sub": "2", "email": "mallory@evil.example"}
        page.context.clear_cookies()
        page.goto("/sign-in/")
        page.click("text=Sign in with Norte")
        page.wait_for_selector("text=Ask an administrator to invite you.")


def test_another_device_is_signed_out(ana: User, page: Page, chromium: Browser, site: str) -> None:
    other = chromium.new_context(base_url=site, locale="en", user_agent="Mozilla/5.0 (iPhone) Version/18 Safari/604.1")
    phone = other.new_page()
    sign_in(phone)
    sign_in(page, then="/me/security/")
    page.click("button[aria-label='Sign out on Safari · iPhone']")
    page.wait_for_selector("text=Signed out there.")
    phone.goto("/me/")
    assert "/sign-in/" in phone.url
    other.close()


def test_the_trail_is_narrowed(ana: User, page: Page) -> None:
    AuditEntry.saw(ana, "person_opened", "Ada Lovelace", of=7)
    AuditEntry.record(ana, "site_added", "shop")
    sign_in(page, then="/changes/")
    page.select_option("select[name=what]", "person_opened")
    page.click("main button:has-text('Show')")
    assert "Ada Lovelace" in page.inner_text("tbody") and "shop" not in page.inner_text("tbody")
    page.click("text=Show all")
    assert "shop" in page.inner_text("tbody")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_of_accounts_is_whole(ana: User, chromium: Browser, site: str, settings: Any, language: str) -> None:
    """Wide and narrow, light and dark in English, narrowed in the others; axe looks at each."""
    settings.EMBUDO = replace(settings.EMBUDO, oidc="Norte_SSO=https://a:b@sso.norte.example")
    luis = User.objects.create_user("luis@norte.example", PASSWORD, name="Luis Prado", role="sales")
    app_of(luis)
    Invitation(email="mia@norte.example", role="manager").offer(by=ana)
    link = Invitation(email="eva@norte.example", role="sales", language=language)
    link.offer(by=ana)
    own = ("", "app/", "passkeys/new/", "codes/new/")
    addresses = [
        "/users/", "/users/new/", f"/users/{luis.pk}/", "/changes/", "/changes/?since=x", "/me/", "/confirm/",
        *(f"/me/security/{part}" for part in own),
    ]  # fmt: skip
    open_to_all = ["/sign-in/", f"/invitation/{link.token}/", "/invitation/x/"]
    still = {"color_scheme": "light", "reduced_motion": "reduce", "base_url": site, "locale": language}
    mine, door = chromium.new_context(**still), chromium.new_context(**still)
    page = mine.new_page()
    sign_in(page)
    User.objects.filter(pk=ana.pk).update(language=language)
    asked = chromium.new_context(**still)
    second = asked.new_page()
    sign_in(second, luis.email)
    found = []
    for widths in [(width,) for width in WIDTHS] if language == "en" else [WIDTHS]:
        found += walk(page, addresses, widths, both_themes=language == "en")
        found += walk(door.new_page(), open_to_all, widths, both_themes=language == "en")
        found += walk(second, ["/sign-in/code/"], widths, both_themes=language == "en")
    for each in (mine, door, asked):
        each.close()
    refused = re.compile(r"/changes/\?since=x(: .*of| answered) 422|/invitation/x/(: .*of| answered) 410")
    found = [each for each in found if not refused.match(each)]
    assert not found, "\n".join(found)
