"""Who is here twice is searched for, looked at and decided on with keys alone, and taken back."""

import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import AXE, Company
from tests.browser.test_screens import FOUND, TOO_WIDE
from tests.cast import Someone

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LONG_MS = 60_000


def looks_whole(page: Page) -> None:
    """Nothing is wrong with the page that is open, on a phone and on a desk, in both themes."""
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.reload()
            assert page.evaluate(TOO_WIDE) <= 0
            page.evaluate(f"{AXE.read_text()}; undefined")
            assert page.evaluate(FOUND) == []


def test_duplicates_are_found_and_decided_on_by_keys(page: Page, company: Company) -> None:
    twins = [
        Someone(f"Ottilie {name}", mail, phone, company=f"{name} Optics", browser=mail)
        for name, phone in (("Quarrington", "+4930901820"), ("Hathersage", "+4930901877"))
        for mail in (f"ottilie@{name.lower()}.example", f"o.{name.lower()}@mailbox.example")
    ]
    company.install.log.append([fact for each in twins for fact in each.submits("contact")])
    deadline = time.monotonic() + LONG_MS / 1000
    while page.goto("/people/?q=ottilie") and page.locator("main tbody tr[data-row]").count() < 4:
        assert time.monotonic() < deadline
    page.goto("/duplicates/")
    page.locator("form[action='/duplicates/search/'] button").click()
    page.get_by_role("link", name="Look through them").click(timeout=LONG_MS)
    pairs = page.locator(".pair")
    expect(pairs.filter(has_text="Ottilie Quarrington")).to_have_count(1)
    count = pairs.count()
    looks_whole(page)
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator(".toast-card")).to_contain_text("stay two people")
    expect(pairs).to_have_count(count - 1)
    expect(page.locator(".pair.is-here a[data-open]")).to_be_focused()  # a screen reader says whose pair it is
    page.keyboard.press("x")
    expect(pairs).to_have_count(count - 2)
    page.locator(".toast-card button", has_text="Undo").click()
    expect(pairs).to_have_count(count - 1)
    page.wait_for_load_state()
    page.keyboard.press("j")
    page.keyboard.press("m")
    expect(page.locator(".toast-card")).to_contain_text("one person now")
    expect(pairs).to_have_count(count - 2)
    page.locator(".toast-card button", has_text="Undo").click()
    expect(page.locator(".toast-card")).to_contain_text("two people again")


def test_companies_are_found_joined_on_their_page_and_taken_apart(page: Page, company: Company) -> None:
    people = [
        Someone("Ida Brandström", "ida@brandstrom.example", company="Brandstrom Optics", browser="ida"),
        Someone("Olaf Holm", "olaf@gmail.com", company="Brandstrom Optics AB", browser="olaf"),
    ]
    company.install.log.append([fact for each in people for fact in each.submits("contact")])
    deadline = time.monotonic() + LONG_MS / 1000
    while page.goto("/companies/?q=brandstrom") and page.locator("main tbody tr").count() < 2:
        assert time.monotonic() < deadline
    page.goto("/duplicates/")
    page.get_by_role("link", name="Companies").last.click()
    page.locator("form[action='/duplicates/companies/search/'] button").click()
    page.get_by_role("link", name="Look through them").click(timeout=LONG_MS)
    pair = page.locator(".pair", has_text="Brandstrom Optics AB")
    expect(pair).to_have_count(1)
    looks_whole(page)
    pair.get_by_role("button", name="Two companies").click()
    expect(page.locator(".toast-card")).to_contain_text("stay two companies")

    page.goto("/companies/?q=brandstrom.example")
    page.get_by_role("link", name="Brandstrom Optics", exact=True).click()
    page.locator("main").get_by_role("link", name="Join with another company…").click()
    page.get_by_role("searchbox", name="Search the other company").press_sequentially("brandstrom")
    looks_whole(page)
    page.goto(f"{page.url}?q=brandstrom")
    page.get_by_role("link", name="Brandstrom Optics AB").click()
    looks_whole(page)
    page.get_by_role("button", name="Join them").click()
    expect(page.locator(".toast-card")).to_contain_text("one company now")
    expect(page.get_by_role("heading", name="Joined companies")).to_be_visible()
    expect(page.get_by_role("link", name="Olaf Holm").first).to_be_visible()
    page.locator(".toast-card button", has_text="Undo").click()
    expect(page.locator(".toast-card")).to_contain_text("two companies again")
    page.locator(".toast-card button", has_text="Undo").click()
    expect(page.locator(".toast-card")).to_contain_text("one company now")
    looks_whole(page)
    page.get_by_role("button", name="Take apart").click()
    expect(page.locator(".toast-card")).to_contain_text("two companies again")
    expect(page.get_by_text("taken apart on")).to_have_count(2)
