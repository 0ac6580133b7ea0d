"""What a window of time is: the calendar days, weeks and months of a zone, and limits that count in them."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from embudo.core.event import DAY, SECOND, Event

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MONDAY = 3  # 1970-01-01 was a Thursday: day number + 3 counts from a Monday


class Period(StrEnum):
    """In what a limit counts."""

    EVER = "ever"
    DAY = "day"
    WEEK = "week"  # ISO: Monday to Sunday
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Limit:
    """Only the first `count` per period, by event time then id."""

    count: int
    per: Period


def bucket(at: int, per: Period, zone: str) -> int:
    """Return the number of the period of `zone` in which the instant falls; the next period has the next number."""
    if per is Period.EVER:
        return 0
    day = (at + offset(at, zone)) // DAY
    if per is Period.DAY:
        return day
    if per is Period.WEEK:
        return (day + MONDAY) // 7
    date = EPOCH + timedelta(days=day)
    return date.year * 12 + date.month - 1


def offset(at: int, zone: str) -> int:
    """Return by how many microseconds the clocks of `zone` are ahead of UTC at the instant."""
    if zone == "UTC":
        return 0
    instants, offsets = _transitions_of_year(_year(at), zone)
    return offsets[bisect_right(instants, at) - 1]


def transitions(zone: str, first_at: int, last_at: int) -> list[tuple[int, int]]:
    """Return (instant, offset from then on) for all of `first_at`..`last_at`, so that SQL needs no zone data.

    The first pair holds from before `first_at`.
    """
    found: list[tuple[int, int]] = []
    for year in range(_year(first_at), _year(last_at) + 1):
        for pair in zip(*_transitions_of_year(year, zone), strict=True):
            if not found or found[-1][1] != pair[1]:
                found.append(pair)
    return found


def first_of(events: Iterable[Event], limit: Limit | None, zone: str) -> tuple[list[Event], list[Event]]:
    """Return (kept, cut): the events of one rule that its limit keeps and cuts, in the order of facts."""
    kept: list[Event] = []
    cut: list[Event] = []
    used: dict[int, int] = {}
    for event in sorted(events, key=lambda each: each.order):
        number = 0 if limit is None else bucket(event.at, limit.per, zone)
        used[number] = used.get(number, 0) + 1
        (kept if limit is None or used[number] <= limit.count else cut).append(event)
    return kept, cut


def _year(at: int) -> int:
    return (EPOCH + timedelta(microseconds=at)).year


@lru_cache(maxsize=512)
def _transitions_of_year(year: int, zone: str) -> tuple[list[int], list[int]]:
    """The instants of one UTC year at which the zone's offset changes, the year's first instant included."""
    place = ZoneInfo(zone)
    start = int(datetime(year, 1, 1, tzinfo=UTC).timestamp())
    end = int(datetime(year + 1, 1, 1, tzinfo=UTC).timestamp())
    instants, offsets = [start * SECOND], [_offset_s(start, place) * SECOND]
    for day in range(start, end, 86_400):
        if _offset_s(day, place) != _offset_s(day + 86_400, place):
            turn = _turn(day, day + 86_400, place)
            if turn < end:
                instants.append(turn * SECOND)
                offsets.append(_offset_s(turn, place) * SECOND)
    return instants, offsets


def _offset_s(second: int, place: ZoneInfo) -> int:
    ahead = datetime.fromtimestamp(second, place).utcoffset()
    assert ahead is not None
    return int(ahead.total_seconds())


def _turn(low: int, high: int, place: ZoneInfo) -> int:
    before = _offset_s(low, place)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset_s(middle, place) == before else (low, middle)
    return high
