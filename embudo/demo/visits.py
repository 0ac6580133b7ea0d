"""What people do on the sites: sessions of pages with real reading time, and the forms they fill in."""

from functools import cache
from typing import Any

from embudo.core.event import MINUTE, SECOND, Door
from embudo.demo.chance import Wheel
from embudo.demo.life import Life, new_id
from embudo.demo.world import DOCS, WWW, Page, world

COLD = {
    "home": 12,
    "blog": 52,
    "product": 10,
    "solution": 4,
    "case": 3,
    "pricing": 3,
    "download": 5,
    "event": 3,
    "about": 8,
}
WARM = {
    "home": 6,
    "blog": 12,
    "product": 26,
    "solution": 9,
    "case": 15,
    "pricing": 20,
    "download": 6,
    "event": 3,
    "about": 3,
}
STEPS = 8  # between cold and warm
READ_S = {"blog": 95, "case": 80, "download": 30, "pricing": 45, "product": 50, "solution": 40, "docs": 110}
SCREEN = {"en": "en-US", "es": "es-ES", "pt-br": "pt-BR"}


def session(
    life: Life, at: int, *, landing: Page | None = None, utm: dict[str, str] | None = None, referrer: str = ""
) -> int:
    """Tell one visit that begins at `at`; return the instant it ends."""
    random, language = life.random, life.persona.language
    context: dict[str, Any] = {"user_agent": life.agent, "locale": SCREEN[language]}
    if referrer:
        context["referrer"] = referrer
    if utm:
        context["utm"] = utm
    page = landing or draw(life)
    while True:
        at = view(life, at, page, context)
        if random.random() > 0.36 + 0.42 * life.warmth:
            return at
        context = {"user_agent": life.agent, "locale": SCREEN[language], "referrer": page.url(language)}
        page = draw(life)


def view(life: Life, at: int, page: Page, context: dict[str, Any]) -> int:
    """Tell the reading of one page and return when the reader leaves it."""
    random, who = life.random, life.persona
    usual_s = READ_S.get(page.kind, 25)
    care = 0.5 + life.warmth + (0.6 if page.topic == who.topic else 0.0)
    dwell_s = round(min(1500.0, random.lognormvariate(-0.35, 0.9) * usual_s * care), 1)
    scroll = round(min(1.0, 0.15 + dwell_s / (usual_s * 2.2) + random.random() * 0.25), 2)
    props = {"path": page.path, "url": page.url(who.language), "title": page.titles[who.language], "topic": page.topic}
    number = life.browses("page_viewed", at, props, {**context, "url": props["url"]})
    left_at = at + int((dwell_s + 1) * SECOND)
    if dwell_s >= 4 and random.random() < 0.95:  # the rest closed the lid before the beacon went out
        read = {"path": page.path, "title": props["title"], "topic": page.topic, "view": number}
        life.browses("page_read", left_at, {**read, "dwell_s": dwell_s, "scroll_share": scroll}, {})
        if scroll >= 0.85 and page.kind in ("blog", "case"):
            life.browses("content_viewed", left_at - SECOND, props, {})
    return left_at + int(random.random() * 3 * SECOND)


def docs(life: Life, at: int) -> None:
    """Tell a visit to the documentation, which sets no cookie: a daily visitor that nobody can link."""
    random, language = life.random, life.persona.language
    daily = f"daily:{new_id(random).replace('-', '')}"
    for page in random.sample(world().pages_of("docs"), 1 + int(random.random() * 3)):
        props = {"path": page.path, "url": page.url(language), "title": page.titles[language], "topic": page.topic}
        life.write(
            DOCS,
            "page_viewed",
            at,
            daily,
            props,
            {"user_agent": life.agent, "url": props["url"]},
            door=Door.PUBLIC,
            site=DOCS,
            delay=120_000,
        )
        at += int(random.lognormvariate(4.2, 0.7) * SECOND)


def form(life: Life, at: int, name: str, page: Page, *asked: str, fields: dict[str, Any] | None = None) -> int:
    """Tell that they read a page and sent its form, which asks for the traits `asked`; return when."""
    language = life.persona.language
    context = {"user_agent": life.agent, "locale": SCREEN[language], "referrer": world().page("").url(language)}
    at = view(life, at, page, context) + int((20 + life.random.random() * 70) * SECOND)
    life.mail = life.mail or life.address
    props: dict[str, Any] = {"form": name, "path": page.path, "url": page.url(language), "title": page.titles[language]}
    props |= {"topic": page.topic, "traits": life.states("email", "first_name", "last_name", "name", *asked)}
    if fields:
        props["fields"] = fields
    life.browses("form_submitted", at, props, {**context, "url": props["url"]})
    return at + SECOND


def acts(life: Life, at: int, kind: str, props: dict[str, Any]) -> int:
    """Tell a named action in the browser right after a form, by somebody who is known; return when."""
    context = {"user_agent": life.agent, "locale": SCREEN[life.persona.language]}
    life.browses(kind, at, {**props, "traits": {"email": life.mail}}, context, site=WWW)
    return at + int(life.random.random() * MINUTE)


def draw(life: Life) -> Page:
    """Return the page they open next: their topic, and more of what buyers read the warmer they are."""
    random = life.random
    kind = _kinds()[min(STEPS, int(life.warmth * (STEPS + 1)))].turn(random.random)
    about, pages = _pages()[kind], world().pages
    favourite = about.get(life.persona.employer.industry if kind == "solution" else life.persona.topic)
    if favourite and random.random() < (0.8 if kind == "solution" else 0.5):
        return pages[favourite[int(random.random() * len(favourite))]]
    every = about[""]
    return pages[every[int(random.random() * len(every))]]


@cache
def _kinds() -> list[Wheel[str]]:
    return [
        Wheel.of({kind: COLD[kind] + (WARM[kind] - COLD[kind]) * step / STEPS for kind in COLD})
        for step in range(STEPS + 1)
    ]


@cache
def _pages() -> dict[str, dict[str, list[int]]]:
    """The numbers of the pages of each kind, by topic; under "" all of them."""
    found: dict[str, dict[str, list[int]]] = {}
    for number, page in enumerate(world().pages):
        for topic in ("", page.topic):
            found.setdefault(page.kind, {}).setdefault(topic, []).append(number)
    return found
