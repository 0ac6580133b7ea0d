"""A site with a form on it, its install, and people who look after it or fill it in."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from django.test import Client

from embudo.accounts import attempts
from embudo.accounts.models import User
from embudo.capture.models import Site
from embudo.config import Config
from embudo.eventlog import Log, shared_log
from embudo.forms import guarding, mailing
from embudo.forms.content import Content, Field, Kind, Option, Widget
from embudo.forms.models import Form
from embudo.leads.follow import Follower
from embudo.privacy.models import Purpose

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
ANA = {"f_f1": "ana@norte.example"}  # what she writes
HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)"')


@pytest.fixture(autouse=True)
def here(config: Config, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Config:
    """A fresh data folder and log as the site's own; no test sees what another has sent."""
    settings.EMBUDO = replace(config, site_url="http://testserver")
    for name in ("_sent", "_told", "_asked"):
        monkeypatch.setattr(guarding, name, attempts.Recent(guarding.WINDOW_S))
    return settings.EMBUDO


@pytest.fixture
def log(here: Config) -> Log:
    """The install's log."""
    return shared_log(here)


@pytest.fixture
def follow(here: Config, log: Log, transactional_db: None) -> Callable[[], int]:
    """Lets the tables follow the log."""
    return lambda: Follower(here, log).catch_up()


@pytest.fixture
def staff(transactional_db: None) -> Callable[..., Client]:
    """A browser in which somebody of a role is signed in."""

    def sign_in(role: str = "marketing", *, csrf: bool = False) -> Client:
        user = User.objects.filter(email=f"{role}@norte.example").first() or User.objects.create_user(
            f"{role}@norte.example", "a long password", name=role.title(), role=role
        )
        client = Client(headers={"accept-language": "en"}, enforce_csrf_checks=csrf)
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def site(transactional_db: None) -> Site:
    """A site whose visitors have to agree first."""
    norte = Site(name="Norte", domains=["norte.example"], mode="required")
    norte.open(by=None)
    if not Purpose.objects.filter(code="newsletter").exists():  # the tables of another test were emptied
        Purpose.objects.create(code="newsletter", label="News").word(
            {"en": ("News", "I agree to receive news."), "es": ("Novedades", "Acepto recibir novedades.")}, by=None
        )
    return norte


FIELDS = (
    Field("f1", Kind.ATTRIBUTE, Widget.EMAIL, "email", required=True),
    Field("f2", Kind.ATTRIBUTE, Widget.TEXT, "first_name"),
    Field(
        "f3", Kind.QUESTION, Widget.CHOICE, label={"en": "When?", "es": "¿Cuándo?"},
        options=(Option("now", {"en": "Now", "es": "Ahora"}), Option("later", {"en": "Later", "es": "Después"})),
    ),
    Field("f4", Kind.CONSENT, name="newsletter"),
)  # fmt: skip


@pytest.fixture
def content() -> Content:
    """What the form asks."""
    return Content(
        languages=("en", "es"), title={"en": "Write to us", "es": "Escríbanos"}, fields=FIELDS, last=4,
        thanks={"en": "Thanks!", "es": "¡Gracias!"},
    )  # fmt: skip


@pytest.fixture
def form(site: Site, content: Content) -> Form:
    """A form that is published."""
    return published(site, content)


def published(site: Site, content: Content, slug: str = "contact") -> Form:
    """Return a form of this content, shown to visitors."""
    made = Form.open(name="Contact", slug=slug, site=site, content=content, by=None)
    made.publish(by=None)  # type: ignore[arg-type]
    return made


@pytest.fixture
def visitor() -> Client:
    """A browser of a stranger; it checks CSRF as a real one would have to pass it."""
    return Client(enforce_csrf_checks=True, headers={"user-agent": BROWSER, "accept-language": "en"})


@pytest.fixture
def slow_hands(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whoever fills in a form takes the time that people take."""
    monkeypatch.setattr(guarding, "FASTEST_S", -1.0)
    return None


@pytest.fixture
def mailer(log: Log) -> Callable[[], int]:
    """Sends the mails that are due, as the process `work` does; returns how many were."""

    def send() -> int:
        sent = 0
        while mailing.turn():
            sent += 1
        return sent

    return send


def hidden(page: str) -> dict[str, str]:
    """Return the hidden inputs of a page's form."""
    return {name: unescape(value) for name, value in HIDDEN.findall(page)}


def fills_in(visitor: Client, slug: str = "contact", *, headers: Any = None, query: str = "", **answers: Any) -> Any:
    """Open the hosted page and send it with these answers; return what is answered."""
    page = visitor.get(f"/f/{slug}/{query}").content.decode()
    return visitor.post(f"/f/{slug}/", {**hidden(page), **answers}, headers=headers or {})
