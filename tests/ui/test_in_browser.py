"""The pages in a real Chromium: keys, palette, undo, the live wait, light and dark, without script, axe-core."""

import re
from pathlib import Path
from typing import Any

import pytest

from embudo.accounts.models import User
from embudo.capture.models import Site
from embudo.config import Config
from embudo.core.event import Event, subject_of
from embudo.eventlog import open_log
from tests.absent import absent

playwright = pytest.importorskip("playwright.sync_api")
AXE = Path("node_modules/axe-core/axe.min.js")
PASSWORD = "una frase bastante larga"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def here(config: Config, settings: Any) -> Config:
    settings.EMBUDO = config
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return config


@pytest.fixture
def norte(here: Config) -> Site:
    site = Site(name="Norte Logística", domains=["norte.example"])
    site.open(by=None)
    return site


def opened(chromium: Any, server: Any, *, width: int = 1440, dark: bool = False, **more: Any) -> Any:
    """A page of its own, whose errors end the test."""
    theme = "dark" if dark else "light"
    context = chromium.new_context(
        base_url=server.url, viewport={"width": width, "height": 900}, color_scheme=theme, locale="en", **more
    )
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("console", lambda line: page.problems.append(line.text) if line.type == "error" else None)
    return page


def signed_in(page: Any, role: str = "admin") -> Any:
    User.objects.create_user(f"{role}@norte.example", PASSWORD, name="Ana Ruiz", role=role)
    page.goto("/sign-in/?next=/sites/")
    page.fill("[name=email]", f"{role}@norte.example")
    page.fill("[name=password]", PASSWORD)
    page.click("main button.btn-primary")
    page.wait_for_url("**/sites/")
    return page


def test_hands_stay_on_the_keyboard(chromium: Any, live_server: Any, norte: Site) -> None:
    page = signed_in(opened(chromium, live_server))
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/sites/{norte.public_id}/")
    page.keyboard.press("Escape")
    page.wait_for_url("**/sites/")
    page.keyboard.press("g")
    page.keyboard.press("u")
    page.wait_for_url("**/users/")
    page.keyboard.press("?")
    assert page.locator("#shortcuts").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#shortcuts").is_visible()
    assert page.problems == []


@pytest.mark.parametrize("dark", [False, True])
def test_a_bar_of_tabs_fades_at_an_edge_behind_which_there_is_more(
    chromium: Any, live_server: Any, norte: Site, dark: bool
) -> None:
    page = signed_in(opened(chromium, live_server, width=390, dark=dark))
    page.goto(f"/sites/{norte.public_id}/")
    tabs = page.locator("nav.tabs")
    assert tabs.evaluate("bar => { bar.style.maxWidth = '150px'; return bar.scrollWidth > bar.clientWidth + 60; }")

    def edges(left: int) -> tuple[bytes, bytes]:
        """What is drawn above the words at the two edges, where the bar is scrolled so far."""
        tabs.evaluate("(bar, left) => { bar.scrollLeft = left; }", left)
        box = tabs.bounding_box()
        at = [{"x": x, "y": box["y"] + 1, "width": 12, "height": 4} for x in (box["x"], box["x"] + box["width"] - 12)]
        return tuple(page.screenshot(clip=each) for each in at)  # type: ignore[return-value]

    plain, more = edges(0)
    assert plain != more
    both = edges(30)
    assert plain not in both
    more_before, end = edges(10_000)
    assert (end, more_before != end) == (plain, True)
    tabs.evaluate("bar => { bar.style.maxWidth = 'none'; bar.style.width = '2000px'; }")
    assert page.problems == []


def test_letters_typed_into_a_field_are_letters(chromium: Any, live_server: Any, norte: Site) -> None:
    page = signed_in(opened(chromium, live_server))
    page.goto("/sites/new/")
    page.focus("[name=name]")
    page.keyboard.type("g u j / ?")
    assert page.input_value("[name=name]") == "g u j / ?"
    assert page.url.endswith("/sites/new/")


def test_the_palette_finds_every_command_without_accents_or_case(chromium: Any, live_server: Any, norte: Site) -> None:
    page = signed_in(opened(chromium, live_server))
    page.keyboard.press("Control+k")
    names = page.locator("#palette li").all_inner_texts()
    assert any("Sites" in name for name in names) and any("Sign out" in name for name in names)
    page.keyboard.type("ADD a si")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sites/new/")
    page.keyboard.press("Control+k")
    page.keyboard.type("<img src=x onerror=alert(1)>")
    assert page.locator("#palette img").count() == 0
    assert page.problems == []


def test_undo_in_the_toast_takes_the_act_back(chromium: Any, live_server: Any, norte: Site) -> None:
    page = signed_in(opened(chromium, live_server))
    luis = User.objects.create_user("luis@norte.example", None, name="Luis", role="sales")
    page.goto(f"/users/{luis.pk}/")
    page.click("text=Deactivate")
    page.click(".toast-undo")
    page.wait_for_selector("text=Luis can sign in again.")
    luis.refresh_from_db()
    assert luis.is_active


def test_the_wait_for_the_first_event_ends_by_itself(
    chromium: Any, live_server: Any, norte: Site, here: Config
) -> None:
    page = signed_in(opened(chromium, live_server))
    page.goto(f"/sites/{norte.public_id}/")
    assert page.is_visible("text=Waiting for your first event")
    at = 1_780_000_000_000_000
    send = open_log(here).append
    send(
        [
            Event(
                norte.public_id, "1", "demo_requested", at, at, at, "anon:a", subject_of("anon:a"), props={"path": "/a"}
            )
        ]
    )
    page.wait_for_selector("text=Demo requested")
    assert not page.is_visible("text=Waiting for your first event")
    send([Event(norte.public_id, "2", "page_viewed", at, at, at, "anon:a", subject_of("anon:a"), props={"path": "/b"})])
    page.wait_for_selector("text=Page viewed")
    assert page.locator(".live-row").count() == 2
    assert page.problems == []


def test_those_who_leave_it_to_their_device_get_its_light_before_the_first_paint(
    chromium: Any, live_server: Any
) -> None:
    for dark in (True, False):
        page = opened(chromium, live_server, dark=dark)
        page.goto("/sign-in/", wait_until="commit")
        page.wait_for_selector("body", state="attached")
        assert page.get_attribute("html", "data-bs-theme") == ("dark" if dark else "light")


def test_lists_and_forms_work_without_script(chromium: Any, live_server: Any, norte: Site) -> None:
    page = signed_in(opened(chromium, live_server, java_script_enabled=False))
    page.click("text=Add a site")
    page.fill("[name=name]", "Blog")
    page.click("main button.btn-primary")
    assert page.is_visible("text=Waiting for your first event")
    assert Site.objects.filter(name="Blog").exists()


def test_a_menu_closes_with_escape_and_by_a_click_elsewhere(chromium: Any, live_server: Any, norte: Site) -> None:
    page = signed_in(opened(chromium, live_server))
    for leave in (lambda: page.keyboard.press("Escape"), lambda: page.click("h1")):
        page.click(".me > summary")
        assert page.is_visible(".me .menu-panel")
        leave()
        assert not page.is_visible(".me .menu-panel")


def test_charts_group_figures_as_the_page_does(chromium: Any, live_server: Any, norte: Site) -> None:
    page = signed_in(opened(chromium, live_server))
    written = "() => JSON.parse(document.getElementById('words').textContent).group"
    for language, group in (("en", ","), ("es", "\N{NO-BREAK SPACE}"), ("pt-br", ".")):
        page.click(f".top button[name=language][value='{language}']")
        page.wait_for_selector(f".top button[name=language][value='{language}'][aria-current]")
        assert page.evaluate(written) == group


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_no_serious_violation_and_nothing_sticks_out(
    chromium: Any, live_server: Any, norte: Site, width: int, dark: bool
) -> None:
    if not AXE.exists():
        absent("axe-core is not installed (npm ci)")
    page = signed_in(opened(chromium, live_server, width=width, dark=dark))
    ana = User.objects.get()
    base = f"/sites/{norte.public_id}/"
    paths = ["/sites/", base, f"{base}install/", f"{base}keys/", f"{base}settings/", "/sites/new/"]
    paths += ["/users/", f"/users/{ana.pk}/", "/users/new/", "/me/", "/changes/"]
    found = [problem for path in paths for problem in _problems(page, path, width)]
    page.context.clear_cookies()
    found += [problem for path in ("/sign-in/", "/password/x/y/") for problem in _problems(page, path, width)]
    assert found == []
    assert [text for text in page.problems if not re.search(r"status of 410", text)] == []


def _problems(page: Any, path: str, width: int) -> list[str]:
    page.goto(path)
    sticks_out = page.evaluate("document.documentElement.scrollWidth") - width
    page.evaluate(AXE.read_text())  # runs in the page's own world: the content security policy does not concern it
    violations = page.evaluate("axe.run().then(result => result.violations)")
    serious = [each for each in violations if each["impact"] in ("serious", "critical")]
    found = [f"{path}: {each['id']} {each['nodes'][0]['target']}" for each in serious]
    return found + ([f"{path}: {sticks_out} px too wide"] if sticks_out > 0 else [])
