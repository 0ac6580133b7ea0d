"""Long work as people meet it: asked for by a button, done by the real process, with its result on the page."""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Company, browse
from tests.browser.test_screens import WIDTHS, walk

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SHOTS = os.environ.get("SHOTS", "")  # a folder, for who wants to look


def test_failed_events_of_a_reason_are_taken_in_again_by_the_process_work(
    chromium: Browser, company: Company, cookies: list[Any], page: Page
) -> None:
    page.goto("/failed-events/")
    page.locator("main a[href*='reason=']:not([href*='reason=&']):not([href$='reason='])").first.click()
    page.get_by_role("button", name="Take all of this reason in again").click()
    page.wait_for_url("**/work/*/")
    expect(page.get_by_role("heading", name="Done")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("Still failing")).to_be_visible()
    work = page.url.removeprefix(company.url)
    page.get_by_role("link", name="Long work").first.click()
    expect(page.get_by_role("link", name="Failed events taken in again").first).to_be_visible()

    context = browse(chromium, company, cookies, color_scheme="light", reduced_motion="reduce")
    examined = context.new_page()
    found: list[str] = []
    for width in WIDTHS:
        found += walk(examined, ("/work/", work, "/system/"), (width,), both_themes=True)
    for name, address in (("jobs", "/work/"), ("job", work), ("system", "/system/")) if SHOTS else ():
        for width in WIDTHS:
            for scheme in ("light", "dark"):
                examined.set_viewport_size({"width": width, "height": 900})
                examined.emulate_media(color_scheme=scheme)
                examined.goto(address)
                examined.screenshot(path=Path(SHOTS) / f"{name}-{width}-{scheme}.png", full_page=True)
    context.close()
    assert not found, "\n".join(found)


def test_a_tag_of_very_many_is_joined_to_another_and_parted_again(
    chromium: Browser, company: Company, cookies: list[Any], page: Page
) -> None:
    def tag(address: str, name: str) -> None:
        page.goto(address)
        page.locator("tbody .tick").first.check()
        page.locator(".acts-all input").check()
        page.locator(".acts summary", has=page.locator("use[href$='#tag']")).click()
        page.fill("#act-tag", name)
        page.locator("button[name=act][value=tag]").click()
        page.wait_for_load_state()

    page.goto("/")
    visitors = page.locator("main a[href*='reached=visitor'][href*='further=no']").first.get_attribute("href")
    tag(str(visitors), "crowd")
    page.wait_for_url("**/work/*/")
    expect(page.get_by_role("heading", name="Done")).to_be_visible(timeout=60_000)
    tag("/people/?stage=customer", "buyers")
    page.goto("/people/tags/")
    row = page.locator("tr", has=page.get_by_role("link", name="crowd"))
    row.locator("input[name=name]").fill("buyers")
    row.get_by_role("button", name="Rename").click()
    page.wait_for_url("**/work/*/")
    expect(page.get_by_role("heading", name="Done")).to_be_visible(timeout=60_000)
    joined = page.url.removeprefix(company.url)
    context = browse(chromium, company, cookies, color_scheme="light", reduced_motion="reduce")
    found = walk(context.new_page(), (joined,), WIDTHS, both_themes=True)
    context.close()
    page.get_by_role("button", name="Undo").click()
    page.wait_for_url(lambda address: "/work/" in address and not address.endswith(joined))
    expect(page.get_by_role("heading", name="Done")).to_be_visible(timeout=60_000)
    page.goto("/people/tags/")
    expect(page.get_by_role("link", name="crowd")).to_be_visible()
    assert not found, "\n".join(found)
