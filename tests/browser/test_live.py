"""What people do with hands and keys: the live funnel, a list that keeps its place, rows that unfold, acts undone."""

import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Company
from tests.cast import ada

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SOON_MS = 15_000  # on a busy machine; the page itself asks each second


def send(company: Company, kind: str, **props: object) -> None:
    """Append a fact as a server would, straight to the log of the install."""
    journey = ada.journey(at=time.time_ns() // 1000)
    company.install.log.append(list(getattr(journey, kind)(**props)))


def arrived(page: Page, heading: str) -> None:
    """Wait until a page is there and listens to keys."""
    expect(page.locator("h1")).to_have_text(heading, timeout=SOON_MS)
    page.wait_for_load_state("load")


def test_a_new_event_shows_in_the_funnel_without_touching_it(page: Page, company: Company) -> None:
    page.goto("/?period=7")
    before = page.locator("#n-lead").inner_text()
    send(company, "requests", what="demo")
    moved = page.locator(".moved li").filter(has_text=ada.name).first
    expect(moved).to_be_visible(timeout=SOON_MS)
    expect(moved).to_have_class("is-new")
    expect(page.locator("#n-lead")).not_to_have_text(before, timeout=SOON_MS)
    page.locator("#n-lead").click()
    expect(page.locator(".sentence")).to_contain_text("first became Lead")
    expect(page.get_by_role("link", name=ada.name)).to_be_visible()


def test_every_number_opens_to_as_many_people_as_it_says(page: Page) -> None:
    page.goto("/?period=365")
    for stage in ("visitor", "lead", "qualified", "prospect", "opportunity", "customer"):
        page.goto("/?period=365")
        number = page.locator(f"#n-{stage}").inner_text()
        page.locator(f"#n-{stage}").click()
        expect(page.locator("#_count")).to_contain_text(number, timeout=SOON_MS)


def test_the_list_is_walked_opened_and_left_by_keys(page: Page) -> None:
    page.goto("/people/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    name = page.locator("[data-row].is-here [data-open]").inner_text()
    page.keyboard.press("Enter")
    arrived(page, name)
    page.keyboard.press("Escape")
    arrived(page, "People")
    page.keyboard.press("g")
    page.keyboard.press("f")
    arrived(page, "Funnel")
    page.keyboard.press("g")
    page.keyboard.press("p")
    arrived(page, "People")
    page.keyboard.press("/")
    page.keyboard.type("zzzz")
    expect(page.locator("#_people")).to_contain_text("Nobody matches", timeout=SOON_MS)


def test_search_as_one_types_keeps_the_cursor_in_the_field(page: Page) -> None:
    page.goto("/people/")
    name = page.locator("[data-open]").first.inner_text()
    page.locator("#people-q").press_sequentially(name.split()[0][:4], delay=30)
    expect(page.locator(".sentence")).to_be_visible(timeout=SOON_MS)
    expect(page.locator("#people-q")).to_be_focused()
    assert "q=" in page.url


def test_the_place_in_the_list_is_kept_on_return(page: Page) -> None:
    page.goto("/people/")
    if page.locator("a[rel=next]").count():
        page.locator("a[rel=next]").click()
    address = page.url
    page.locator("[data-open]").last.click()
    expect(page.locator(".person-head")).to_be_visible()
    page.locator("[data-back]").click()
    expect(page.locator("h1")).to_have_text("People")
    assert page.url == address


def test_a_row_unfolds_and_folds(page: Page) -> None:
    page.goto("/people/")
    button = page.locator("[data-unfold]").first
    row = page.locator(f"#{button.get_attribute('data-unfold')}")
    button.click()
    expect(row.locator("li").first).to_be_visible(timeout=SOON_MS)
    expect(button).to_have_attribute("aria-expanded", "true")
    button.click()
    expect(row).to_be_hidden()
    button.click()
    expect(row.locator("li").first).to_be_visible()


def test_filters_load_when_they_are_opened_and_filter(page: Page) -> None:
    page.goto("/people/")
    page.locator(".filter-menu summary").click()
    page.locator(".filter-panel input[name=stage][value=lead]").check(timeout=SOON_MS)
    page.locator(".filter-panel button.btn-primary").click()
    expect(page.locator(".sentence")).to_contain_text("stage is Lead")
    stages = set(page.locator("td.people-stage").all_inner_texts())
    assert stages == {"Lead"}


def test_an_attribute_is_changed_in_place_and_the_change_undone(page: Page, company: Company) -> None:
    page.goto(f"/people/{company.people['lead']}/")
    line = page.locator(".profile-line").filter(has=page.locator("dt", has_text="city")).first
    before = line.locator("dd").first.inner_text()
    line.locator("a").click()
    form = page.locator(".profile-form")
    form.locator("input[name=value]").fill("Querétaro del Norte")
    form.get_by_role("button", name="Save").click()
    expect(page.locator(".profile").last).to_contain_text("Querétaro del Norte", timeout=SOON_MS)
    page.locator(".toast-undo").click()
    expect(line.locator("dd").first).to_have_text(before, timeout=SOON_MS)


def test_the_stage_is_set_by_hand_and_taken_back(page: Page, company: Company) -> None:
    page.goto(f"/people/{company.people['customer'] or company.people['lead']}/")
    before = page.locator(".person-stage .stage").inner_text()
    page.locator("main summary", has_text="More").click()
    page.select_option("#set-stage", "discarded")
    page.get_by_role("button", name="Set", exact=True).click()
    expect(page.locator(".person-stage .stage")).to_have_text("Discarded", timeout=SOON_MS)
    page.locator(".toast-undo").click()
    expect(page.locator(".person-stage .stage")).to_have_text(before, timeout=SOON_MS)


def test_the_timeline_filters_in_place(page: Page, company: Company) -> None:
    page.goto(f"/people/{company.people['lead']}/")
    page.locator(".timeline-filter a", has_text="profile").or_(page.locator(".timeline-filter a").last).first.click()
    expect(page.locator(".timeline-filter a[aria-current]")).not_to_have_text("all", timeout=SOON_MS)


def test_without_script_the_list_still_filters_and_opens(
    chromium: object, company: Company, cookies: list[object]
) -> None:
    from tests.browser.conftest import browse

    context = browse(chromium, company, cookies, java_script_enabled=False, locale="en")  # type: ignore[arg-type]
    page = context.new_page()
    page.goto("/people/")
    page.fill("#people-q", "a")
    page.locator("#people-q").press("Enter")
    expect(page.locator(".sentence")).to_be_visible()
    page.locator("[data-open]").first.click()
    expect(page.locator(".timeline")).to_be_visible()
    context.close()
