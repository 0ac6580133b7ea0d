"""One visitor's story in a real Chromium on a real install: from the snippet pasted to the stage seen moving.

The visitor reads a small site, sends a form, comes back the next day and asks for a demo. The first day really
lies a day back: the browser's clock stood there and the collector could not be reached, so that the tracker kept
the day's facts in the browser and delivered them, corrected by the clock's difference, when it could.
"""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, expect

from embudo.config import Config
from embudo.core.event import DAY, Verdict
from embudo.eventlog import Cursor
from tests.collector.test_tracker import until
from tests.install import Install, free_ports, on_own_ports
from tests.path.small_site import Site, served

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MAIL, PASSWORD = "noa@rutalba.example", "a-password-of-the-tests"
MAKE_USER = f"""
from embudo.accounts.models import User
User.objects.create_user("{MAIL}", "{PASSWORD}", name="Noa Vidal", role="admin", language="en")
"""
ANA = {"email": "ana.ruiz@norte.example", "first_name": "Ana", "last_name": "Ruiz", "company": "Norte Logística"}


@pytest.fixture
def install(config: Config, tmp_path: Path) -> Iterator[Install]:
    """An install run by `embudo up`, with one administrator."""
    logs = tmp_path / "logs"
    logs.mkdir()
    made = Install(on_own_ports(config), logs)
    made.embudo("prepare")
    made.embudo("manage", "shell", "-c", MAKE_USER)
    made.start("up")
    try:
        made.wait_for_web()
        made.wait_for_collector()
        yield made
    finally:
        made.stop()


@pytest.fixture
def analyst(chromium: Browser, install: Install) -> Page:
    """Somebody at the company, signed in."""
    page = chromium.new_context(base_url=install.config.site_address, locale="en-GB").new_page()
    page.goto("/")
    page.fill("input[name=email]", MAIL)
    page.fill("input[name=password]", PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Funnel", level=1)).to_be_visible()
    return page


def test_the_story_of_ana(install: Install, chromium: Browser, analyst: Page) -> None:
    snippet = add_site(analyst)
    with served(snippet) as site:
        browser = first_day(chromium, install, site)
        assert not install.log.end(), "nothing of the first day has arrived yet"

        analyst.goto("/?period=30")
        visitor = chromium.new_context(storage_state=browser, base_url=site.address)
        page = visitor.new_page()
        began = comes_back(page)
        seen_after(analyst, "#n-lead", "1", began)

        began = asks_for_a_demo(page, install)
        seen_after(analyst, "#n-qualified", "1", began)
        visitor.close()

    expect(analyst.locator(".moved li", has_text="Ana Ruiz").first).to_contain_text("Qualified")
    analyst.get_by_role("link", name="Ana Ruiz").first.click()
    tells_the_story(analyst)
    adds_up(analyst)
    behind_it(install)


def add_site(analyst: Page) -> str:
    """Add a site on the screen and return the snippet it offers."""
    analyst.goto("/sites/new/")
    analyst.fill("input[name=name]", "Norte's small site")
    analyst.check("input[name=mode][value=implied]")
    analyst.get_by_role("button", name="Add").click()
    expect(analyst.get_by_text("Waiting for your first event")).to_be_visible()
    snippet = analyst.locator("#snippet")
    if not snippet.count():
        analyst.goto(analyst.url + "install/")
    return snippet.inner_text()


def first_day(chromium: Browser, install: Install, site: Site) -> dict:
    """Read, scroll and send a form a day ago while no collector answers; return what the browser kept."""
    live, away = install.config.collector_address, f"http://127.0.0.1:{free_ports(1)[0]}"
    script = fetched(re.findall(r'src="([^"]+)"', site.snippet)[0])
    site.snippet = site.snippet.replace(live, away)
    visitor = chromium.new_context(base_url=site.address)
    visitor.clock.install(time=datetime.now(UTC) - timedelta(days=1))
    visitor.route("**/tracker.js*", lambda route: route.fulfill(body=script, content_type="text/javascript"))
    page = visitor.new_page()
    opens(page, "/?utm_source=newsletter&utm_medium=email&utm_campaign=spring")
    reads(page, seconds=75)
    opens(page, "/pricing")
    reads(page, seconds=20)
    opens(page, "/guide")
    sends(page, "#guide", ANA)
    kept = visitor.storage_state()
    visitor.close()
    site.snippet = site.snippet.replace(away, live)
    return kept


def fetched(address: str) -> bytes:
    """The script as the collector gives it, which the browser has in its cache."""
    with urlopen(address, timeout=10) as answer:
        return answer.read()


def comes_back(page: Page) -> float:
    """Open the site again the next day, now; return when what was kept had been taken by the collector."""
    with page.expect_response("**/e") as taken:
        opens(page, "/")
    assert taken.value.ok
    return time.monotonic()


def asks_for_a_demo(page: Page, install: Install) -> float:
    """Read the prices, ask for a demo, and return when the log had kept it."""
    opens(page, "/pricing")
    page.mouse.wheel(0, 1500)
    opens(page, "/demo")
    sends(page, "#demo", ANA)
    until(lambda: any(row.event.kind == "demo_requested" for row in install.log.read(Cursor(), 1000)[0]), 60)
    return time.monotonic()


def opens(page: Page, path: str) -> None:
    page.goto(path)
    page.wait_for_function("!!(window.embudo && window.embudo.track)")


def reads(page: Page, *, seconds: int) -> None:
    """Let time pass on the page's clock with a hand on the mouse, and scroll to the end."""
    for part in range(0, seconds, 5):
        page.mouse.move(100 + part, 200)
        page.mouse.wheel(0, 700)
        page.clock.run_for(5_000)


def sends(page: Page, form: str, answers: dict[str, str]) -> None:
    """Fill in a plain form and send it."""
    for name, value in answers.items():
        page.fill(f"{form} [name={name}]", value)
    page.click(f"{form} button")
    page.wait_for_url("**/thanks")


def seen_after(analyst: Page, figure: str, text: str, began: float) -> None:
    """See a figure of the open page become `text`, without touching the page, soon after `began`."""
    expect(analyst.locator(figure)).to_have_text(text, timeout=15_000)
    print(f"{figure} showed {text} after {time.monotonic() - began:.2f} s")


def tells_the_story(analyst: Page) -> None:
    """The page of the person says who she is, what she did on both days, and how she moved."""
    expect(analyst.get_by_role("heading", name="Ana Ruiz", level=1)).to_be_visible()
    expect(analyst.locator(".person-stage")).to_contain_text("Qualified")
    told = [" ".join(line.split()) for line in analyst.locator(".timeline .entry-words").all_inner_texts()]
    story = [
        r"read “Routes that pay” for 1:[1-5]\d min, 100%",  # 75 s, and the seconds that really passed meanwhile
        r"read “Pricing” for [2-5]\d s",
        r"filled in the form “guide”",
        r"→ Lead said who they are",
        r"“Routes that pay”",
        r"“Pricing”",
        r"asked for a demo",
        r"→ Qualified fit and engagement reached their lines",
    ]
    places, rest = [], list(reversed(told))
    for words in story:
        found = next((place for place, line in enumerate(rest) if re.search(words, line)), None)
        assert found is not None, f"{words!r} is not told after {places}: {told}"
        places.append(rest[found])
        rest = rest[found + 1 :]
    known_as = analyst.locator("#identity, ._identity, section", has_text="Known as").last
    expect(known_as).to_contain_text(ANA["email"])
    expect(known_as).to_contain_text("a browser")


def adds_up(analyst: Page) -> None:
    """The score on the page is the sum of everything the page behind it lists."""
    shown = float(analyst.locator(".score .figure dd").nth(2).inner_text().replace(",", ""))
    analyst.locator(".why-all").click()
    analyst.wait_for_url("**/why/**")
    rows = analyst.locator(".why-table tbody tr td:last-child").all_inner_texts()
    points = [
        float(text.replace("−", "-").replace("+", "").replace(",", "")) for text in rows if text != "over the limit"
    ]
    together = float(analyst.locator(".why-table tfoot td").inner_text().replace(",", ""))
    assert len(points) >= 6
    assert sum(points) == pytest.approx(together, abs=1e-6)
    assert together == pytest.approx(shown, abs=0.1)
    assert together > 50


def behind_it(install: Install) -> None:
    """Each fact arrived once, by a human, at its own time; and a rebuild gives the same."""
    install.wait_until_followed()
    facts = [row.event for row in install.log.read(Cursor({}), 1000)[0]]
    web = [fact for fact in facts if fact.source != "embudo"]
    assert {fact.verdict for fact in web} == {Verdict.HUMAN}
    assert len({fact.id for fact in web}) == len(web)
    form, demo = (next(fact for fact in web if fact.kind == kind) for kind in ("form_submitted", "demo_requested"))
    assert abs(demo.at - form.at - DAY) < DAY / 24
    assert form.received_at - form.at > DAY / 2
    assert {form.anonymous_id} == {fact.anonymous_id for fact in web}
    assert install.log.ledger().balanced
    install.embudo("rebuild", "--check")
