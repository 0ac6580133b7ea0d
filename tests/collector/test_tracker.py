"""The tracker in a real Chromium, on a small site of its own: what it sends, and what it leaves in the browser."""

import gzip
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

import embudo.collector
from embudo.core.event import Event, Verdict
from tests.collector.conftest import PUBLIC, RunningDoor

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
TRACKER = Path(embudo.collector.__file__).parent / "tracker.js"
STRICT, LIGHT = "pub-strict", "pub-light"
PAGE = """<!doctype html><html lang="es"><head><title>{title}</title><meta name="embudo:topic" content="pricing">
<script async src="{door}/tracker.js?key={key}"></script></head><body>
<a id="away" href="http://127.0.0.1:9/away" onclick="event.preventDefault()">Elsewhere</a>
<a id="pdf" href="/files/guide.pdf" onclick="event.preventDefault()">The guide</a>
<form id="tried" data-embudo-form="tried" onsubmit="event.preventDefault(); if (!window.tries) {{
window.tries = 1; setTimeout(() => this.requestSubmit(), 50) }}"><input name="email"><button>Try</button></form>
<form id="plain" action="sent"><input name="email"></form>
<form id="demo" action="sent" data-embudo-form="demo" data-embudo-event="demo_requested">
<input name="correo" type="email"><input name="your_phone" autocomplete="tel"><input name="nombre">
<input name="apellidos"><input name="empresa"><input name="cargo">
<select name="country" autocomplete="country"><option>MX</option></select>
<textarea name="message"></textarea><input type="checkbox" name="wants" value="price" checked>
<input type="checkbox" name="wants" value="call" checked><input type="checkbox" name="wants" value="none">
<input type="password" name="secret"><input type="hidden" name="csrf" value="token"><input name="card-number">
<input name="order" value="4111 1111 1111 1111"><input name="cc" autocomplete="cc-csc"><button>Send</button></form>
<div style="height:4000px">long</div></body></html>"""


class Pages(BaseHTTPRequestHandler):
    """A small site: every address is the same page under its own title."""

    def __init__(self, door: str, *rest: Any) -> None:
        self.door = door
        super().__init__(*rest)

    def do_GET(self) -> None:
        """Answer with the page; the first part of the address is the key."""
        key = self.path.split("/")[1]
        text = PAGE.format(title=self.path.partition("?")[0], door=self.door, key=key).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def site(door: RunningDoor) -> Iterator[str]:
    """The address of a small site that carries the tracker."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Pages, door.url))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[BrowserContext]:
    """A fresh browser of a person."""
    context = chromium.new_context(locale="es-MX", viewport={"width": 1000, "height": 800})
    context.set_default_timeout(15_000)
    yield context
    context.close()


def opened(visitor: BrowserContext, address: str) -> Page:
    """Open a page and wait until the tracker is there."""
    page = visitor.new_page()
    page.goto(address)
    page.wait_for_function("!!(window.embudo && window.embudo.track)")
    return page


def left_in(page: Page) -> tuple[int, list[str]]:
    """Return how many cookies and which stored keys the browser holds for the page's site."""
    stored = page.evaluate("Object.keys(localStorage).concat(Object.keys(sessionStorage)).sort()")
    return len(page.context.cookies()), stored


def until(holds: Callable[[], Any], within_s: float = 10.0) -> Any:
    """Wait until something holds, and return it."""
    deadline = time.monotonic() + within_s
    while not (found := holds()):
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)
    return found


def events_of(door: RunningDoor, kind: str, count: int = 1) -> list[Event]:
    """Wait for so many events of a kind and return them."""
    return until(lambda: (f := [e for e in door.events() if e.kind == kind]) and len(f) >= count and f)


def test_the_tracker_is_at_most_4_kb() -> None:
    esbuild = ROOT / "node_modules" / ".bin" / "esbuild"
    command = [esbuild, TRACKER, "--minify", "--target=es2018"]
    small = subprocess.run(command, capture_output=True, check=True).stdout
    assert len(gzip.compress(small, 9, mtime=0)) <= 4 * 1024
    assert b"embudoSite" in small


def test_the_script_carries_its_sites_settings_and_is_cached(door: RunningDoor) -> None:
    first = door.request("GET", f"/tracker.js?key={PUBLIC}", headers={"Accept-Encoding": "gzip"})
    text = gzip.decompress(first.body).decode()
    assert text.startswith('window.embudoSite={"key":"pub-norte","mode":"implied"};')
    assert (first.headers["cache-control"], first.headers["content-encoding"]) == ("public, max-age=300", "gzip")
    plain = door.request("GET", f"/tracker.js?key={PUBLIC}")
    assert plain.body.decode() == text
    again = door.request("GET", f"/tracker.js?key={PUBLIC}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    for key in ("nobody", "sec-norte", "", '"};alert(1)//'):
        assert door.request("GET", "/tracker.js?key=" + key.replace('"', "%22")).status == 404


def test_a_page_view_arrives_at_once_and_its_reading_when_the_reader_leaves(
    door: RunningDoor, site: str, visitor: BrowserContext
) -> None:
    page = opened(visitor, f"{site}/{PUBLIC}/pricing?utm_source=news&utm_campaign=may&email=a@b.co")
    (viewed,) = events_of(door, "page_viewed")
    assert viewed.props["path"] == f"/{PUBLIC}/pricing" and viewed.props["topic"] == "pricing"
    assert viewed.context["utm"] == {"source": "news", "campaign": "may"}
    assert "a@b.co" not in repr(viewed) and viewed.context["locale"] == "es-MX"
    assert viewed.verdict is Verdict.HUMAN and viewed.identifier.startswith("anon:")
    page.mouse.wheel(0, 2000)
    page.wait_for_timeout(1700)
    page.close(run_before_unload=True)
    (read,) = events_of(door, "page_read")
    assert read.props["view"] == viewed.id
    assert 1.0 <= read.props["dwell_s"] <= 6.0
    assert 0.5 <= read.props["scroll_share"] <= 0.9
    assert read.identifier == viewed.identifier


def test_the_same_visitor_comes_back_as_the_same_browser(door: RunningDoor, site: str, visitor: BrowserContext) -> None:
    opened(visitor, f"{site}/{PUBLIC}/one").close()
    opened(visitor, f"{site}/{PUBLIC}/two")
    assert len({event.identifier for event in events_of(door, "page_viewed", 2)}) == 1


def test_a_single_page_application_is_followed(door: RunningDoor, site: str, visitor: BrowserContext) -> None:
    page = opened(visitor, f"{site}/{PUBLIC}/app")
    page.evaluate("history.pushState({}, '', 'next'); document.title = 'Next'")
    page.evaluate("history.replaceState({}, '', location.href + '#part')")
    events_of(door, "page_viewed", 2)
    page.go_back()
    first, second, third = events_of(door, "page_viewed", 3)
    assert [e.props["path"].rpartition("/")[2] for e in (first, second, third)] == ["app", "next", "app"]
    assert second.props["title"] == "Next" and second.props["referrer"].endswith("/app")


def test_outbound_links_and_downloads_are_told(door: RunningDoor, site: str, visitor: BrowserContext) -> None:
    page = opened(visitor, f"{site}/{PUBLIC}/")
    page.click("#away")
    page.click("#pdf")
    (clicked,), (downloaded,) = events_of(door, "link_clicked"), events_of(door, "content_downloaded")
    assert clicked.props["url"] == "http://127.0.0.1:9/away"
    assert downloaded.props["name"] == "guide.pdf" and downloaded.props["topic"] == "pricing"


def test_a_form_that_opted_in_names_its_sender_and_keeps_secrets(
    door: RunningDoor, site: str, visitor: BrowserContext
) -> None:
    page = opened(visitor, f"{site}/{PUBLIC}/demo")
    answers = {
        "correo": "Ana@Norte.MX", "your_phone": "+52 55 1234 5678", "nombre": "Ana", "apellidos": "Ruiz",
        "empresa": "Norte", "cargo": "CTO", "message": "Hola", "secret": "hunter2", "card-number": "1234", "cc": "123",
    }  # fmt: skip
    for name, text in answers.items():
        page.fill(f"#demo [name={name}]", text)
    page.click("#demo button")
    (event,) = events_of(door, "demo_requested")
    assert event.identifier == "mail:ana@norte.mx" and event.anonymous_id
    assert event.props["traits"] == {
        "email": "ana@norte.mx", "phone": "+525512345678", "name": "Ana", "last_name": "Ruiz", "company": "Norte",
        "title": "CTO", "country": "MX",
    }  # fmt: skip
    assert event.props["fields"] == {"message": "Hola", "wants": ["price", "call"]}
    assert event.props["form"] == "demo"


def test_one_submission_is_one_event_however_often_it_is_clicked(
    door: RunningDoor, site: str, visitor: BrowserContext
) -> None:
    page = opened(visitor, f"{site}/{PUBLIC}/demo")
    page.fill("#demo [name=correo]", "ana@norte.mx")
    page.dblclick("#demo button")
    page.wait_for_url("**/sent**")
    page = opened(visitor, f"{site}/{PUBLIC}/tried")
    page.fill("#tried input", "ana@norte.mx")
    page.dblclick("#tried button")
    page.wait_for_function("window.tries")
    page.wait_for_timeout(300)
    page.click("#tried button")
    page.fill("#tried input", "eva@norte.mx")
    page.click("#tried button")
    page.dblclick("#pdf")
    page.click("#away", button="right")
    page.click("#away")
    (clicked,) = events_of(door, "link_clicked")
    assert clicked.props["url"].endswith("/away")
    assert [event.identifier for event in events_of(door, "demo_requested")] == ["mail:ana@norte.mx"]
    mails = [event.identifier for event in events_of(door, "form_submitted", 2)]
    assert mails == ["mail:ana@norte.mx", "mail:eva@norte.mx"]
    assert len(events_of(door, "content_downloaded")) == 1


def test_a_form_that_did_not_opt_in_is_left_alone(door: RunningDoor, site: str, visitor: BrowserContext) -> None:
    page = opened(visitor, f"{site}/{PUBLIC}/form")
    page.fill("#plain input", "ana@norte.mx")
    page.press("#plain input", "Enter")
    events_of(door, "page_viewed", 2)
    assert {event.kind for event in door.events()} <= {"page_viewed", "page_read"}


def test_pages_can_call_before_and_after_the_script_is_there(
    door: RunningDoor, site: str, visitor: BrowserContext
) -> None:
    visitor.add_init_script("(window.embudo = window.embudo || []).push(['track', 'Quiz Taken', {score: 7}])")
    page = opened(visitor, f"{site}/{PUBLIC}/quiz")
    page.evaluate("embudo.identify('u-7', {email: 'ana@norte.mx'})")
    page.evaluate("embudo.track('Trial Started')")
    (quiz,), (said,), (trial,) = (events_of(door, k) for k in ("quiz_taken", "profile_changed", "trial_started"))
    assert quiz.props["score"] == 7.0
    assert (said.identifier, said.user_id) == ("mail:ana@norte.mx", "u-7")
    assert trial.user_id == "u-7"


def test_what_was_not_delivered_is_sent_once_the_line_is_back(
    door: RunningDoor, site: str, visitor: BrowserContext
) -> None:
    page = opened(visitor, f"{site}/{PUBLIC}/")
    events_of(door, "page_viewed")
    visitor.set_offline(True)
    page.evaluate("embudo.track('Offline Click')")
    page.wait_for_timeout(600)
    assert "embudo_queue" in left_in(page)[1]
    visitor.set_offline(False)
    assert len(events_of(door, "offline_click")) == 1
    until(lambda: "embudo_queue" not in left_in(page)[1])


def test_what_was_not_delivered_survives_the_page(door: RunningDoor, site: str, visitor: BrowserContext) -> None:
    page = opened(visitor, f"{site}/{PUBLIC}/")
    events_of(door, "page_viewed")
    visitor.set_offline(True)
    page.evaluate("embudo.track('Offline Click')")
    page.wait_for_timeout(600)
    assert "Offline Click" in page.evaluate("JSON.stringify(localStorage)")
    page.close()
    visitor.set_offline(False)
    opened(visitor, f"{site}/{PUBLIC}/")
    assert len(events_of(door, "offline_click")) == 1


def test_implied_consent_keeps_an_id_until_somebody_objects(
    door: RunningDoor, site: str, visitor: BrowserContext
) -> None:
    page = opened(visitor, f"{site}/{PUBLIC}/")
    events_of(door, "page_viewed")
    until(lambda: left_in(page) == (0, ["embudo_id"]))
    page.evaluate("embudo.consent(false, {wording: 'No, thanks'})")
    (withdrawn,) = events_of(door, "consent_withdrawn")
    assert withdrawn.props["wording"] == "No, thanks" and withdrawn.identifier.startswith("anon:")
    until(lambda: left_in(page) == (0, ["embudo_consent"]))
    before = len(door.events())
    page.evaluate("embudo.track('After')")
    page.goto(f"{site}/{PUBLIC}/again")
    page.wait_for_timeout(800)
    assert len(door.events()) == before


@pytest.mark.parametrize("leaves", [False, True])
def test_taking_consent_back_is_told_until_it_is_heard_and_what_waited_is_not(
    door: RunningDoor, site: str, visitor: BrowserContext, leaves: bool
) -> None:
    page = opened(visitor, f"{site}/{PUBLIC}/")
    (viewed,) = events_of(door, "page_viewed")
    visitor.set_offline(True)
    page.evaluate("for (let i = 0; i < 30; i++) embudo.track('Offline Click ' + i); embudo.consent(false)")
    page.wait_for_timeout(600)
    assert left_in(page) == (0, ["embudo_consent", "embudo_queue"])
    assert "Offline Click" not in page.evaluate("JSON.stringify(localStorage)")
    if leaves:
        page.close()
    visitor.set_offline(False)
    if leaves:
        page = opened(visitor, f"{site}/{PUBLIC}/again")
    (withdrawn,) = events_of(door, "consent_withdrawn")
    assert withdrawn.identifier == viewed.identifier
    until(lambda: left_in(page) == (0, ["embudo_consent"]))
    assert {event.kind for event in door.events()} == {"page_viewed", "consent_withdrawn"}


def test_required_consent_sends_and_keeps_nothing_before(door: RunningDoor, site: str, visitor: BrowserContext) -> None:
    page = opened(visitor, f"{site}/{STRICT}/")
    page.evaluate("embudo.track('Too Early')")
    page.fill("#demo [name=correo]", "ana@norte.mx")
    page.wait_for_timeout(800)
    assert (door.events(), left_in(page)) == ([], (0, []))
    page.evaluate("embudo.consent({analytics: true, marketing: false}, {wording: 'I agree'})")
    (given,), (viewed,) = events_of(door, "consent_given"), events_of(door, "page_viewed")
    assert given.consent == {
        "state": "given", "mode": "required", "purposes": {"analytics": True, "marketing": False},
    }  # fmt: skip
    assert given.props["wording"] == "I agree" and viewed.consent["state"] == "given"
    until(lambda: left_in(page) == (0, ["embudo_consent", "embudo_id"]))
    page.goto(f"{site}/{STRICT}/later")
    assert events_of(door, "page_viewed", 2)[1].identifier == viewed.identifier


def test_a_cookieless_site_never_leaves_anything_in_the_browser(
    door: RunningDoor, site: str, visitor: BrowserContext
) -> None:
    page = opened(visitor, f"{site}/{LIGHT}/")
    page.evaluate("embudo.consent(true)")
    page.fill("#demo [name=correo]", "ana@norte.mx")
    page.click("#demo button")
    (form,) = events_of(door, "demo_requested")
    page.goto(f"{site}/{LIGHT}/later")
    views = events_of(door, "page_viewed", 2)
    assert {view.identifier[:6] for view in views} == {"daily:"} and len({v.identifier for v in views}) == 1
    assert (form.identifier, form.anonymous_id) == ("mail:ana@norte.mx", None)
    assert left_in(page) == (0, [])


@pytest.mark.parametrize("signal", ["globalPrivacyControl", "doNotTrack"])
@pytest.mark.parametrize("key", [PUBLIC, STRICT, LIGHT])
def test_a_browser_that_objects_is_left_alone(
    door: RunningDoor, site: str, visitor: BrowserContext, signal: str, key: str
) -> None:
    value = "true" if signal == "globalPrivacyControl" else "'1'"
    visitor.add_init_script(f"Object.defineProperty(navigator, '{signal}', {{get: () => {value}}})")
    page = opened(visitor, f"{site}/{key}/")
    page.evaluate("embudo.consent(true)")
    page.evaluate("embudo.track('Anything')")
    page.wait_for_timeout(600)
    assert (door.events(), left_in(page)) == ([], (0, []))
