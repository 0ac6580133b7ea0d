"""Every screen of the product, wide and narrow, light and dark, in three languages: whole, accessible, no errors."""

from collections.abc import Sequence
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import AXE, Company, browse, watch

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WIDTHS = (1440, 390)
LANGUAGES = ("en", "es", "pt-br")
OPEN_TO_ALL = ("/sign-in/",)
FOUND = """async (only) => (await axe.run({resultTypes: ["violations"], ...(only && {runOnly: only})})).violations
    .filter((each) => ["serious", "critical"].includes(each.impact))
    .map((each) => each.id + ": " + each.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | "))"""
COLOURS = {"type": "rule", "values": ["color-contrast"]}  # all that differs between light and dark
TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"

CUT_OFF = """() => [...document.querySelectorAll(".bottom > a, .bottom summary")]
    .filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.textContent.trim())"""

CLIPPED = """() => [...document.querySelectorAll("main .table-wrap:not([tabindex])")]
    .map((each) => each.scrollWidth - each.clientWidth).filter((wide) => wide > 1)"""  # a focus is for scrolling
GONE = """() => {
  scrollTo(0, document.body.scrollHeight);
  const gone = [...document.querySelectorAll(".side, .top")].filter((each) => each.offsetHeight
      && each.getBoundingClientRect().top !== 0).map((each) => each.className);
  scrollTo(0, 0);
  return gone; }"""


def screens(company: Company, page: Page) -> list[str]:
    """The addresses of all screens, those of the first site and failed event among them."""
    people = company.people
    person = f"/people/{people['opportunity'] or people['customer'] or people['lead']}/"
    found = [
        "/", "/?period=365", "/?period=all", "/people/", "/people/?stage=lead&score.min=1&sort=-seen",
        "/people/?q=zzzz", "/people/filters/?stage=lead", "/people/tags/", "/people/?consent.newsletter=unsaid", person,
        f"/people/{people['lead']}/", f"{person}why/",
        f"{person}why/?on=2026-01-01",
        f"{person}attributes/", f"{person}attributes/industry/", f"{person}merge/?q=an",
        f"{person}merge/{people['joined']}/", "/users/", "/users/new/", "/changes/", "/me/", "/sites/",
        "/forms/", "/forms/new/", "/forms/demo/",
        "/forms/demo/build/", "/forms/demo/whole/", "/forms/demo/share/", "/forms/demo/showings/sent/",
        "/sites/new/", "/system/", "/failed-events/", "/duplicates/",
        "/duplicates/companies/", "/imports/", "/work/", "/nothing-here/",
    ]  # fmt: skip
    if people["joined"]:
        found.append(f"/people/{people['joined']}/unmerge/{people['absorbed']}/")
    page.goto("/sites/")
    site = page.locator("main tbody a[href^='/sites/']").first.get_attribute("href")
    found += [f"{site}{part}" for part in ("", "install/", "settings/", "keys/")]
    page.goto("/failed-events/")
    failed = page.locator("main tbody a[href^='/failed-events/']").first.get_attribute("href")
    return [*found, str(failed)]


def speak(page: Page, language: str) -> None:
    """Choose the language as people do."""
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    page.goto("/")
    if page.locator(f"button[name=language][value='{language}'][aria-current]").count() == 0:
        page.locator(f".top button[name=language][value='{language}']").first.click()
        page.wait_for_load_state()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_screen_is_whole(chromium: Browser, company: Company, cookies: list[Any], language: str) -> None:
    """English is opened anew at each width and examined in both themes; the others are opened once and narrowed."""
    still = {"color_scheme": "light", "reduced_motion": "reduce"}
    signed_in = browse(chromium, company, cookies, **still)
    stranger = browse(chromium, company, [], locale=language, **still)
    page, door = signed_in.new_page(), stranger.new_page()
    speak(page, language)
    addresses = screens(company, page)
    found = []
    for widths in [(width,) for width in WIDTHS] if language == "en" else [WIDTHS]:
        for opened, those in ((page, addresses), (door, OPEN_TO_ALL)):
            found += walk(opened, those, widths, both_themes=language == "en")
    speak(page, "en")
    signed_in.close()
    stranger.close()
    assert not found, "\n".join(found)


def walk(page: Page, addresses: Sequence[str], widths: Sequence[int], *, both_themes: bool) -> list[str]:
    """Open each address once and return what is wrong there, at each width; axe looks at the first."""
    found = []
    problems = watch(page)
    axe = AXE.read_text()
    for address in addresses:
        problems.clear()
        page.set_viewport_size({"width": widths[0], "height": 900})
        answer = page.goto(address)
        expected = 404 if address == "/nothing-here/" else 200
        if answer is None or answer.status != expected:
            found.append(f"{address} answered {answer.status if answer else 'nothing'}")
        page.wait_for_timeout(150)
        # The page's own policy forbids foreign scripts; the debugger's door does not ask it.
        page.evaluate(f"{axe}; undefined")
        wrong = page.evaluate(FOUND, None)
        if both_themes:
            page.emulate_media(color_scheme="dark")
            page.wait_for_function("() => document.documentElement.dataset.bsTheme === 'dark'")
            wrong += [f"dark: {each}" for each in page.evaluate(FOUND, COLOURS)]
            page.emulate_media(color_scheme="light")
        for width in widths:
            page.set_viewport_size({"width": width, "height": 900})
            if (wide := page.evaluate(TOO_WIDE)) > 0:
                wrong.append(f"{wide} px too wide")
            wrong += [f"no room for {each} in the menu" for each in page.evaluate(CUT_OFF)]
            wrong += [f"a table {each} px wider than its place" for each in page.evaluate(CLIPPED)]
            wrong += [f"the {each} is gone at the end of the page" for each in page.evaluate(GONE)]
            found += [f"{address} at {width} px: {each}" for each in wrong]
            wrong = []
        found += [f"{address}: {each}" for each in problems if "404" not in each or expected != 404]
    return found
