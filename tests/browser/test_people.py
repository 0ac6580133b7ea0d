"""What people do with the list, with companies and with somebody they just met, in a real browser."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import AXE, Company, browse, watch
from tests.browser.test_screens import FOUND, TOO_WIDE

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(params=[(1440, "light"), (390, "dark")], ids=["wide light", "narrow dark"])
def page(request: Any, chromium: Browser, company: Company, cookies: list[Any]) -> Iterator[Page]:
    width, scheme = request.param
    context = browse(chromium, company, cookies, color_scheme=scheme, reduced_motion="reduce")
    found = context.new_page()
    found.set_viewport_size({"width": width, "height": 900})
    said = watch(found)
    yield found
    context.close()
    assert said == []


def whole(page: Page) -> None:
    """Nothing is wider than the screen, and no barrier is serious."""
    assert page.evaluate(TOO_WIDE) <= 0
    page.evaluate(AXE.read_text())
    assert page.evaluate(FOUND, None) == []


def test_rows_are_ticked_by_span_and_tagged_and_undone(page: Page) -> None:
    page.goto("/people/?sort=name")
    boxes = page.locator("input.tick[name=who]")
    boxes.nth(0).click()
    boxes.nth(3).click(modifiers=["Shift"])
    bar = page.locator("#act")
    expect(bar.locator("[data-tick-count]")).to_have_text("4")
    whole(page)
    bar.get_by_text("Tag", exact=True).first.click()
    bar.locator("[name=tag]").fill("browser test")
    page.keyboard.press("Enter")
    expect(page.locator(".toast-card")).to_contain_text("4 people have the tag “browser test” now.")
    page.goto("/people/?tag=browser+test")
    expect(page.locator("#_count")).to_have_text("4 people")
    page.goto("/people/?sort=name")
    boxes.nth(0).click()
    bar.get_by_text("Tag", exact=True).first.click()
    bar.locator("[name=tag]").fill("browser test")
    bar.locator("button[value=untag]").click()
    page.locator(".toast-undo").click()
    expect(page.locator(".toast-card")).to_contain_text("Undone.")
    for row in range(4):
        boxes.nth(row).click()
    bar.get_by_text("Tag", exact=True).first.click()
    bar.locator("[name=tag]").fill("browser test")
    bar.locator("button[value=untag]").click()
    expect(page.locator(".toast-card")).to_contain_text("no more")


def test_joining_and_erasing_show_first_what_they_do(page: Page) -> None:
    page.goto("/people/?sort=name")
    for row in range(2):
        page.locator("input.tick[name=who]").nth(row).set_checked(True)
    page.locator("#act button[value=merge]").click()
    expect(page.locator("h1")).to_have_text("Are these 2 one person?")
    whole(page)
    page.go_back()
    page.locator("input.tick[name=who]").nth(0).set_checked(True)
    page.locator("#act button[value=erase]").click()
    expect(page.locator("h1")).to_contain_text("for good?")
    whole(page)


def test_what_several_said_of_a_purpose_is_written_down_found_and_undone(page: Page) -> None:
    page.goto("/people/?sort=-name")
    for row in range(2):
        page.locator("input.tick[name=who]").nth(row).set_checked(True)
    page.locator("#act button[value=consent]").click()
    expect(page.locator("h1")).to_have_text("What did 2 people say?")
    whole(page)
    page.select_option("select[name=purpose]", "phone")
    page.check("input[name=answer][value=yes]")
    page.select_option("select[name=how]", "paper")
    page.get_by_role("button", name="Write down").click()
    expect(page.locator(".field-error, .note-bad").first).to_contain_text("Say how it came about")
    page.fill("[name=note]", "at the fair of 12 May")
    page.get_by_role("button", name="Write down").click()
    expect(page.locator(".toast-card")).to_contain_text("Written down: 2 people agree")
    page.goto("/people/filters/?consent.phone=given")
    whole(page)
    expect(page.locator("select[name='consent.phone']")).to_have_value("given")
    page.get_by_role("button", name="Show these people").click()
    page.wait_for_url("**consent.phone=given**")
    expect(page.locator("#_people")).to_contain_text("agrees to")
    count = page.locator("input.tick[name=who]").count()
    assert count >= 2
    page.goto("/people/?sort=-name")
    for row in range(2):
        page.locator("input.tick[name=who]").nth(row).set_checked(True)
    page.locator("#act button[value=consent]").click()
    page.select_option("select[name=purpose]", "phone")
    page.check("input[name=answer][value=no]")
    page.fill("[name=note]", "they called")
    page.get_by_role("button", name="Write down").click()
    page.locator(".toast-undo").click()
    expect(page.locator(".toast-card")).to_contain_text("Undone.")
    page.goto("/people/?consent.phone=given")
    expect(page.locator("input.tick[name=who]")).to_have_count(count)


def test_tags_are_renamed_joined_and_deleted_on_their_page(page: Page) -> None:
    for number, tag in enumerate(("expo one", "expo two")):
        page.goto("/people/?sort=name")
        page.locator("input.tick[name=who]").nth(number).set_checked(True)
        bar = page.locator("#act")
        bar.get_by_text("Tag", exact=True).first.click()
        bar.locator("[name=tag]").fill(tag)
        page.keyboard.press("Enter")
        expect(page.locator(".toast-card")).to_contain_text(tag)
    page.goto("/people/tags/")
    whole(page)
    names = page.locator(".tag-acts input[name=name]")
    rows = page.locator("tbody tr")
    one = rows.filter(has=page.get_by_role("link", name="expo one", exact=True))
    one.locator("input[name=name]").fill("expo two")
    one.get_by_role("button", name="Rename").click()
    expect(page.locator(".toast-card")).to_contain_text("has “expo two” now.")
    two = rows.filter(has=page.get_by_role("link", name="expo two", exact=True))
    expect(two.locator(".num")).to_have_text("2")
    page.locator(".toast-undo").click()
    expect(page.locator(".toast-card")).to_contain_text("is back.")
    expect(two.locator(".num")).to_have_text("1")
    for name in ("expo one", "expo two"):
        page.get_by_role("button", name=f"Delete the tag {name}").click()
        expect(page.locator(".toast-card")).to_contain_text("is deleted.")
    expect(page.get_by_role("link", name="expo one", exact=True)).to_have_count(0)
    assert names.count() == rows.count() or page.get_by_text("No tag yet").count() == 1


def test_a_view_is_saved_and_stands_as_a_tab(page: Page) -> None:
    page.goto("/people/?stage=lead&sort=-name")
    if page.viewport_size["width"] < 768:
        pytest.skip("views are made on a wide screen")
    page.locator("summary", has_text="View").click()
    page.fill("#view-name", "Leads by name")
    page.locator(".view-panel button", has_text="Save").last.click()
    expect(page.locator(".views [aria-current]")).to_have_text("Leads by name")
    whole(page)
    page.locator("summary", has_text="View").click()
    page.locator("button", has_text="Delete this view").click()
    expect(page.locator(".toast-card")).to_contain_text("is deleted")


def test_a_list_is_saved_as_a_file(page: Page) -> None:
    page.goto("/people/?stage=customer")
    page.locator("summary[data-command='Export these people']").click()
    with page.expect_download() as caught:
        page.locator("button[name=format][value=xlsx]").click()
    assert caught.value.suggested_filename.endswith(".xlsx")


def test_companies_open_to_their_people(page: Page) -> None:
    page.goto("/companies/")
    whole(page)
    page.locator("tbody a[data-open]").first.click()
    expect(page.locator("#company-people")).to_be_visible()
    whole(page)


def test_somebody_met_at_a_fair_is_written_down_and_the_next_one_follows(page: Page) -> None:
    page.goto("/people/new/")
    whole(page)
    mail = f"iris{page.viewport_size['width']}@luz.example"
    expect(page.locator("#new-name")).to_be_focused()
    page.fill("#new-name", "Iris Luz")
    page.fill("#new-email", mail)
    page.fill("#new-where", "Expo Norte")
    page.locator("button", has_text="Save, and the next one").click()
    expect(page.locator(".entry-kept")).to_contain_text("Iris Luz")
    expect(page.locator("#new-where")).to_have_value("Expo Norte")
    page.fill("#new-name", "Somebody else")
    page.locator("#new-email").press_sequentially(mail)
    expect(page.locator("#_known")).to_contain_text("is known by this address")
    expect(page.locator("#new-name")).to_have_value("Somebody else")
    whole(page)
    page.locator(".entry-kept a").click()
    page.set_input_files("[name=file]", files=[{"name": "card.txt", "mimeType": "text/plain", "buffer": b"Iris"}])
    page.locator(".files-add button").click()
    expect(page.locator(".files")).to_contain_text("card.txt")
    whole(page)
