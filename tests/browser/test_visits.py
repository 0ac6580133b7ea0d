"""An access log comes in through the import screen in Chromium, with its machines told apart, and can be taken back."""

from pathlib import Path

import pytest

from tests.browser.test_imports import Site, after, site
from tests.imports.weblog.conftest import GOOGLEBOT, LUIS, line
from tests.path.real_data import file_of

__all__ = ["after", "site"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]
MADE = """
from embudo.capture.models import Site
Site(name="Norte", domains=["norte.example"]).open(by=None)
"""


def brings(site: Site, path: Path) -> None:
    """Choose a log and go on to its site."""
    site.page.goto("/imports/new/")
    site.page.set_input_files("input[type=file]", str(path))
    site.page.check("input[name=kind][value=visits]")
    site.page.get_by_role("button", name="Go on").click()
    site.page.wait_for_url("**/site/")


def test_a_log_is_brought_in_step_by_step_and_taken_back(site: Site, tmp_path: Path) -> None:
    page, path = site.page, tmp_path / "access.log"
    lines = [line("/", referrer="https://www.google.com/"), line("/style.css"), line("/a", who=LUIS, agent=GOOGLEBOT)]
    path.write_text("".join(f"{each}\n" for each in [*lines, "damaged"]))
    before = site.shown()
    brings(site, path)
    page.get_by_role("link", name="Add a site").wait_for()
    site.whole()
    site.picture("visits-no-site")
    site.install.embudo("manage", "shell", "-c", MADE)
    page.reload()
    site.whole()
    site.picture("visits-site")
    site.tries()
    page.get_by_role("cell", name="says that it is a robot").wait_for()
    site.whole()
    site.starts()
    assert (site.count("New"), site.count("Failed")) == (2, 1)
    site.whole()
    site.picture("visits-run")
    site.undoes()
    assert site.shown() == before


def test_the_real_log_comes_in_through_the_screen(site: Site) -> None:
    path = file_of("weblogs", "apache_access_10k.log.gz")
    site.install.embudo("manage", "shell", "-c", MADE.replace("Norte", "Semi").replace("norte.example", "semi.example"))
    brings(site, path)
    site.page.select_option("select[name=site]", label="Semi")
    site.page.fill("input[name=domain]", "semicomplete.com")
    site.tries()
    site.page.get_by_role("cell", name="google / organic").wait_for()
    site.whole()
    site.picture("visits-trial-real")
    site.starts()
    assert site.count("New") > 2500
    site.whole()
    site.picture("visits-run-real")
    assert not list((site.install.config.data / "imports").glob("*/original"))
