"""Who is here twice is searched for, looked at and decided on with keys alone, and taken back."""

import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import AXE, Company
from tests.browser.test_screens import FOUND, TOO_WIDE
from tests.cast import Someone

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LONG_MS = 60_000


def test_duplicates_are_found_and_decided_on_by_keys(page: Page, company: Company) -> None:
    twins = [
        Someone("Ottilie Quarrington", mail, "+4930901820", company="Quarrington Optics", browser=mail)
        for mail in ("ottilie@quarrington.example", "o.quarrington@mailbox.example")
    ]
    company.install.log.append([fact for each in twins for fact in each.submits("contact")])
    deadline = time.monotonic() + LONG_MS / 1000
    while page.goto("/people/?q=quarrington") and page.get_by_text("Ottilie").count() < 2:
        assert time.monotonic() < deadline
    page.goto("/duplicates/")
    page.locator("form[action='/duplicates/search/'] button").click()
    page.get_by_role("link", name="Look through them").click(timeout=LONG_MS)
    pairs = page.locator(".pair")
    expect(pairs.filter(has_text="Ottilie Quarrington")).to_have_count(1)
    count = pairs.count()
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.reload()
            assert page.evaluate(TOO_WIDE) <= 0
            page.evaluate(f"{AXE.read_text()}; undefined")
            assert page.evaluate(FOUND) == []
    page.set_viewport_size({"width": 1440, "height": 900})
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator(".toast-card")).to_contain_text("stay two people")
    expect(pairs).to_have_count(count - 1)
    page.locator(".toast-card button", has_text="Undo").click()
    expect(pairs).to_have_count(count)
    page.wait_for_load_state()
    page.keyboard.press("j")
    page.keyboard.press("m")
    expect(page.locator(".toast-card")).to_contain_text("one person now")
    expect(pairs).to_have_count(count - 1)
    page.locator(".toast-card button", has_text="Undo").click()
    expect(page.locator(".toast-card")).to_contain_text("two people again")
