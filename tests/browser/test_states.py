"""States a screen has only after a hand touched it: menus, dialogs, charts, errors; both themes, wide and narrow."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import AXE, Company, browse, watch
from tests.browser.test_screens import FOUND, TOO_WIDE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SOON_MS = 15_000
WIDTHS = (1280, 375)
OFF_SCREEN = """() => [...document.querySelectorAll(".menu[open] .menu-panel, dialog[open]")].filter((panel) => {
    const box = panel.getBoundingClientRect(); return box.left < 0 || box.right > innerWidth; }).length"""

Act = Callable[[Page], None]


def opens(summary: str, panel: str) -> Act:
    """Open a menu and wait for what is in it."""

    def act(page: Page) -> None:
        page.locator(summary).first.click()
        expect(page.locator(panel).first).to_be_visible(timeout=SOON_MS)

    return act


def presses(keys: str, panel: str) -> Act:
    """Press keys and wait for what they bring."""

    def act(page: Page) -> None:
        page.keyboard.press(keys)
        expect(page.locator(panel)).to_be_visible()

    return act


def charts(page: Page) -> None:
    """Wait until every chart is drawn: each is fetched when it comes into view."""
    boxes = page.locator("[data-chart]")
    for index in range(boxes.count()):
        boxes.nth(index).scroll_into_view_if_needed()
        expect(boxes.nth(index).locator("canvas")).to_be_visible(timeout=SOON_MS)
    page.locator(".chart-table summary").click()
    expect(page.locator(".chart-table tbody a").first).to_be_visible()


def states(company: Company) -> list[tuple[str, int, Act]]:
    """Address, the answer it gives, and what is done there."""
    person = f"/people/{company.people['prospect'] or company.people['lead']}/"
    menus = "main .page-head-actions details"
    return [
        ("/", 200, charts),
        ("/", 200, opens("main summary", ".period-own")),
        ("/?from=2001-01-01&to=2001-01-31", 200, lambda page: expect(page.locator(".blank")).to_be_visible()),
        ("/?period=fortnight", 200, lambda page: expect(page.locator("#period-unread")).to_be_visible()),
        ("/", 200, opens(".me summary", ".me .menu-panel")),
        ("/", 200, presses("Control+k", "#palette")),
        ("/", 200, presses("?", "#shortcuts")),
        ("/people/", 200, opens(".filter-menu summary", ".filter-panel select")),
        ("/people/", 200, opens("[data-unfold]", ".recent li")),
        (person, 200, opens(f"{menus}:nth-of-type(1) summary", ".menu[open] textarea")),
        (person, 200, opens(f"{menus}:nth-of-type(2) summary", ".person-more")),
        (person, 200, opens(".profile-act a", ".profile-form")),
        (f"{person}why/", 200, charts),
        ("/people/?q=%00", 400, lambda page: expect(page.locator("h1")).to_be_visible()),
        ("/nothing-here/", 404, lambda page: expect(page.locator("h1")).to_be_visible()),
    ]


@pytest.mark.parametrize("width", WIDTHS)
def test_every_state_is_whole_in_both_themes(
    chromium: Browser, company: Company, cookies: list[Any], width: int
) -> None:
    view = {"width": width, "height": 812}
    context = browse(chromium, company, cookies, viewport=view, locale="en", reduced_motion="reduce")
    page = context.new_page()
    problems = watch(page)
    found = [wrong for state in states(company) for wrong in look(page, *state, problems)]
    context.close()
    assert not found, "\n".join(found)


def look(page: Page, address: str, status: int, act: Act, problems: list[str]) -> list[str]:
    """What is wrong there, light and dark."""
    problems.clear()
    answer = page.goto(address)
    found = [] if answer and answer.status == status else [f"answered {answer.status if answer else 'nothing'}"]
    act(page)
    page.evaluate(f"{AXE.read_text()}; undefined")
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        page.wait_for_function("(theme) => document.documentElement.dataset.bsTheme === theme", arg=theme)
        found += [f"{theme}: {each}" for each in page.evaluate(FOUND, None)]
    if (wide := page.evaluate(TOO_WIDE)) > 0:
        found.append(f"{wide} px too wide")
    if page.evaluate(OFF_SCREEN):
        found.append("a menu or dialog stands off the screen")
    page.emulate_media(color_scheme="light")
    found += [each for each in problems if str(status) not in each]
    return [f"{address}: {each}" for each in found]


def test_the_table_of_a_chart_opens_each_day(page: Page, company: Company) -> None:
    page.goto(f"/people/{company.people['lead']}/why/")
    canvas = page.locator("[data-chart] canvas")
    expect(canvas).to_be_visible(timeout=SOON_MS)
    rows = page.locator(".chart-table tbody tr")
    page.locator(".chart-table summary").click()
    day = rows.last.locator("a")
    address = day.get_attribute("href")
    day.click()
    page.wait_for_url(f"**/why/{address}")
    expect(page.locator("#why-on")).to_have_value(str(address).removeprefix("?on="))


def test_the_library_of_charts_is_fetched_only_when_one_comes_into_view(page: Page) -> None:
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url) if "echarts" in request.url else None)
    page.set_viewport_size({"width": 1440, "height": 400})
    page.goto("/")
    page.wait_for_load_state("load")
    assert fetched == []
    page.locator(".weeks").scroll_into_view_if_needed()
    expect(page.locator(".weeks canvas").first).to_be_visible(timeout=SOON_MS)
    assert len(fetched) == 1
