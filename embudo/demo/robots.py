"""Machines in the traffic: crawlers that read the sites day and night, and browsers nobody sits at."""

from collections.abc import Iterator

from embudo.core.event import SECOND, Door, Event, Verdict, subject_of
from embudo.demo.chance import Wheel, dice
from embudo.demo.life import new_id
from embudo.demo.world import WWW, world


def crawls(count: int, start: int, until: int, seed: int) -> Iterator[Event]:
    """Yield about `count` page views by machines in order of time, spread evenly over start..until."""
    rows = world().marketing["robots"]
    wheel = Wheel(range(len(rows)), [row["weight"] for row in rows])
    pages = world().pages
    random = dice(seed, 3)
    browsers = [new_id(random) for _ in rows]
    for number in range(count):
        at = start + int((number + random.random()) / count * (until - start - SECOND))
        robot = wheel.turn(random.random)
        page, language = pages[int(random.random() * len(pages))], ("en", "es", "pt-br")[int(random.random() * 3)]
        identifier = f"anon:{browsers[robot]}"
        yield Event(
            source=WWW,
            id=new_id(random),
            kind="page_viewed",
            at=at,
            received_at=at + SECOND // 10,
            known_at=at + SECOND // 10,
            identifier=identifier,
            subject=subject_of(identifier),
            door=Door.PUBLIC,
            verdict=Verdict.MACHINE,
            reasons=(rows[robot]["reason"],),
            anonymous_id=browsers[robot],
            site=WWW,
            props={"path": page.path, "url": page.url(language), "title": page.titles[language], "topic": page.topic},
            context={"user_agent": rows[robot]["agent"]},
        )
