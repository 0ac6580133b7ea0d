"""A form on somebody's page, on a real install in a real Chromium: drawn, filled in, left, remembered, sent, seen."""

import time

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.forms import SOON_MS, Made, hosting

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_sent_form_is_on_the_screen_of_its_owner_within_two_seconds(
    marketer: Page, made: Made, stranger: Page
) -> None:
    with hosting() as host:
        style = "<style>body{font:20px Georgia, serif;color:rgb(10, 60, 20)}</style>"
        host.pages["/contact"] = (
            f'<!doctype html><html lang="es"><title>C</title>{style}<body>{made.line("contact")}</html>'
        )
        marketer.goto("/forms/contact/")
        stranger.goto(f"{host.address}/contact?utm_source=fair")
        name = stranger.get_by_label("Nombre de pila", exact=True)
        expect(name).to_be_visible(timeout=SOON_MS)
        look = "e => [getComputedStyle(e).fontFamily, getComputedStyle(e).color]"
        assert name.evaluate(look) == ["Georgia, serif", "rgb(10, 60, 20)"]
        name.fill("Ana")
        stranger.get_by_label("Correo electrónico", exact=True).fill("ana.ruiz@norte.example")
        stranger.get_by_label("¿En qué podemos ayudarle?").fill("Rutas más cortas")
        stranger.get_by_role("checkbox").check()
        stranger.wait_for_timeout(1600)  # as long as people take at least
        stranger.get_by_role("button", name="Enviar").click()
        expect(stranger.get_by_role("status")).to_contain_text("Gracias", timeout=SOON_MS)
        began = time.monotonic()
        expect(marketer.locator(".form-latest")).to_contain_text("Rutas más cortas", timeout=SOON_MS)
        seen_s = time.monotonic() - began
        expect(marketer.locator(".form-latest a.name")).to_have_text("Ana", timeout=SOON_MS)
        known_s = time.monotonic() - began
        marketer.locator(".form-latest a.name").click()
        expect(marketer.locator(".timeline")).to_contain_text("filled in the form “Contact”")
        print(f"on the owner's screen after {seen_s:.2f} s, as a person after {known_s:.2f} s")
        assert max(seen_s, known_s) < 2.0
        marketer.goto("/forms/contact/showings/sent/")
        expect(marketer.locator("tbody")).to_contain_text("fair")


def test_it_stands_on_a_page_with_a_strict_policy_and_tells_where_people_leave(
    marketer: Page, made: Made, stranger: Page
) -> None:
    with hosting() as host:
        host.headers["Content-Security-Policy"] = (
            f"default-src 'none'; img-src data:; style-src 'self'; script-src {made.url};"
            f" connect-src {made.url}; form-action {made.url}"
        )
        host.pages["/demo"] = (
            f'<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>D</title>{made.line("demo")}</html>'
        )
        stranger.goto(f"{host.address}/demo")
        expect(stranger.get_by_label("Company", exact=True)).to_be_visible(timeout=SOON_MS)
        box = stranger.locator(".ef-trap").bounding_box()
        assert box is not None and box["x"] < 0
        stranger.get_by_label("First name").fill("Luis")
        stranger.get_by_label("Company", exact=True).fill("Sur")
        stranger.wait_for_timeout(1800)
        marketer.goto("/forms/demo/")
        line = marketer.locator("tr", has_text="Company").first
        expect(line.locator("td.num").last).to_have_text("1", timeout=SOON_MS)
        line.locator("td.num a").last.click()
        expect(marketer.locator("main")).to_contain_text("left at “Company”")
        expect(marketer.locator("main")).to_contain_text("/demo")


def came_to(marketer: Page, label: str) -> int:
    """How many showings came to a field of the form, as its page says."""
    marketer.goto("/forms/contact/")
    line = marketer.locator(".form-drop tbody tr", has_text=label)
    return int(line.locator("td.num").first.inner_text()) if line.count() else 0


@pytest.mark.parametrize("leaves", ["sends", "goes"])
def test_fields_filled_in_quickly_are_told_when_it_is_sent_or_left(
    marketer: Page, made: Made, stranger: Page, leaves: str
) -> None:
    with hosting() as host:
        icon = '<link rel="icon" href="data:,">'
        host.pages["/survey"] = f'<!doctype html><html lang="en">{icon}<title>S</title>{made.line("contact")}</html>'
        before = came_to(marketer, "How can we help you?")
        stranger.goto(f"{host.address}/survey")
        expect(stranger.get_by_label("First name")).to_be_visible(timeout=SOON_MS)
        stranger.get_by_label("First name").fill("Luis")
        stranger.get_by_label("Last name").fill("Gil")
        stranger.get_by_label("E-mail", exact=True).fill("luis@norte.example")
        stranger.get_by_label("How can we help you?").fill("Tell me more")
        if leaves == "sends":
            stranger.get_by_role("button", name="Send").click()
            expect(stranger.get_by_role("status")).to_be_visible(timeout=SOON_MS)
        else:
            stranger.goto("about:blank")
        deadline = time.monotonic() + SOON_MS / 1000
        while came_to(marketer, "How can we help you?") == before and time.monotonic() < deadline:
            marketer.wait_for_timeout(200)
        assert came_to(marketer, "How can we help you?") == before + 1


def test_a_browser_that_answered_is_asked_something_else_the_next_time(made: Made, stranger: Page) -> None:
    tracker = f'<script async src="{made.install.config.collector_address}/tracker.js?key={made.key}"></script>'
    with hosting() as host:
        host.pages["/demo"] = (
            f'<!doctype html><html lang="en"><title>D</title>{tracker}<body>{made.line("demo")}</html>'
        )
        stranger.goto(f"{host.address}/demo")
        expect(stranger.get_by_label("Job title")).to_be_visible(timeout=SOON_MS)
        expect(stranger.get_by_label("Phone")).to_be_hidden()
        for label, text in (("First name", "Eva"), ("E-mail", "eva@sur.example"), ("Company size", "40")):
            stranger.get_by_label(label, exact=True).fill(text)
        stranger.get_by_label("Company", exact=True).fill("Sur")
        stranger.get_by_label("Job title").fill("Director")
        stranger.wait_for_timeout(1600)
        stranger.get_by_role("button", name="Ask for a demo").click()
        expect(stranger.get_by_role("status")).to_be_visible(timeout=SOON_MS)
        kept = stranger.evaluate("() => localStorage.embudo_answered")
        assert kept == "title,industry"
        stranger.goto(f"{host.address}/demo")
        expect(stranger.get_by_label("Phone")).to_be_visible(timeout=SOON_MS)
        expect(stranger.get_by_label("Job title")).to_be_hidden()
        stranger.evaluate("() => localStorage.removeItem('embudo_id')")
        stranger.route("**/tracker.js*", lambda route: route.fulfill(body="", content_type="text/javascript"))
        stranger.goto(f"{host.address}/demo")
        expect(stranger.get_by_label("Job title")).to_be_visible(timeout=SOON_MS)
        assert stranger.evaluate("() => localStorage.embudo_answered") is None


def test_a_field_behind_a_condition_takes_no_turn_and_a_question_is_remembered_of_its_form(
    made: Made, stranger: Page
) -> None:
    stranger.goto(f"{made.url}/f/later/")
    stranger.evaluate("() => localStorage.setItem('embudo_id', 'somebody')")
    stranger.evaluate("() => localStorage.setItem('embudo_answered', 'f3')")  # of another form, long ago
    stranger.reload()
    city, why, title = (stranger.get_by_label(each) for each in ("City", "Why?", "Job title"))
    expect(why).to_be_visible(timeout=SOON_MS)
    expect(city).to_be_hidden()
    expect(title).to_be_hidden()
    stranger.get_by_role("radio", name="Yes").check()
    expect(city).to_be_hidden()  # the turn is taken
    why.fill("Because")
    stranger.wait_for_timeout(1600)
    stranger.get_by_role("button", name="Send").click()
    expect(stranger.get_by_role("status")).to_be_visible(timeout=SOON_MS)
    assert stranger.evaluate("() => localStorage.embudo_answered") == "f3,later:f3"
    stranger.goto(f"{made.url}/f/later/")
    expect(title).to_be_visible(timeout=SOON_MS)
    expect(city).to_be_hidden()
    stranger.reload()
    stranger.evaluate("() => localStorage.setItem('embudo_answered', 'later:f3,title')")
    stranger.reload()
    expect(title).to_be_hidden()
    stranger.get_by_role("radio", name="Yes").check()
    expect(city).to_be_visible(timeout=SOON_MS)
    stranger.get_by_role("radio", name="No").check()
    expect(city).to_be_hidden()


def test_what_was_typed_stays_when_it_cannot_be_kept(chromium: Browser, made: Made) -> None:
    page = chromium.new_context(locale="en").new_page()
    page.goto(f"{made.url}/f/survey/")
    page.get_by_role("radio", name="9").check()
    page.get_by_label("What is the reason").fill("Because it works")
    page.wait_for_timeout(1600)
    page.route(
        "**/f/survey/", lambda route: route.fulfill(status=503, body='{"html": "x"}', content_type="application/json")
    )
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".ef-lost")).to_contain_text("still here", timeout=SOON_MS)
    page.unroute("**/f/survey/")
    page.route("**/f/survey/", lambda route: route.abort())
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("button", name="Send")).to_be_enabled(timeout=SOON_MS)
    expect(page.get_by_label("What is the reason")).to_have_value("Because it works")
    page.unroute("**/f/survey/")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_contain_text("Your answer helps us", timeout=SOON_MS)
    page.context.close()


def test_without_script_a_form_is_filled_in_corrected_and_sent(chromium: Browser, made: Made) -> None:
    page = chromium.new_context(locale="pt-BR", java_script_enabled=False).new_page()
    page.goto(f"{made.url}/f/contact/")
    expect(page.locator("h1")).to_have_text("Escreva para nós")
    page.get_by_label("Primeiro nome", exact=True).fill("Bia")
    page.get_by_label("E-mail", exact=True).fill("bia@sul")
    page.get_by_label("Como podemos ajudar você?").fill("Oi")
    page.get_by_role("button", name="Enviar").click()
    expect(page.get_by_role("alert").first).to_contain_text("continua aí")
    expect(page.get_by_label("Primeiro nome", exact=True)).to_have_value("Bia")
    page.get_by_label("E-mail", exact=True).fill("bia@sul.example")
    page.wait_for_timeout(1600)
    page.get_by_role("button", name="Enviar").click()
    expect(page.get_by_role("status")).to_contain_text("Obrigado")
    page.context.close()
