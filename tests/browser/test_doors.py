"""Keys, webhooks and the reference as people use them: made, seen once, tested live, taken back; whole when narrow."""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from standardwebhooks.webhooks import Webhook

from tests.browser.conftest import Company, browse
from tests.browser.test_screens import LANGUAGES, WIDTHS, speak, walk
from tests.doors.conftest import Receiver, receiver  # noqa: F401 - a fixture

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SOON_MS = 15_000


def asked(company: Company, key: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Ask the API as other software does."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{company.url}/api/v1/{path}", data, headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def new_key(page: Page, name: str, *scopes: str) -> str:
    """Make a key by hand and return what is shown once."""
    page.goto("/api-keys/")
    page.fill("input[name=name]", name)
    for scope in scopes:
        page.check(f"input[name=scopes][value='{scope}']")
    page.get_by_role("button", name="Make the key").click()
    text = page.locator("#api-key").inner_text()
    assert re.fullmatch("ek_[0-9a-f]{48}", text)
    return text


def test_a_key_is_made_used_revoked_and_given_back(page: Page, company: Company) -> None:
    key = new_key(page, "Spreadsheet", "people:read")
    status, told = asked(company, key, "people?limit=3&sort=name")
    assert (status, len(told["data"])) == (200, 3)
    assert asked(company, key, "people", {"email": "x@y.example"})[0] == 403
    page.reload()
    assert key not in page.content()
    row = page.locator("tr", has_text="Spreadsheet")
    row.get_by_role("button", name="Revoke").click()
    assert asked(company, key, "me")[0] == 401
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("tr", has_text="Spreadsheet").get_by_role("button", name="Revoke")).to_be_visible()
    assert asked(company, key, "me")[0] == 200


def test_a_webhook_is_told_a_test_and_then_what_happens(
    page: Page,
    company: Company,
    receiver: Receiver,  # noqa: F811
) -> None:
    key = new_key(page, "CRM", "people:read", "people:write")
    page.goto("/webhooks/new/")
    page.fill("input[name=name]", "CRM")
    page.fill("input[name=url]", receiver.url)
    page.check("input[value=stage_changed]")
    page.get_by_role("button", name="Add", exact=True).click()
    secret = page.locator("#webhook-secret").inner_text()
    page.get_by_role("button", name="Send a test").click()
    expect(page.locator("#_log tbody tr", has_text="A test")).to_contain_text("delivered", timeout=SOON_MS)
    person = company.people["lead"]
    assert asked(company, key, f"people/{person}/stage", {"stage": "qualified", "reason": "met"})[0] == 200
    changed = page.locator("#_log tbody tr", has_text="stage changed").first
    expect(changed).to_contain_text("delivered", timeout=SOON_MS)
    headers, body = receiver.got[-1]
    told = Webhook(secret).verify(body, headers)
    assert (told["type"], told["data"]["to"], told["data"]["person"]["id"]) == (
        "stage_changed",
        "qualified",
        str(person),
    )
    changed.locator("a").click()
    expect(page.get_by_role("heading", name="Answered 200")).to_be_visible()
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_text("1 delivery is sent again.")).to_be_visible()
    page.locator("a[data-back]").click()
    expect(page.locator("#_log tbody tr", has_text="stage changed").first).to_contain_text("delivered", timeout=SOON_MS)
    page.get_by_role("link", name="Settings").last.click()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#_log")).to_contain_text("The webhook is paused")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#_log")).not_to_contain_text("The webhook is paused")


def test_a_refused_form_keeps_what_was_typed(chromium: Browser, company: Company, cookies: list[Any]) -> None:
    context = browse(chromium, company, cookies, locale="en")
    page = context.new_page()
    page.goto("/webhooks/new/")
    page.fill("input[name=name]", "Inside")
    page.fill("input[name=url]", "http://10.0.0.1/")
    page.check("input[value=stage_changed]")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".field-error")).to_contain_text("private")
    expect(page.locator("input[value=stage_changed]")).to_be_checked()
    assert page.input_value("input[name=name]") == "Inside"
    page.goto("/api-keys/")
    page.fill("input[name=name]", "Nothing")
    page.get_by_role("button", name="Make the key").click()
    expect(page.locator(".field-error")).to_contain_text("choose at least one")
    assert page.input_value("input[name=name]") == "Nothing"
    context.close()


@pytest.fixture
def failing(page: Page, receiver: Receiver) -> Iterator[str]:  # noqa: F811
    """A webhook that fails, with a delivery; the address of the delivery."""
    receiver.status, receiver.body = 500, b"<h1>Internal error</h1> " + b"x" * 300
    page.goto("/webhooks/new/")
    page.fill("input[name=name]", "Data store with a rather long name")
    page.fill("input[name=url]", f"{receiver.url}/a-very-long-path/{'x' * 80}")
    page.check("input[value=opportunity_won]")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="Send a test").click()
    expect(page.locator("#_log tbody tr").first).to_contain_text("next try", timeout=SOON_MS)
    yield str(page.locator("#_log tbody a").first.get_attribute("href"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_of_the_doors_is_whole(
    chromium: Browser, company: Company, cookies: list[Any], failing: str, language: str
) -> None:
    context = browse(chromium, company, cookies, color_scheme="light", reduced_motion="reduce")
    page = context.new_page()
    speak(page, language)
    hook = failing.partition("deliveries/")[0]
    pages = [
        "/api-keys/",
        "/api/",
        "/webhooks/",
        "/webhooks/new/",
        hook,
        f"{hook}settings/",
        f"{hook}?state=failed",
        failing,
    ]
    found = walk(page, pages, WIDTHS, both_themes=language == "en")
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    page.goto("/api/")
    for operation in page.locator("details.operation").all()[:4]:
        operation.locator("summary").click()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        wide = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"/api/ opened at {width} px is {wide} px too wide"
    speak(page, "en")
    context.close()
    assert not found, "\n".join(found)
