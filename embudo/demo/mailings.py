"""The company's mail: newsletters and follow-ups, who opens and clicks, and gateways that click before any human."""

from typing import Any

from embudo.core.event import DAY, HOUR, MINUTE, SECOND, Door, Verdict
from embudo.demo import visits
from embudo.demo.clock import working_instant
from embudo.demo.life import Life
from embudo.demo.world import DOMAIN, MAIL_SITE, Page, world

UTM = {"source": "newsletter", "medium": "email"}


def newsletters(life: Life, since: int, until: int, sendings: list[int]) -> None:
    """Tell every newsletter they got between two instants, and what they did with it, until they unsubscribe."""
    letters = world().marketing["newsletters"]
    for number, at in enumerate(sendings):
        if not since <= at < until:
            continue
        letter = letters[number % len(letters)]
        page = _page_about(life, letter["topic"])
        sent_at = at + int(life.random.random() * 20 * MINUTE)
        if not mail(
            life, sent_at, f"newsletter-{number + 1}", letter["name"], page, campaign=f"newsletter-{number + 1}"
        ):
            return


def mail(life: Life, at: int, name: str, subject: str, page: Page, *, campaign: str) -> bool:
    """Tell one mail; return False when it was the last they may get (bounce, complaint, unsubscription)."""
    random, who = life.random, life.persona
    props = {"mail": name, "subject": subject, "topic": page.topic}
    _told(life, "mail_sent", at, props)
    if random.random() < 0.012:
        _told(life, "mail_bounced", at + 5 * SECOND, {**props, "bounce": "hard", "detail": "550 5.1.1 no such user"})
        return False
    at += int((1 + random.random() * 8) * SECOND)
    _told(life, "mail_delivered", at, props)
    link = {**props, "url": page.url(who.language)}
    if who.employer.scans_mail and not who.free_mail:
        _scanned(life, at, props, link)
    if random.random() > 0.22 + 0.45 * life.warmth:
        return True
    opened_at = working_instant(at, random.expovariate(1.2), who.zone_h, random)
    _told(life, "mail_opened", opened_at, props)
    if random.random() < 0.08 + 0.3 * life.warmth:
        clicked_at = opened_at + int((8 + random.random() * 90) * SECOND)
        _told(life, "mail_clicked", clicked_at, link)
        visits.session(life, clicked_at + 2 * SECOND, landing=page, utm={**UTM, "campaign": campaign})
    if random.random() < 0.012 * (1.3 - life.warmth):
        kind = "mail_complained" if random.random() < 0.1 else "mail_unsubscribed"
        _told(life, kind, opened_at + 3 * MINUTE, props)
        return False
    return True


def _scanned(life: Life, at: int, props: dict[str, Any], link: dict[str, Any]) -> None:
    """The mail gateway opens the mail and follows every link within seconds."""
    random = life.random
    seconds = 1 + int(random.random() * 12)
    reasons = (f"mail_scanner:clicked_after_{seconds}s",)
    _told(life, "mail_opened", at + seconds * SECOND, props, Verdict.MACHINE, reasons)
    for address in (link["url"], f"https://www.{DOMAIN}/legal/privacy", f"https://www.{DOMAIN}/unsubscribe"):
        at += int(random.random() * 900_000)
        _told(life, "mail_clicked", at + seconds * SECOND, {**props, "url": address}, Verdict.MACHINE, reasons)


def _told(
    life: Life,
    kind: str,
    at: int,
    props: dict[str, Any],
    verdict: Verdict = Verdict.HUMAN,
    reasons: tuple[str, ...] = (),
) -> None:
    life.writes(MAIL_SITE, kind, at, props, door=Door.SECRET, verdict=verdict, reasons=reasons)


def _page_about(life: Life, topic: str) -> Page:
    """The page a mail about a topic links to."""
    pages = [
        page for page in world().pages if page.topic == topic and page.kind in ("blog", "case", "product", "download")
    ]
    return pages[int(life.random.random() * len(pages))]


def follow_up(life: Life, at: int, page: Page) -> None:
    """Tell the mail that answers a download or a registration."""
    mail(life, at + HOUR, f"thanks-{page.slug}", page.titles[life.persona.language], page, campaign="thanks")


def reminder(life: Life, at: int, name: str, page: Page) -> None:
    """Tell the mail that goes out a day before an event."""
    mail(life, at - DAY, f"reminder-{page.slug}", name, page, campaign="reminder")
