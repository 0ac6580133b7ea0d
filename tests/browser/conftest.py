"""The whole product as people meet it: the demo company on a real install, and a real Chromium."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from embudo.config import Config
from tests.browser.forms import MADE, MAIL, PASSWORD, Made
from tests.install import Install, on_own_ports
from tests.postgres import Cluster

AXE = Path("node_modules/axe-core/axe.min.js")
PEOPLE = """
import json
from embudo.leads.models import Merge, Person
known = Person.objects.filter(known=True, merged_into=None)
ids = {stage: known.filter(stage=stage).order_by("-events").values_list("id", flat=True).first()
       for stage in ("lead", "prospect", "opportunity", "customer")}
ids["joined"] = Merge.objects.filter(unmerged_at=None).values_list("survivor_id", flat=True).first()
ids["absorbed"] = Merge.objects.filter(unmerged_at=None).values_list("absorbed_id", flat=True).first()
print("PEOPLE", json.dumps(ids))
"""


@dataclass(frozen=True)
class Company:
    """The demo company's install: where it answers, who works there, and some of its people."""

    install: Install
    password: str
    people: dict[str, int | None]

    @property
    def url(self) -> str:
        """The address of the site."""
        return f"http://127.0.0.1:{self.install.config.web_port}"


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster | None) -> Iterator[Company]:
    """The demo company, small, run by `embudo up`."""
    folder = tmp_path_factory.mktemp("company")
    config = Config(
        data=folder / "data", secret_key="only-for-tests-and-never-for-an-install", webhook_networks="127.0.0.0/8"
    )
    config.data.mkdir()
    name = cluster.new_database() if cluster else ""
    if cluster:
        config = replace(config, database_url=cluster.url(name))
    (folder / "logs").mkdir()
    install = Install(on_own_ports(config), folder / "logs")
    told = install.embudo("demo", "--people", "1500", "--days", "200", "--seed", "11")
    password = re.search(r"with the password\s+(\S+)", told)
    assert password, told
    people = re.search(r"PEOPLE (.*)", install.embudo("manage", "shell", "-c", PEOPLE))
    assert people
    install.start("up")
    try:
        install.wait_for_web()
        install.wait_for_collector()
        yield Company(install, password[1], json.loads(people[1]))
    finally:
        install.stop()
        if cluster:
            cluster.drop_database(name)


@pytest.fixture(scope="module")
def cookies(chromium: Browser, company: Company) -> list[Any]:
    """What a browser keeps once the administrator has signed in by the form."""
    context = chromium.new_context(base_url=company.url)
    page = context.new_page()
    page.goto("/sign-in/")
    page.fill("input[type=email], input[name=email], input[name=username]", "admin@rutalba.example")
    page.fill("input[type=password]", company.password)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{company.url}/")
    kept = context.cookies()
    context.close()
    return kept


def browse(chromium: Browser, company: Company, cookies: list[Any], **options: Any) -> BrowserContext:
    """Return a browser of somebody who is signed in; no cookies: a stranger."""
    context = chromium.new_context(base_url=company.url, **options)
    if cookies:
        context.add_cookies(cookies)
    return context


@pytest.fixture
def page(chromium: Browser, company: Company, cookies: list[Any]) -> Iterator[Page]:
    """A page at 1440 px of somebody who is signed in; errors of the page end the test."""
    context = browse(chromium, company, cookies, viewport={"width": 1440, "height": 900}, locale="en")
    opened = context.new_page()
    problems = watch(opened)
    yield opened
    context.close()
    assert problems == []


def watch(page: Page) -> list[str]:
    """Return the list to which errors of the console, of scripts and of the content security policy are added."""
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    return problems


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, cluster: Any) -> Iterator[Made]:
    """An install run by `embudo up`, with a marketer, a site and three forms."""
    folder = tmp_path_factory.mktemp("forms")
    config = Config(data=folder / "data", secret_key="only-for-tests-and-never-for-an-install")
    config.data.mkdir()
    name = cluster.new_database() if cluster else ""
    if cluster:
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
