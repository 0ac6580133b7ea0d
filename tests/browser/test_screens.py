"""Every screen of the product, wide and narrow, light and dark, in three languages: whole, accessible, no errors."""

from itertools import product
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import AXE, Company, browse, watch

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WIDTHS = (1440, 390)
LANGUAGES = ("en", "es", "pt-br")
OPEN_TO_ALL = ("/sign-in/",)
SERIOUS = "['serious', 'critical']"
VIOLATIONS = f"""async () => (await axe.run(document, {{resultTypes: ["violations"]}})).violations
    .filter((each) => {SERIOUS}.includes(each.impact))
    .map((each) => each.id + ": " + each.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | "))"""
TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def screens(company: Company, page: Page) -> list[str]:
    """The addresses of all screens, those of the first site and failed event among them."""
    people = company.people
    person = f"/people/{people['opportunity'] or people['customer'] or people['lead']}/"
    found = [
        "/", "/?period=365", "/?period=all", "/people/", "/people/?stage=lead&score.min=1&sort=-seen",
        "/people/?q=zzzz", "/people/filters/?stage=lead", person, f"/people/{people['lead']}/", f"{person}why/",
        f"{person}why/?on=2026-01-01",
        f"{person}attributes/", f"{person}attributes/industry/", f"{person}merge/?q=an",
        f"{person}merge/{people['lead']}/", "/users/", "/users/new/", "/changes/", "/me/", "/sites/",
        "/sites/new/", "/system/", "/failed-events/", "/nothing-here/",
    ]  # fmt: skip
    if people["joined"]:
        found.append(f"/people/{people['joined']}/unmerge/{people['absorbed']}/")
    page.goto("/sites/")
    site = page.locator("a[href^='/sites/']:not([href='/sites/new/'])").first.get_attribute("href")
    found += [f"{site}{part}" for part in ("", "install/", "settings/", "keys/")]
    page.goto("/failed-events/")
    failed = page.locator("main a[href^='/failed-events/']").all()
    found += [address for each in failed if (address := each.get_attribute("href") or "").strip("/")[-1:].isdecimal()][
        :1
    ]
    return found


def speak(page: Page, language: str) -> None:
    """Choose the language as people do."""
    page.goto("/")
    if page.locator(f"button[name=language][value='{language}'][aria-current]").count() == 0:
        page.locator(f".top button[name=language][value='{language}']").first.click()
        page.wait_for_load_state()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_screen_is_whole(chromium: Browser, company: Company, cookies: list[Any], language: str) -> None:
    found: list[str] = []
    setting = browse(chromium, company, cookies, viewport={"width": 1440, "height": 900})
    speak(setting.new_page(), language)
    addresses = screens(company, setting.new_page())
    setting.close()
    schemes = ("light", "dark") if language == "en" else ("light",)
    for width, scheme in product(WIDTHS, schemes):
        view = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
        signed_in = browse(chromium, company, cookies, **view)
        stranger = browse(chromium, company, [], locale=language, **view)
        found += [f"{width} {scheme} {each}" for each in walk(signed_in.new_page(), addresses, axe=language == "en")]
        found += [f"{width} {scheme} {each}" for each in walk(stranger.new_page(), OPEN_TO_ALL, axe=True)]
        signed_in.close()
        stranger.close()
    speak_again = browse(chromium, company, cookies, viewport={"width": 1440, "height": 900})
    speak(speak_again.new_page(), "en")
    speak_again.close()
    assert not found, "\n".join(found)


def walk(page: Page, addresses: tuple[str, ...] | list[str], *, axe: bool) -> list[str]:
    """Open each address and return what is wrong there."""
    found = []
    problems = watch(page)
    for address in addresses:
        problems.clear()
        answer = page.goto(address)
        expected = 404 if address == "/nothing-here/" else 200
        if answer is None or answer.status != expected:
            found.append(f"{address} answered {answer.status if answer else 'nothing'}")
        page.wait_for_timeout(150)
        wide = page.evaluate(TOO_WIDE)
        if wide > 0:
            found.append(f"{address} is {wide} px too wide")
        if axe:
            # The page's own policy forbids foreign scripts; the debugger's door does not ask it.
            page.evaluate(AXE.read_text() + "; undefined")
            found += [f"{address} {each}" for each in page.evaluate(VIOLATIONS)]
        found += [f"{address} {each}" for each in problems if "404" not in each or expected != 404]
    return found
