"""The fictional company's world, read once from the YAML files beside this module: pages, sources, companies, staff."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from embudo.demo.chance import Wheel

COMPANY = "Rutalba"
DOMAIN = "rutalba.example"
WWW, DOCS, APP_SITE, MAIL_SITE = "demo-www", "demo-docs", "demo-app", "demo-mail"
HOSTS = {"en": "www", "es": "es", "pt-br": "pt"}


@dataclass(frozen=True, slots=True)
class Page:
    """One page in its three languages."""

    kind: str  # home pricing action product solution case download event blog about docs
    slug: str
    topic: str
    titles: Mapping[str, str]

    @property
    def path(self) -> str:
        """The path of the page, the same in every language."""
        return f"/{self.slug}"

    def url(self, language: str) -> str:
        """Return the address of the page in a language; each language has its own host, the documentation too."""
        host = "docs" if self.kind == "docs" else HOSTS[language]
        return f"https://{host}.{DOMAIN}{self.path}"


@dataclass(frozen=True, slots=True)
class Source:
    """One place visitors come from; `intent` is what it adds to or takes from theirs."""

    name: str
    source: str
    medium: str
    referrer: str
    intent: float
    campaigns: bool


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign over a share of the history, 0 to 1, and how much more traffic it brings."""

    name: str
    begins: float
    ends: float
    lift: float
    topic: str


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody who works at the company; reps have the hours they take to answer, the share they
    forget, and a skill in log-odds."""

    username: str
    name: str
    role: str
    language: str
    answers_h: float
    forgets: float
    skill: float

    @property
    def mail(self) -> str:
        """The address they sign in with."""
        return f"{self.username}@{DOMAIN}"


@dataclass(frozen=True)
class World:
    """Everything that is the same for every seed."""

    pages: tuple[Page, ...]
    sources: Wheel[Source]
    campaigns: tuple[Campaign, ...]
    staff: tuple[Staff, ...]
    people: Mapping[str, Any]
    companies: Mapping[str, Any]
    marketing: Mapping[str, Any]

    def pages_of(self, kind: str) -> tuple[Page, ...]:
        """Return the pages of one kind."""
        return tuple(page for page in self.pages if page.kind == kind)

    def page(self, slug: str) -> Page:
        """Return the page of a slug; raises StopIteration when there is none."""
        return next(page for page in self.pages if page.slug == slug)

    def reps(self, language: str) -> tuple[Staff, ...]:
        """Return the sales reps who speak a language."""
        return tuple(each for each in self.staff if each.role == "sales" and each.language == language)


@cache
def world() -> World:
    """Return the world."""
    marketing = _read("marketing")
    return World(
        pages=tuple(_pages(_read("pages"))),
        sources=_sources(marketing["sources"]),
        campaigns=tuple(_campaign(each) for each in marketing["campaigns"]),
        staff=tuple(_staff(each) for each in _read("staff")),
        people=_read("people"),
        companies=_read("companies"),
        marketing=marketing,
    )


def _read(name: str) -> Any:
    return yaml.safe_load((files("embudo.demo") / "world" / f"{name}.yaml").read_text("utf-8"))


def _pages(document: Mapping[str, list[list[str]]]) -> list[Page]:
    return [
        Page(kind, slug, topic, {"en": en, "es": es, "pt-br": pt})
        for kind, rows in document.items()
        for slug, topic, en, es, pt in rows
    ]


def _sources(document: Mapping[str, Mapping[str, Any]]) -> Wheel[Source]:
    sources = [
        Source(name, row["source"], row["medium"], row["referrer"], row["intent"], row.get("campaigns", False))
        for name, row in document.items()
    ]
    return Wheel(sources, [row["weight"] for row in document.values()])


def _campaign(row: Mapping[str, Any]) -> Campaign:
    return Campaign(row["name"], row["from"], row["from"] + row["long"], row["lift"], row["topic"])


def _staff(row: Mapping[str, Any]) -> Staff:
    name = f"{row['first']} {row['last']}"
    return Staff(
        row["username"],
        name,
        row["role"],
        row["language"],
        *(row.get(each, 0.0) for each in ("answers_h", "forgets", "skill")),
    )
