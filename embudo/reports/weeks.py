"""How many people first reached each stage, day by day, week by week or month by month, from the sums kept by day."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from embudo.core.event import DAY
from embudo.core.funnel import RANK, STAGES
from embudo.leads.sql import rows
from embudo.reports.period import Period
from embudo.ui import figures

EPOCH_ON = date(1970, 1, 1)
DAYS_UP_TO, WEEKS_UP_TO = 31, 200  # longest periods, in days, that are drawn by day and by week


@dataclass(frozen=True, slots=True)
class Weeks:
    """The stretches of a period in order, and how they are called; days are those of UTC, as the sums are."""

    title: str
    stretches: list["Stretch"]

    def charts(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each stage with the bars of its chart."""
        for rank, stage in enumerate(STAGES):
            yield stage, _bars(stage, [each.words for each in self.stretches], [s.counts[rank] for s in self.stretches])


@dataclass(frozen=True, slots=True)
class Count:
    """How many people, and the address of their list."""

    people: int
    address: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some days, called in words, with a count for each stage."""

    words: str
    counts: list[Count]


def weeks(period: Period) -> Weeks:
    """Return a period in stretches; a period that has not ended goes up to and with today."""
    running = period.days or not period.start
    first, last = -(-period.start // DAY), period.end // DAY + (1 if running else 0)
    entered = list(_entered(first, last))
    first = first if period.start else min((day for day, _rank, _count in entered), default=last)
    title, edges = _edges(first, last)
    found = [[0] * len(STAGES) for _edge in edges[1:]]
    for day, rank, count in entered:
        found[bisect_right(edges, day) - 1][rank] += count
    return Weeks(title, [_stretch(*span, counts) for span, counts in zip(pairwise(edges), found, strict=True)])


def _edges(first: int, last: int) -> tuple[str, list[int]]:
    """What the stretches are called together, and the days at which they begin, with the end as the last."""
    days = range(first, last)
    if len(days) <= DAYS_UP_TO:
        return _("Day by day"), [*days, last]
    if len(days) <= WEEKS_UP_TO:
        return _("Week by week"), [first, *(day for day in days[1:] if _on(day).weekday() == 0), last]
    return _("Month by month"), [first, *(day for day in days[1:] if _on(day).day == 1), last]


def _entered(first: int, last: int) -> Iterator[tuple[int, int, int]]:
    """Day, rank of the stage, people who first reached it then."""
    days = "WHERE day >= %s AND day < %s"
    appeared = f"SELECT day, to_stage, sum(moves) FROM leads_moveday {days} AND from_stage = '' GROUP BY 1, 2"
    for day, stage, count in rows(appeared, (first, last)):
        if stage in RANK:
            yield day, 0, int(count)
    ahead = f"SELECT day, rank, sum(entered) FROM leads_passageday {days} AND rank > 0 GROUP BY 1, 2"
    for day, rank, count in rows(ahead, (first, last)):
        yield day, rank, int(count)


def _stretch(first: int, end: int, counts: list[int]) -> Stretch:
    span = {"from": first * DAY, "to": end * DAY}
    people = reverse("leads:people")
    found = [
        Count(n, f"{people}?{urlencode({'reached': stage, **span})}") for stage, n in zip(STAGES, counts, strict=True)
    ]
    return Stretch(_words(_on(first), _on(end - 1)), found)


def _words(first: date, last: date) -> str:
    now = timezone.now()
    written = [figures.day(now.replace(year=on.year, month=on.month, day=on.day), now) for on in (first, last)]
    return written[0] if first == last else " – ".join(written)


def _on(day: int) -> date:
    return EPOCH_ON + timedelta(days=day)


def _bars(stage: str, words: list[str], counts: list[Count]) -> dict[str, Any]:
    bars = [{"value": count.people, "url": count.address} for count in counts]
    return {
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "grid": {"left": 0, "right": 0, "top": 4, "bottom": 1},
        "xAxis": {"type": "category", "data": words, "axisLabel": {"show": False}},
        "yAxis": {"type": "value", "minInterval": 1, "axisLabel": {"show": False}, "splitLine": {"show": False}},
        "series": [{"type": "bar", "data": bars, "barCategoryGap": "20%", "itemStyle": {"color": f"stage:{stage}"}}],
    }
