"""How many people first reached each stage, day by day, week by week or month by month, of the reader's zone."""

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
from embudo.leads.queries.pieces import by_index
from embudo.leads.sql import rows
from embudo.reports.period import Period, midnight
from embudo.ui import figures

ONE = timedelta(days=1)
DAYS_UP_TO, WEEKS_UP_TO = 31, 200  # longest periods, in days, that are drawn by day and by week
YEARS_FROM = 3660  # days from which on they are drawn by year

Entered = tuple[int, int, int]  # a day or an instant, the rank of a stage, people who first reached it then


@dataclass(frozen=True, slots=True)
class Weeks:
    """The stretches of a period in order, and how they are called; days are the reader's own."""

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
    start, end = _bounds(period)
    entered = list(_entered(-(-start // DAY), end // DAY))
    title, edges = _edges(start, end, [day * DAY for day, _rank, count in entered if count])
    found = [[0] * len(STAGES) for _edge in edges[1:]]
    for at, rank, count in (*_whole(entered, edges), *_split(edges)):
        found[bisect_right(edges, at) - 1][rank] += count
    return Weeks(title, [_stretch(*span, counts) for span, counts in zip(pairwise(edges), found, strict=True)])


def _bounds(period: Period) -> tuple[int, int]:
    """The instants between which it is drawn: a rolling period from its first whole day, with all of today."""
    start, end = period.start, period.end
    if period.days or not start:
        end = midnight(_on(end) + ONE)
    if period.days and midnight(_on(start)) < start:
        start = midnight(_on(start) + ONE)
    return start, end


def _edges(start: int, end: int, recorded: list[int]) -> tuple[str, list[int]]:
    """What the stretches are called together, and the instants at which they begin, with the end as the last.

    A period of many years is drawn from the first day of which something is recorded to the last.
    """
    if (end - start) // DAY > YEARS_FROM:
        start = max(start, midnight(_on(min(recorded, default=end))))
        end = min(end, midnight(_on(max(recorded, default=start)) + 2 * ONE))
    first, days = _on(start), (end - start) // DAY + 1
    if days <= DAYS_UP_TO + 1:
        title, inner = _("Day by day"), [first + number * ONE for number in range(1, days + 1)]
    elif days <= WEEKS_UP_TO + 1:
        monday = first - first.weekday() * ONE
        title, inner = _("Week by week"), [monday + 7 * number * ONE for number in range(1, days // 7 + 2)]
    elif days <= YEARS_FROM:
        months = range(first.year * 12 + first.month, first.year * 12 + first.month + days // 28 + 1)
        title, inner = _("Month by month"), [date(month // 12, month % 12 + 1, 1) for month in months]
    else:
        title, inner = _("Year by year"), [date(first.year + number, 1, 1) for number in range(1, days // 365 + 2)]
    return title, [start, *(at for at in map(midnight, inner) if start < at < end), end] if start < end else [end]


def _entered(first: int, last: int) -> Iterator[Entered]:
    """Day, rank of the stage, people who first reached it then; of whole days of UTC, which are kept as sums."""
    days = "WHERE day >= %s AND day < %s"
    appeared = f"SELECT day, to_stage, sum(moves) FROM leads_moveday {days} AND from_stage = '' GROUP BY 1, 2"
    for day, stage, count in rows(appeared, (first, last)):
        if stage in RANK:
            yield day, 0, int(count)
    ahead = f"SELECT day, rank, sum(entered) FROM leads_passageday {days} AND rank > 0 GROUP BY 1, 2"
    for day, rank, count in rows(ahead, (first, last)):
        yield day, rank, int(count)


def _whole(entered: list[Entered], edges: list[int]) -> Iterator[Entered]:
    """Those of the days that lie in one stretch, by the instant at which the day begins."""
    split = {edge // DAY for edge in edges if edge % DAY}
    for day, rank, count in entered:
        if day not in split and edges[0] <= day * DAY < edges[-1]:
            yield day * DAY, rank, count


def _split(edges: list[int]) -> Iterator[Entered]:
    """Those of the days of UTC that an edge cuts: the reader's days are others; counted from the rows, part by part."""
    parts = []
    for day in sorted({edge // DAY for edge in edges if edge % DAY}):
        inner = [edge for edge in edges if day * DAY < edge < (day + 1) * DAY]
        cuts = [max(day * DAY, edges[0]), *inner, min((day + 1) * DAY, edges[-1])]
        parts += [(low, high) for low, high in pairwise(sorted(cuts)) if low < high]
    if not parts:
        return
    spans = ", ".join(f"({low}, {high})" for low, high in parts)
    moves = f"leads_stagechange AS m{by_index('move_by_arrival')}"
    stages = ", ".join(f"'{stage}'" for stage in STAGES)
    yield from rows(
        f"SELECT k.column1, 0, count(*) FROM (VALUES {spans}) AS k CROSS JOIN {moves} WHERE m.superseded_at IS NULL"
        f" AND m.from_stage = '' AND m.to_stage IN ({stages}) AND m.at >= k.column1 AND m.at < k.column2 GROUP BY 1"
    )
    ranked = ", ".join(f"({low}, {high}, {rank})" for low, high in parts for rank in range(1, len(STAGES)))
    passages = f"leads_passage AS p{by_index('passage_by_time')}"
    yield from rows(
        f"SELECT k.column1, k.column3, count(*) FROM (VALUES {ranked}) AS k CROSS JOIN {passages} WHERE p.entered = 1"
        " AND p.rank = k.column3 AND p.at >= k.column1 AND p.at < k.column2 GROUP BY 1, 2"
    )


def _stretch(start: int, end: int, counts: list[int]) -> Stretch:
    span = {"from": start, "to": end}
    people = reverse("leads:people")
    found = [
        Count(n, f"{people}?{urlencode({'reached': stage, **span})}") for stage, n in zip(STAGES, counts, strict=True)
    ]
    now = timezone.now()
    first, last = (figures.day(figures.moment_of(at), now) for at in (start, end - 1))
    return Stretch(first if first == last else f"{first} – {last}", found)


def _on(at: int) -> date:
    return figures.moment_of(at).date()


def _bars(stage: str, words: list[str], counts: list[Count]) -> dict[str, Any]:
    bars = [{"value": count.people, "url": count.address} for count in counts]
    return {
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "grid": {"left": 0, "right": 0, "top": 4, "bottom": 1},
        "xAxis": {"type": "category", "data": words, "axisLabel": {"show": False}},
        "yAxis": {"type": "value", "minInterval": 1, "axisLabel": {"show": False}, "splitLine": {"show": False}},
        "series": [{"type": "bar", "data": bars, "barCategoryGap": "20%", "itemStyle": {"color": f"stage:{stage}"}}],
    }
