"""One history for all tests of the generator: big enough that chance evens out."""

from functools import cache

import yaml

from embudo.core.definition import Definition
from embudo.core.event import DAY
from embudo.definition import shipped
from embudo.definition.document import parse
from embudo.demo.chance import dice
from embudo.demo.clock import arrivals, months
from embudo.demo.journey import Setting, live
from embudo.demo.life import Life
from embudo.demo.world import world

UNTIL = 1_781_000_000_000_000  # 9 June 2026
YEAR = 365


@cache
def definition() -> Definition:
    """Return the shipped definition."""
    return parse(yaml.safe_load(shipped.text()))


@cache
def lives(people: int = 12_000, seed: int = 7) -> tuple[Life, ...]:
    """Return the lives of so many people over a year, without referrals."""
    start = UNTIL - YEAR * DAY
    setting = Setting(
        seed=seed,
        start=start,
        until=UNTIL,
        employers=people // 12,
        sendings=list(months(start, UNTIL)),
        definition=definition(),
    )
    instants = arrivals(people, start, UNTIL, world().campaigns, dice(seed, 4))
    return tuple(live(number, at, setting) for number, at in enumerate(instants))
