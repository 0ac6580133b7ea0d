"""Consent and privacy in a real browser, on a real install: the flows, and what each public surface leaves behind."""

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import AXE, Company, browse, watch
from tests.browser.test_screens import FOUND, TOO_WIDE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MODES = ("required", "implied", "cookieless")
SEED = """
import json
from embudo.capture.models import Site
from embudo.leads.models import Person
from embudo.privacy.link import token_of
keys = {}
for mode in ("required", "implied", "cookieless"):
    site = Site(name=f"Privacy {mode}", mode=mode)
    site.open(by=None)
    keys[mode] = site.public_key.text
known = Person.objects.filter(known=True, merged_into=None).exclude(mail="").order_by("-events")
people = [{"id": each.id, "token": token_of(each.id), "mail": each.mail, "name": each.name} for each in known[20:24]]
print("SEEDED", json.dumps({"keys": keys, "people": people}))
"""
OBJECTIONS = {
    "none": "",
    "gpc": "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})",
    "dnt": "Object.defineProperty(Navigator.prototype, 'doNotTrack', {get: () => '1'})",
}
NOTHING: list[str] = []


@dataclass(frozen=True)
class Seeded:
    """A key for a site of each consent mode, some people with their links, and a site that carries the tracker."""

    keys: dict[str, str]
    people: list[dict[str, Any]]
    site: str


class Pages(BaseHTTPRequestHandler):
    """A small site: the first part of an address is the key of its tracker."""

    def __init__(self, door: str, *rest: Any) -> None:
        self.door = door
        super().__init__(*rest)

    def do_GET(self) -> None:
        """Answer with a page."""
        script = f'<script async src="{self.door}/tracker.js?key={self.path.split("/")[1]}"></script>'
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(f"<!doctype html><title>Page</title>{script}<p>Words".encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def seeded(company: Company) -> Iterator[Seeded]:
    """What these tests need on the demo company's install."""
    told = re.search(r"SEEDED (.*)", company.install.embudo("manage", "shell", "-c", SEED))
    assert told
    given = json.loads(told[1])
    door = f"http://127.0.0.1:{company.install.config.collector_port}"
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Pages, door))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Seeded(given["keys"], given["people"], f"http://127.0.0.1:{server.server_port}")
    server.shutdown()


def left_in(page: Page) -> tuple[int, list[str]]:
    """How many cookies a browser holds, of any site, and which keys of the page's own."""
    stored = page.evaluate("Object.keys(localStorage).concat(Object.keys(sessionStorage)).sort()")
    return len(page.context.cookies()), stored


def ready(page: Page, address: str) -> Page:
    """Open a page of the small site and let the tracker do what it does."""
    page.goto(address)
    page.wait_for_function("!!(window.embudo && window.embudo.track)")
    page.wait_for_timeout(300)
    return page


# -- what is left in a browser -----------------------------------------------------------------------------


@pytest.mark.parametrize("objection", list(OBJECTIONS))
@pytest.mark.parametrize("mode", MODES)
def test_the_tracker_keeps_what_the_mode_and_the_answer_allow(
    chromium: Browser, seeded: Seeded, mode: str, objection: str
) -> None:
    context = chromium.new_context(extra_http_headers={"DNT": "1"} if objection == "dnt" else {})
    if OBJECTIONS[objection]:
        context.add_init_script(OBJECTIONS[objection])
    page = ready(context.new_page(), f"{seeded.site}/{seeded.keys[mode]}/")
    kept = mode != "cookieless" and objection == "none"
    before = ["embudo_id"] if kept and mode == "implied" else NOTHING
    assert without_queue(page) == before
    page.evaluate("embudo.consent(true)")
    page.wait_for_timeout(300)
    assert without_queue(page) == (["embudo_consent", "embudo_id"] if kept else NOTHING)
    page.evaluate("embudo.consent(false)")
    page.wait_for_timeout(300)
    assert left_in(page) == (0, ["embudo_consent"] if kept else NOTHING)
    ready(page, f"{seeded.site}/{seeded.keys[mode]}/again")
    assert left_in(page) == (0, ["embudo_consent"] if kept else NOTHING)
    context.close()


def without_queue(page: Page) -> list[str]:
    """The keys that are kept but for messages on their way; no cookie is there in any case."""
    cookies, stored = left_in(page)
    assert cookies == 0
    return [name for name in stored if name != "embudo_queue"]


@pytest.mark.parametrize("objection", ["gpc", "dnt"])
def test_who_objects_is_not_recorded_whatever_the_page_says(
    chromium: Browser, company: Company, seeded: Seeded, objection: str
) -> None:
    context = chromium.new_context()
    context.add_init_script(OBJECTIONS[objection])
    sent: list[str] = []
    context.on("request", lambda request: sent.append(request.post_data or "") if "/e" in request.url else None)
    page = ready(context.new_page(), f"{seeded.site}/{seeded.keys['implied']}/")
    page.evaluate("embudo.consent(true); embudo.track('Demo Requested', {})")
    page.wait_for_timeout(500)
    assert not [body for body in sent if "Demo Requested" in body or '"page"' in body]
    context.close()


@pytest.mark.parametrize("objection", ["", "gpc"])
def test_a_persons_own_page_leaves_nothing_in_the_browser(
    chromium: Browser, company: Company, seeded: Seeded, objection: str
) -> None:
    context = chromium.new_context(base_url=company.url)
    if objection:
        context.add_init_script(OBJECTIONS[objection])
    page = context.new_page()
    page.goto(f"/consent/{seeded.people[0]['token']}/")
    assert left_in(page) == (0, [])
    page.locator("button[value=yes], button[value=no]").first.click()
    expect(page.get_by_role("status")).to_be_visible()
    assert left_in(page) == (0, [])
    page.goto("/consent/" + "A" * 32 + "/")
    assert left_in(page) == (0, [])
    context.close()


def test_the_sign_in_page_keeps_only_what_is_told(chromium: Browser, company: Company) -> None:
    context = chromium.new_context(base_url=company.url)
    page = context.new_page()
    page.goto("/sign-in/")
    names = {each["name"] for each in context.cookies()}
    assert names <= {"csrftoken", "zone"}
    assert left_in(page)[1] == ["htmx-current-path-for-history"]  # the page's own address, while the tab is open
    context.close()


@pytest.fixture
def page(chromium: Browser, company: Company, cookies: list[Any]) -> Iterator[Page]:
    """A page of somebody who is signed in; errors end the test, but not that a form was refused (422)."""
    context = browse(chromium, company, cookies, viewport={"width": 1440, "height": 900}, locale="en")
    opened = context.new_page()
    problems = watch(opened)
    yield opened
    context.close()
    assert [each for each in problems if "422" not in each] == []


# -- the flows ---------------------------------------------------------------------------------------------


def test_a_person_withdraws_without_an_account_and_without_javascript(
    chromium: Browser, company: Company, cookies: list[Any], seeded: Seeded
) -> None:
    who = seeded.people[1]
    plain = chromium.new_context(
        base_url=company.url, java_script_enabled=False, viewport={"width": 390, "height": 800}, locale="es-MX"
    )
    page = plain.new_page()
    page.goto(f"/consent/{who['token']}/")
    expect(page.get_by_role("heading", name="Lo que usted acepta")).to_be_visible()
    assert who["mail"] not in page.content() and who["name"] not in page.content()
    phone = page.locator("section", has_text="Contacto por teléfono")
    phone.get_by_role("button", name="Acepto").click()
    expect(page.get_by_role("status")).to_have_text("Guardado.")
    page.locator("section", has_text="Contacto por teléfono").get_by_role("button", name="Ya no acepto").click()
    expect(page.locator("section", has_text="Contacto por teléfono").locator(".state")).to_have_text("No")
    plain.close()

    staff = browse(chromium, company, cookies, locale="en")
    seen = staff.new_page()
    seen.goto(f"/people/{who['id']}/")
    slot = seen.locator("section#_consents")
    slot.get_by_text("2 answers").click()
    expect(slot.get_by_text("on the page of their link").first).to_be_visible()
    expect(slot.get_by_text("Acepto que me llamen").first).to_be_visible()
    staff.close()


def test_what_a_person_said_is_written_down(page: Page, seeded: Seeded) -> None:
    who = seeded.people[2]
    page.goto(f"/people/{who['id']}/")
    page.get_by_role("link", name="Write down what they said about: News by e-mail").click()
    page.get_by_role("button", name="Write down").click()  # nothing chosen yet
    expect(page.locator(".field-error").first).to_be_visible()
    page.get_by_label("Note").fill("He said so twice")
    page.get_by_label("Yes, they agree").check()
    page.get_by_role("button", name="Write down").click()
    page.wait_for_url(f"**/people/{who['id']}/")
    slot = page.locator("section#_consents")
    expect(slot.locator("li", has_text="News by e-mail").locator(".chip-good")).to_be_visible()
    slot.locator("summary", has_text="answered").first.click()
    expect(slot.get_by_text("He said so twice")).to_be_visible()


def test_a_purpose_is_put_in_other_words_and_its_receipts_are_counted(page: Page) -> None:
    page.goto("/privacy/")
    page.get_by_role("link", name="Visits to the website").click()
    words = page.get_by_label("What people agree to: English")
    words.fill("I agree that my visits are recorded. <b>No</b> markup.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Version 2 is in use.", exact=False).first).to_be_visible()
    expect(page.locator(".edition").first.get_by_text("<b>No</b> markup.")).to_be_visible()
    page.get_by_role("link", name="Count").click()
    expect(page.locator("#_receipts")).to_contain_text(re.compile("receipt|Nobody has agreed"))


def test_how_long_facts_stay_is_previewed_before_it_is_kept(page: Page) -> None:
    page.goto("/privacy/retention/")
    page.get_by_label("Days that Page viewed stays").fill("x")
    page.get_by_role("button", name="Show what would leave").click()
    expect(page.locator(".field-error").first).to_be_visible()
    page.get_by_label("Days that Page viewed stays").fill("100")
    page.get_by_role("button", name="Show what would leave").click()
    expect(page.locator("#preview")).to_contain_text("would leave within a day")
    assert page.get_by_label("Days that Page viewed stays").input_value() == "100"
    page.get_by_label("Days that Page viewed stays").fill("20000")
    page.get_by_role("button", name="Show what would leave").click()
    expect(page.locator("#preview")).to_contain_text("nothing leaves now")
    page.get_by_role("button", name="Keep it so").click()
    expect(page.get_by_label("Days that Page viewed stays")).to_have_value("20000")
    page.get_by_label("Days that Page viewed stays").fill("")
    page.get_by_role("button", name="Show what would leave").click()
    page.get_by_role("button", name="Keep it so").click()


def test_everything_is_downloaded_then_the_person_is_erased_and_the_evidence_stands(
    page: Page, company: Company, seeded: Seeded
) -> None:
    who = seeded.people[3]
    page.goto(f"/people/{who['id']}/")
    page.get_by_role("link", name="Everything about them, as files").click()
    page.get_by_role("button", name="Make the file").click()
    page.wait_for_url("**/work/*/")
    work = page.url
    with page.expect_download(timeout=60_000) as taken:
        page.get_by_role("link", name="Save the file").click(timeout=60_000)
    assert taken.value.suggested_filename == "person.zip"
    page.get_by_role("link", name="To the person").click()
    page.get_by_role("link", name="Everything about them, as files").click()
    expect(page.get_by_role("link", name="Save the file")).to_be_visible()
    assert not wrong_in(page.context, [work, page.url])

    page.goto(f"/people/{who['id']}/")
    page.get_by_role("link", name="Erase", exact=True).click()
    page.get_by_label("Why").fill("they asked by letter")
    page.get_by_label("Erase this person; it cannot be undone").check()
    page.get_by_role("button", name="Erase").click()
    page.wait_for_url("**/work/*/")
    expect(page.get_by_text("Nothing of the person is left in this install.")).to_be_visible(timeout=60_000)
    page.goto("/privacy/erasures/")
    expect(page.get_by_text("they asked by letter").first).to_be_visible()
    page.goto(f"/people/?q={who['mail']}")
    expect(page.locator("main").get_by_text(who["mail"], exact=True)).to_have_count(0)
    for path in company.install.config.data.rglob("*"):
        if path.is_file() and path.suffix != ".parquet":
            assert who["mail"].encode() not in path.read_bytes(), path


# -- every screen ------------------------------------------------------------------------------------------


def screens(seeded: Seeded) -> list[str]:
    person = f"/people/{seeded.people[0]['id']}"
    return [
        "/privacy/", "/privacy/purposes/new/", "/privacy/purposes/newsletter/",
        "/privacy/purposes/newsletter/receipts/", "/privacy/stored/", "/privacy/retention/",
        "/privacy/erasures/", f"{person}/", f"{person}/consents/",
        f"{person}/consents/newsletter/", f"{person}/everything/", f"{person}/erasure/",
        f"/consent/{seeded.people[0]['token']}/", f"/consent/{seeded.people[0]['token']}/newsletter/",
    ]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_every_screen_is_whole(
    chromium: Browser, company: Company, cookies: list[Any], seeded: Seeded, width: int, scheme: Any
) -> None:
    context = browse(
        chromium, company, cookies, color_scheme=scheme, viewport={"width": width, "height": 900},
        reduced_motion="reduce", locale="en",
    )  # fmt: skip
    found = wrong_in(context, screens(seeded))
    context.close()
    assert not found, "\n".join(found)


def wrong_in(context: BrowserContext, addresses: list[str]) -> list[str]:
    page, found, axe = context.new_page(), [], AXE.read_text()
    problems = watch(page)
    for address in addresses:
        answer = page.goto(address)
        page.wait_for_timeout(250)
        page.evaluate(f"{axe}; undefined")
        found += [f"{address}: {each}" for each in page.evaluate(FOUND, None)]
        if (wide := page.evaluate(TOO_WIDE)) > 0:
            found.append(f"{address}: {wide} px too wide")
        if answer is None or answer.status != 200:
            found.append(f"{address} answered {answer.status if answer else 'nothing'}")
    return found + problems
