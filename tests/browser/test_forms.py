"""A form is built by hands and by keys in a real Chromium, and every screen of forms is whole."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import AXE
from tests.browser.forms import Made
from tests.browser.test_screens import COLOURS, FOUND, TOO_WIDE

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def labels(page: Page) -> Locator:
    return page.locator(".build-words .name")


def test_a_form_is_built_with_hands_and_with_keys(marketer: Page, made: Made, chromium: Browser) -> None:
    page = marketer
    page.get_by_role("link", name="Make a form").click()
    page.fill("[name=name]", "Pricing talk")
    page.check("[name=preset][value=blank]")
    page.get_by_role("button", name="Make it").click()
    expect(page.locator("h1")).to_have_text("Pricing talk")
    page.select_option("#add-attribute", "company")
    page.locator("form", has=page.locator("#add-attribute")).get_by_role("button").click()
    page.get_by_role("button", name="Save").click()
    page.select_option("#add-question", "choice")
    page.locator("form", has=page.locator("#add-question")).get_by_role("button").click()
    page.fill("[name='label.en']", "How many vans?")
    page.fill("[name='options.en']", "One\nMore")
    page.get_by_role("button", name="Save").click()
    expect(labels(page)).to_have_text(["E-mail", "Company", "How many vans?"])

    page.get_by_role("button", name="Move “How many vans?” up").click()
    expect(labels(page)).to_have_text(["E-mail", "How many vans?", "Company"])
    expect(page.get_by_role("button", name="Move “How many vans?” up")).to_be_focused()
    page.keyboard.press("Enter")
    expect(labels(page).first).to_have_text("How many vans?")
    expect(page.get_by_role("button", name="Move “How many vans?” down")).to_be_focused()

    with page.expect_navigation():
        page.locator("[data-handle]").first.drag_to(page.locator("[data-handle]").last)
    expect(labels(page).last).to_have_text("How many vans?")
    page.locator(".toast-undo").click()
    expect(labels(page).first).to_have_text("How many vans?")

    labels(page).filter(has_text="Company").click()
    page.check("[name=when][value='f3=More']")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".build-field", has_text="Company")).to_contain_text("only if “How many vans?” is More")
    expect(page.locator(".preview-form")).to_contain_text("How many vans?")
    page.get_by_role("button", name="Publish").click()
    expect(page.locator("#share-line")).to_contain_text('data-form="pricing-talk"')

    visitor = chromium.new_context(locale="en").new_page()
    visitor.goto(f"{made.url}/f/pricing-talk/")
    expect(visitor.get_by_label("Company")).to_be_hidden()
    visitor.get_by_label("How many vans?").select_option("More")
    expect(visitor.get_by_label("Company")).to_be_visible()
    visitor.context.close()


SCREENS = (
    "/forms/", "/forms/new/", "/forms/demo/", "/forms/demo/build/", "/forms/demo/build/?field=f10",
    "/forms/demo/whole/",
    "/forms/demo/share/", "/forms/demo/versions/", "/forms/demo/preview/", "/forms/contact/showings/sent/",
    "/forms/contact/showings/left/", "/forms/survey/", "/f/demo/", "/f/survey/", "/f/contact/?lang=es",
)  # fmt: skip


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_screen_is_whole(marketer: Page, width: int, scheme: Any) -> None:
    page = marketer
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    axe, found = Path(AXE).read_text(), []
    for address in SCREENS:
        page.goto(address)
        page.wait_for_timeout(150)
        page.evaluate(f"{axe}; undefined")
        wrong = page.evaluate(FOUND, None if scheme == "light" else COLOURS)
        if (wide := page.evaluate(TOO_WIDE)) > 0:
            wrong.append(f"{wide} px too wide")
        found += [f"{address} at {width} px, {scheme}: {each}" for each in wrong]
    assert not found, "\n".join(found)
