"""The story of one person: visits, becoming known, reading on, asking for something, buying, bringing others."""

from dataclasses import dataclass
from functools import cache
from random import Random

from embudo.core.definition import Definition
from embudo.core.event import DAY, HOUR, MINUTE, Door, subject_of
from embudo.demo import advocacy, mailings, sale, twins, visits
from embudo.demo.chance import Wheel, dice, sigmoid
from embudo.demo.clock import office_instant, working_instant
from embudo.demo.life import Life
from embudo.demo.persona import persona
from embudo.demo.world import Campaign, Page, Source, world

REFERRAL = Source("referral", "referral", "referral", "", 0.25, False)
FIRST_STEPS = {
    "newsletter": (36, 14),
    "download": (36, 24),
    "webinar": (14, 14),
    "contact": (8, 8),
    "demo": (1, 4),
    "quote": (1, 2),
    "trial": (1, 2),
}
FIRST_FORM = ("company", "country")  # nobody tells a stranger more
LATER_FORM = ("company", "title", "industry", "company_size", "role", "country")


@dataclass(frozen=True, slots=True)
class Setting:
    """What all lives of one history share."""

    seed: int
    start: int
    until: int
    employers: int
    sendings: list[int]  # when newsletters go out
    definition: Definition


def live(number: int, at: int, setting: Setting, referral: str = "") -> Life:
    """Return the life of the person of a number who first comes at `at`, with all its facts."""
    random = dice(setting.seed, 1, number)
    source = REFERRAL if referral else world().sources.turn(random.random)
    who = persona(random, setting.seed, setting.employers, source, 0.15 if referral else 0.0)
    life = Life(number, random, who, source, at, setting.until)
    known_at = _visits(life, at, setting, referral)
    if known_at is None:
        return life
    twins.appear(life, known_at)
    _looked_up(life, known_at)
    asked_at = _asks(life, known_at)
    _reads_on(life, known_at, asked_at)
    if life.subscribed:
        mailings.newsletters(life, known_at + DAY, setting.until, setting.sendings)
    if asked_at is not None:
        _sold(life, asked_at, setting)
    return life


def _visits(life: Life, at: int, setting: Setting, referral: str) -> int | None:
    """Tell the visits of a stranger; return when they made themselves known, None when they never do."""
    random = life.random
    landing, utm = _entry(life, at, setting, referral)
    for number in range(9):
        first = number == 0
        end = visits.session(
            life,
            at,
            landing=landing if first else None,
            utm=utm if first else None,
            referrer=life.source.referrer if first else "",
        )
        if random.random() < 0.03:
            visits.docs(life, end + HOUR)
        if random.random() < _known_chance(life):
            return _first_step(life, end + MINUTE)
        if random.random() > 0.18 + 0.6 * life.warmth:
            return None
        life.warmth = min(1.0, life.warmth + 0.03)
        at = working_instant(end, random.expovariate(1 / 9), life.persona.zone_h, random)
        if at > life.until:
            return None
    return None


def _known_chance(life: Life) -> float:
    return 0.004 + 0.19 * life.warmth**2 * (0.4 + 0.6 * life.persona.fit)


def _entry(life: Life, at: int, setting: Setting, referral: str) -> tuple[Page, dict[str, str] | None]:
    """The landing page and the campaign marks of a first visit."""
    random, source = life.random, life.source
    if referral:
        return world().page(""), {"source": "referral", "medium": "referral", "campaign": referral}
    if source.campaigns:
        share = (at - setting.start) / max(1, setting.until - setting.start)
        campaign = _campaign(share, random)
        pages = _landings()[campaign.topic if campaign else ""]
        utm = {"source": source.source, "medium": source.medium, "campaign": campaign.name if campaign else "always-on"}
        return pages[int(random.random() * len(pages))], utm
    if source.medium in ("none", "audio") and random.random() < 0.7:
        return world().page(""), {
            "source": "podcast",
            "medium": "audio",
            "campaign": "voices",
        } if source.medium == "audio" else None
    return visits.draw(life), None


def _campaign(share: float, random: Random) -> Campaign | None:
    running = [each for each in world().campaigns if each.begins <= share < each.ends]
    return running[int(random.random() * len(running))] if running and random.random() < 0.75 else None


@cache
def _landings() -> dict[str, tuple[Page, ...]]:
    """The pages campaigns lead to, by topic; under "" those for no campaign in particular."""
    pages = [page for page in world().pages if page.kind in ("product", "download", "pricing", "case")]
    found = {each.topic: tuple(page for page in pages if page.topic == each.topic) for each in world().campaigns}
    return {"": tuple(pages), **found}


@cache
def _steps(step: int) -> Wheel[str]:
    """The ways to become known, the warmer the more they ask for."""
    return Wheel.of({name: cold + (warm - cold) * step / 10 for name, (cold, warm) in FIRST_STEPS.items()})


def _first_step(life: Life, at: int) -> int:
    """Tell how they make themselves known and return when."""
    random = life.random
    match _steps(min(10, int(life.warmth * 11))).turn(random.random):
        case "newsletter":
            life.subscribed = True
            at = visits.form(life, at, "newsletter", world().page(""), "language", "country")
            return visits.acts(life, at, "newsletter_subscribed", {"form": "newsletter"})
        case "download":
            life.subscribed = random.random() < 0.6
            return downloads(life, at, asks=FIRST_FORM)
        case "webinar":
            life.subscribed = random.random() < 0.5
            return _registers(life, at)
        case "contact":
            questions = world().marketing["questions"][life.persona.language]
            fields = {"message": questions[life.number % len(questions)]} if random.random() < 0.5 else None
            return visits.form(life, at, "contact", world().page("contact"), *FIRST_FORM, fields=fields)
        case "trial":
            life.subscribed = True
            return sale.asks(life, at, "trial_started")
        case name:
            return sale.asks(life, at, f"{name}_requested")


def downloads(life: Life, at: int, asks: tuple[str, ...] = LATER_FORM) -> int:
    """Tell the download of a guide behind a form and return when; who is known already is asked for more."""
    pages = world().pages_of("download")
    page = pages[int(life.random.random() * len(pages))]
    asked = [each for each in asks if life.random.random() < 0.75]
    at = visits.form(life, at, "guide", page, *asked)
    at = visits.acts(
        life,
        at,
        "content_downloaded",
        {"title": page.titles[life.persona.language], "topic": page.topic, "path": page.path},
    )
    mailings.follow_up(life, at, page)
    return at


def _registers(life: Life, at: int) -> int:
    """Tell the registration for an event and, if they come, that they were there."""
    random = life.random
    pages = world().pages_of("event")
    page = pages[int(random.random() * len(pages))]
    at = visits.form(life, at, "event", page, *FIRST_FORM, "title")
    begins_at = working_instant(at, 4 + random.random() * 12, life.persona.zone_h, random)
    mailings.reminder(life, begins_at, page.titles[life.persona.language], page)
    if random.random() < 0.35 + 0.4 * life.warmth:
        online = "webinar" in page.titles["en"].lower()
        props = {"event": page.titles[life.persona.language], "topic": page.topic, "online": online}
        life.writes("import:events", "event_attended", begins_at, props, door=Door.IMPORT)
    return at


def _looked_up(life: Life, known_at: int) -> None:
    """Tell what marketing finds out about a lead's company, some working days after they gave an address of it."""
    random, who = life.random, life.persona
    if who.free_mail or random.random() > 0.25 + 0.5 * who.fit:
        return
    at = office_instant(known_at, 4 + random.expovariate(1 / 36), who.zone_h, random)
    found = life.states("company", "industry", "company_size", "country", *(["role"] if random.random() < 0.6 else []))
    life.writes("import:research", "profile_changed", at, {"traits": found}, door=Door.IMPORT)


def _asks(life: Life, known_at: int) -> int | None:
    """Tell the sales action of those who come to one; return when, None when they never do."""
    random = life.random
    if any(fact.kind in sale.ACTIONS for fact in life.facts):
        return known_at
    if random.random() > sigmoid(-4.1 + 3.6 * life.warmth + 2.0 * life.persona.fit):
        return None
    life.warmth = min(1.0, life.warmth + 0.25)
    at = known_at
    for _ in range(2 + int(random.random() * 4)):
        at = visits.session(life, working_instant(at, random.expovariate(1 / 5), life.persona.zone_h, random)) + MINUTE
    if random.random() < 0.4:
        at = downloads(life, at)
    kind = ("demo_requested", "quote_requested", "trial_started")[min(2, int(random.random() ** 1.4 * 3))]
    return sale.asks(life, at, kind)


def _reads_on(life: Life, known_at: int, asked_at: int | None) -> None:
    """Tell the visits of the months after: fewer and fewer, unless something keeps them warm."""
    random, at, gap = life.random, asked_at or known_at, 6.0
    while random.random() < 0.35 + 0.4 * life.warmth:
        at = working_instant(at, random.expovariate(1 / gap), life.persona.zone_h, random)
        if at > life.until:
            return
        visits.session(life, at)
        gap *= 1.5
        if random.random() < 0.12 + 0.15 * life.warmth:
            downloads(life, at + 10 * MINUTE)


def _sold(life: Life, asked_at: int, setting: Setting) -> None:
    """Tell what sales makes of somebody who asked, if the definition hands them over."""
    if asked_at > life.until or not sale.handed_over(life, asked_at, setting.definition):
        return
    accepted_at = sale.answered(life, asked_at)
    if accepted_at is None:
        life.warmth *= 0.5
        return
    won_at = sale.pursued(life, accepted_at)
    if won_at is not None:
        advocacy.stays(life, won_at)


def person_of(life: Life) -> int:
    """Return the id of the person their mail address belongs to."""
    return subject_of(f"mail:{life.mail}")
