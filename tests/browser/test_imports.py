"""Files come in through the import screen in Chromium, and an undo leaves not a trace."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from embudo.config import Config
from tests.browser.conftest import AXE, watch
from tests.browser.test_screens import COLOURS, FOUND, TOO_WIDE
from tests.imports.exports import EXPORTS, Export
from tests.install import Install, on_own_ports
from tests.path.real_data import file_of
from tests.postgres import Cluster

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD = "una frase larga y propia"
PICTURES = os.environ.get("PICTURES", "")  # folder for pictures of each step, to be looked at
USER = f"""
from embudo.accounts.models import User
User.objects.create_user("ana@norte.example", {PASSWORD!r}, name="Ana Ruiz", role="marketing")
"""
SHOWN = """
import hashlib, json
from django.db import connection
WITHOUT = {"engagement_order", "search_id", "written_at"}
TABLES = {
    "leads_person": "merged_into_id IS NULL", "leads_personattribute": "1 = 1", "leads_company": "1 = 1",
    "leads_personconsent": "1 = 1",
    "leads_opportunity": "1 = 1", "leads_identifier": "1 = 1", "leads_merge": "1 = 1", "leads_dispute": "1 = 1",
    "leads_stagechange": "superseded_at IS NULL", "leads_passage": "1 = 1", "leads_sourceday": "entered > 0",
    "leads_moveday": "moves > 0",
}
found = {}
with connection.cursor() as cursor:
    for table, where in TABLES.items():
        cursor.execute(f"SELECT * FROM {table} WHERE {where}")
        names = [each[0] for each in cursor.description]
        keep = [n for n, name in enumerate(names) if name not in WITHOUT and (name != "id" or table == "leads_person")]
        keep = [n for n in keep if names[n] != "recorded_at"]
        found[table] = sorted(json.dumps([row[n] for n in keep], default=str) for row in cursor.fetchall())
    cursor.execute("SELECT person_id, next_change_at FROM leads_score")
    found["scores"] = sorted(map(str, cursor.fetchall()))
    cursor.execute("SELECT name, label, kind FROM leads_attribute WHERE NOT standard")
    found["attributes"] = sorted(map(str, cursor.fetchall()))
print("SHOWN", json.dumps(found))
"""


@dataclass
class Site:
    """An install that runs, and who uses it."""

    install: Install
    page: Page

    def shown(self) -> dict[str, list[str]]:
        """Every row that people, scores, stages, companies and the funnel show."""
        import json

        told = self.install.embudo("manage", "shell", "-c", SHOWN)
        found: dict[str, list[str]] = json.loads(told[told.index("SHOWN ") + 6 :].splitlines()[0])
        return found

    def picture(self, name: str) -> None:
        """Take pictures of the page, wide and narrow, light and dark, where somebody wants to look at them."""
        if not PICTURES:
            return
        for width in (1440, 390):
            for theme in ("light", "dark"):
                self.page.set_viewport_size({"width": width, "height": 900})
                self.page.emulate_media(color_scheme=theme)
                self.page.screenshot(path=str(Path(PICTURES) / f"{name}-{width}-{theme}.png"), full_page=True)
        self.page.set_viewport_size({"width": 1440, "height": 900})
        self.page.emulate_media(color_scheme="light")

    def whole(self) -> None:
        """The page has no serious fault for anybody, in both themes, and is not wider than the screen."""
        self.page.evaluate(AXE.read_text())
        assert self.page.evaluate(FOUND, None) == []
        self.page.emulate_media(color_scheme="dark")
        assert self.page.evaluate(FOUND, COLOURS) == []
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size({"width": 390, "height": 844})
        assert self.page.evaluate(TOO_WIDE) <= 0, self.page.url
        self.page.set_viewport_size({"width": 1440, "height": 900})

    def brings(self, path: Path, kind: str) -> None:
        """Choose a file and go on to its columns."""
        self.page.goto("/imports/new/")
        self.page.set_input_files("input[type=file]", str(path))
        self.page.check(f"input[name=kind][value={kind}]")
        self.page.get_by_role("button", name="Go on").click()
        self.page.wait_for_url("**/file/")
        self.page.get_by_role("button", name="Go on").click()
        self.page.wait_for_url("**/columns/")

    def tries(self) -> None:
        """Have the whole file tried out."""
        self.page.get_by_role("button", name="Try it out").click()
        self.page.get_by_text("This is what would happen").wait_for(timeout=300_000)

    def starts(self) -> None:
        """Bring the file in, to its end."""
        self.page.get_by_role("button", name="Bring it in now").click()
        self.page.get_by_role("button", name="Undo this import").wait_for(timeout=900_000)

    def undoes(self) -> None:
        """Take the import back, to its end."""
        self.page.get_by_role("button", name="Undo this import").click()
        self.page.get_by_text("This import was taken back").wait_for(timeout=900_000)

    def count(self, tab: str) -> int:
        """How many rows a tab says it has."""
        words = self.page.locator("#rows .tabs a", has_text=tab).first.locator(".num").inner_text()
        return int(words.replace(",", ""))


@pytest.fixture(scope="module")
def site(chromium: Browser, tmp_path_factory: pytest.TempPathFactory, cluster: Cluster | None) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("imports")
    config = Config(data=folder / "data", secret_key="only-for-tests-and-never-for-an-install")
    config.data.mkdir()
    name = cluster.new_database() if cluster else ""
    if cluster:
        config = replace(config, database_url=cluster.url(name))
    install = Install(on_own_ports(config), folder / "logs")
    install.embudo("prepare")
    install.embudo("manage", "shell", "-c", USER)
    install.start("up")
    try:
        install.wait_for_web()
        url = f"http://127.0.0.1:{install.config.web_port}"
        still = {"reduced_motion": "reduce", "color_scheme": "light", "locale": "en"}
        context = chromium.new_context(base_url=url, viewport={"width": 1440, "height": 900}, **still)
        page = context.new_page()
        page.goto("/sign-in/")
        page.fill("input[type=email], input[name=email], input[name=username]", "ana@norte.example")
        page.fill("input[type=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{url}/")
        problems = watch(page)
        yield Site(install, page)
        context.close()
        assert problems == []
    finally:
        install.stop()
        if cluster:
            cluster.drop_database(name)


@pytest.fixture(autouse=True)
def after(site: Site) -> Iterator[None]:
    """Whatever happened, what follows from the log is what the tables show."""
    yield
    assert "exactly equal" in site.install.embudo("rebuild", "--check")


def test_what_values_mean_is_asked_as_soon_as_a_column_of_consent_is_chosen(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("Email,Remarks\neva@b.mx,sí\nleo@b.mx,a veces\n")
    site.brings(path, "people")
    page = site.page
    assert page.get_by_text("What each answer to consent means").count() == 0
    page.select_option("select[name=target-1]", "consent:newsletter")
    page.get_by_text("What each answer to consent means").wait_for()
    site.whole()
    page.get_by_label("Remarks: a veces").select_option("refuse")
    page.fill("input[name=consents_from]", "form on our old site")
    site.tries()
    assert page.get_by_text(": 1 agree, 1 withdraw.").count() == 1
    assert page.locator("#rows td", has_text="withdraws from").count() == 1
    site.whole()
    page.get_by_role("button", name="Discard").click()


def test_every_step_is_whole_and_says_what_happens(site: Site, tmp_path: Path) -> None:
    page = site.page
    page.goto("/imports/")
    site.whole()
    site.picture("empty")
    export = next(each for each in EXPORTS if each.name == "hubspot_contacts")
    path = tmp_path / export.file_name
    path.write_bytes(export.content())
    page.goto("/imports/new/")
    site.whole()
    site.picture("new")
    page.set_input_files("input[type=file]", str(path))
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/file/")
    page.get_by_text("This looks like the export").wait_for()
    site.whole()
    site.picture("file")
    page.select_option("select[name=delimiter]", ";")
    page.locator("#_preview th", has_text="Record ID,First Name").wait_for()
    page.select_option("select[name=delimiter]", ",")
    page.locator("#_preview th", has_text="First Name").first.wait_for()
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/columns/")
    site.whole()
    site.picture("columns")
    page.fill("input[name=remember]", "Our HubSpot")
    site.tries()
    assert (site.count("New"), site.count("Failed")) == (2, 0)
    site.whole()
    site.picture("trial")
    site.starts()
    site.whole()
    site.picture("run")
    assert page.locator("#rows a.name", has_text="Ana Ruiz").count() == 1
    with page.expect_download() as download:
        page.get_by_role("link", name="Report (CSV)").click()
    assert Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()[1].startswith("2,New,")
    path.write_bytes(export.content().replace(b"Luis", b"Lucho"))
    site.brings(path, "people")
    site.tries()
    assert (site.count("New"), site.count("Changed"), site.count("Unchanged")) == (0, 1, 1)
    page.locator("#rows del", has_text="Luis").wait_for()
    page.locator("#rows ins", has_text="Lucho").wait_for()
    site.picture("changed")
    page.get_by_role("button", name="Discard").click()
    page.wait_for_url("**/imports/")
    site.picture("list")
    site.whole()
    page.locator("a", has_text=export.file_name).first.click()
    site.undoes()
    site.whole()
    site.picture("undone")


def test_a_column_of_consents_is_asked_about_and_stands_in_the_receipts(site: Site, tmp_path: Path) -> None:
    page, before = site.page, site.shown()
    path = tmp_path / "newsletter.csv"
    path.write_text("Email,Newsletter\nana@consent.example,yes\nbo@consent.example,no\ncy@consent.example,later\n")
    site.brings(path, "people")
    page.get_by_text("What each answer to consent means").wait_for()
    site.whole()
    site.picture("consents")
    page.get_by_label("Newsletter: later").select_option("refuse")
    page.fill("#consents_from", "on paper, at the fair")
    site.tries()
    site.starts()
    page.goto("/people/?consent.newsletter=given&q=consent.example")
    page.locator("a.name").first.click()
    page.locator("#_consents summary").first.click()
    page.locator("#_consents").get_by_text("newsletter.csv, row 1").wait_for()
    assert "on paper, at the fair" in page.locator("#_consents").inner_text()
    page.goto("/people/?consent.newsletter=withdrawn&q=consent.example")
    assert page.locator("input.tick[name=who]").count() == 2
    page.goto("/imports/")
    page.locator("a", has_text="newsletter.csv").first.click()
    site.undoes()
    assert site.shown() == before


@pytest.mark.parametrize("export", EXPORTS, ids=lambda each: each.name)
def test_each_export_comes_in_and_its_undo_leaves_not_a_trace(site: Site, export: Export, tmp_path: Path) -> None:
    path = tmp_path / export.file_name
    path.write_bytes(export.content())
    before = site.shown()
    site.brings(path, export.kind)
    site.page.fill("#consents_from", "as they told that product") if export.kind == "people" else None
    site.tries()
    assert site.count("Failed") == 0
    site.starts()
    assert site.shown() != before
    site.undoes()
    assert site.shown() == before


@pytest.mark.parametrize(
    ("parts", "kind", "rows"),
    [
        (("olist", "olist_marketing_qualified_leads_dataset.csv"), "people", 8000),
        (("olist", "olist_closed_deals_dataset.csv"), "people", 842),
        (("xeducation", "Leads.csv"), "people", 9240),
        (("maven_crm", "accounts.csv"), "companies", 85),
        (("maven_crm", "sales_pipeline.csv"), "opportunities", 8800),
    ],
    ids=["olist-leads", "olist-deals", "xeducation", "maven-accounts", "maven-pipeline"],
)
def test_real_data_comes_in_and_its_undo_leaves_not_a_trace(
    site: Site, parts: tuple[str, ...], kind: str, rows: int
) -> None:
    path = file_of(*parts)
    before: Any = site.shown()
    site.brings(path, kind)
    site.tries()
    assert site.count("Failed") == 0
    site.starts()
    assert sum(site.count(tab) for tab in ("New", "Changed", "Unchanged")) == rows
    assert site.shown() != before
    site.undoes()
    assert site.shown() == before
