"""A form from nothing to its first lead, on a real install in a real Chromium: built, put on a page, sent, seen.

The page it stands on has a server, a look and a strict policy of its own.
"""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from embudo.config import Config
from tests.browser.conftest import AXE, watch
from tests.browser.test_screens import COLOURS, FOUND, TOO_WIDE
from tests.install import Install, on_own_ports

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SOON_MS = 15_000
MAIL, PASSWORD = "noa@rutalba.example", "a-password-of-the-tests"
MADE = f"""
from embudo.accounts.models import User
from embudo.capture.models import Site
from embudo.forms.models import Form
from embudo.forms.content import Content, Field, Kind, When, Widget
from embudo.forms.presets import BY_CODE
noa = User.objects.create_user("{MAIL}", "{PASSWORD}", name="Noa Vidal", role="marketing", language="en")
site = Site(name="Norte", domains=["norte.example"], mode="implied")
site.open(by=None)
for code in ("contact", "demo", "survey"):
    Form.open(name=str(BY_CODE[code].label), slug=code, site=site, content=BY_CODE[code].make(), by=noa).publish(by=noa)
later = Content(title={{"en": "Later"}}, at_once=1, last=4, fields=(
    Field("f1", Kind.QUESTION, Widget.YES_NO, label={{"en": "A visit?"}}),
    Field("f2", Kind.ATTRIBUTE, Widget.TEXT, "city", progressive=True, when=When("f1", ("yes",))),
    Field("f3", Kind.QUESTION, Widget.TEXT, label={{"en": "Why?"}}, progressive=True),
    Field("f4", Kind.ATTRIBUTE, Widget.TEXT, "title", progressive=True),
))
Form.open(name="Later", slug="later", site=site, content=later, by=noa).publish(by=noa)
print("KEY", site.public_key.text)
"""


@dataclass
class Host:
    """Somebody's web site: pages by their path, and the headers they come with."""

    address: str
    pages: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


@contextmanager
def hosting() -> Iterator[Host]:
    """Serve a web site that knows nothing of Embudo."""

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = host.pages.get(self.path.partition("?")[0], "").encode()
            self.send_response(200 if text else 204)
            for name, value in {"Content-Type": "text/html; charset=utf-8", **host.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    host = Host(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()


@dataclass(frozen=True)
class Made:
    """The install and the public key of its site."""

    install: Install
    key: str

    @property
    def url(self) -> str:
        """The address of the site."""
        return f"http://127.0.0.1:{self.install.config.web_port}"

    def line(self, slug: str, **more: str) -> str:
        """The one line that people paste."""
        data = "".join(f' data-{name}="{value}"' for name, value in more.items())
        return f'<script async src="{self.url}/f/embed.js" data-form="{slug}"{data}></script>'


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, cluster: Any) -> Iterator[Made]:
    """An install run by `embudo up`, with a marketer, a site and three forms."""
    folder = tmp_path_factory.mktemp("forms")
    config = Config(data=folder / "data", secret_key="only-for-tests-and-never-for-an-install")
    config.data.mkdir()
    name = cluster.new_database() if cluster else ""
    if cluster:
        from dataclasses import replace

        config = replace(config, database_url=cluster.url(name))
    install = Install(on_own_ports(config), folder / "logs")
    install.embudo("prepare")
    told = re.search(r"KEY (\S+)", install.embudo("manage", "shell", "-c", MADE))
    assert told
    install.start("up")
    try:
        install.wait_for_web()
        install.wait_for_collector()
        yield Made(install, told[1])
    finally:
        install.stop()
        if cluster:
            cluster.drop_database(name)


@pytest.fixture
def marketer(chromium: Browser, made: Made) -> Iterator[Page]:
    """Somebody who builds forms, signed in; errors of the page end the test."""
    context = chromium.new_context(base_url=made.url, viewport={"width": 1440, "height": 900}, locale="en")
    page = context.new_page()
    page.goto("/sign-in/?next=/forms/")
    page.fill("input[name=email]", MAIL)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button.btn-primary")
    expect(page.locator("h1")).to_have_text("Forms")
    problems = watch(page)
    yield page
    context.close()
    assert problems == []


@pytest.fixture
def stranger(chromium: Browser) -> Iterator[Page]:
    """Somebody who reads the site."""
    context = chromium.new_context(locale="en", viewport={"width": 1000, "height": 900})
    page = context.new_page()
    problems = watch(page)
    yield page
    context.close()
    assert problems == []


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
