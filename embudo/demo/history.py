"""The company's history as one stream of facts in the order in which they were received.

Equal arguments give equal facts, byte for byte: ids, instants and content.
"""

from collections.abc import Iterator
from heapq import heappop, heappush, merge

from embudo.core.definition import Definition
from embudo.core.event import DAY, Event
from embudo.demo.chance import dice
from embudo.demo.clock import arrivals, months
from embudo.demo.journey import Setting, live
from embudo.demo.robots import crawls
from embudo.demo.world import world

Received = tuple[int, str, int]


def history(*, people: int, days: int, seed: int, until: int, definition: Definition) -> Iterator[Event]:
    """Yield every fact of `people` humans and some machines over the `days` before `until` (microseconds)."""
    start = until - days * DAY
    human = _humans(people, start, until, seed, definition)
    machines = crawls(people // 4, start, until, seed)
    return merge(human, machines, key=lambda event: event.received_at)


def _humans(people: int, start: int, until: int, seed: int, definition: Definition) -> Iterator[Event]:
    """Lives begin one after the other; a fact is told once nobody who comes later can have an earlier one."""
    setting = Setting(
        seed=seed,
        start=start,
        until=until,
        employers=max(30, people // 12),
        sendings=list(months(start, until)),
        definition=definition,
    )
    told: list[tuple[int, str, Event]] = []
    referred: list[tuple[int, str]] = []
    for number, at in enumerate(arrivals(people, start, until, world().campaigns, dice(seed, 4))):
        while told and told[0][0] < at:
            yield heappop(told)[2]
        code = heappop(referred)[1] if referred and referred[0][0] <= at else ""
        life = live(number, at, setting, code)
        for fact in life.facts:
            heappush(told, (fact.received_at, fact.id, fact))
        for referral in life.referrals:
            heappush(referred, referral)
    while told:
        yield heappop(told)[2]
