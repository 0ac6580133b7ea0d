"""When things happen: seasons, days of the week, working hours, and the instants people arrive."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random

from embudo.core.event import DAY, HOUR
from embudo.demo.world import Campaign

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MONTHS = (0.85, 1.0, 1.15, 1.1, 1.1, 0.95, 0.8, 0.75, 1.15, 1.2, 1.15, 0.7)  # January first
WEEKDAYS = (1.1, 1.25, 1.2, 1.15, 0.95, 0.35, 0.3)  # Monday first
HOURS = (1, 1, 1, 1, 1, 1, 2, 4, 8, 13, 15, 14, 10, 9, 12, 13, 12, 9, 6, 5, 5, 4, 3, 2)  # local
GROWTH = 0.5  # how much more traffic at the end than at the start


def arrivals(count: int, start: int, end: int, campaigns: tuple[Campaign, ...], random: Random) -> Iterator[int]:
    """Yield `count` instants in order over start..end, denser in season, on week days, by day and in campaigns."""
    edges = list(accumulate(_weights(start, end, campaigns), initial=0.0))
    for number in range(count):
        aim = (number + random.random()) / count * edges[-1]
        hour = min(bisect_right(edges, aim), len(edges) - 1) - 1
        share = (aim - edges[hour]) / (edges[hour + 1] - edges[hour])
        yield min(start + hour * HOUR + int(share * HOUR), end)


def working_instant(after: int, days: float, zone_h: int, random: Random) -> int:
    """Return an instant about `days` after `after`, at an hour at which people read, seldom at a week-end."""
    day = (after + int(days * DAY) + zone_h * HOUR) // DAY
    if weekday(day) >= 5 and random.random() < 0.8:
        day += 7 - weekday(day)
    local = day * DAY + _hour(random) * HOUR + int(random.random() * HOUR)
    at = local - zone_h * HOUR
    return at if at > after else after + int((0.3 + random.random() * 5) * HOUR)


def office_instant(after: int, hours: float, zone_h: int, random: Random) -> int:
    """Return the instant `hours` of office time (9 to 18, Monday to Friday) after `after`."""
    local = after + zone_h * HOUR
    left = hours * HOUR
    while True:
        day, of_day = divmod(local, DAY)
        begin, finish = max(of_day, 9 * HOUR), 18 * HOUR
        if weekday(day) < 5 and begin < finish:
            if begin + left <= finish:
                return int(day * DAY + begin + left) - zone_h * HOUR + int(random.random() * 60_000_000)
            left -= finish - begin
        local = (day + 1) * DAY


def weekday(day: int) -> int:
    """Return the day of the week of a day number since 1970, 0 for Monday."""
    return (day + 3) % 7


def months(start: int, end: int) -> Iterator[int]:
    """Yield the first Tuesday, 08:00 UTC, of every month of start..end: the day newsletters go out."""
    date = EPOCH + timedelta(microseconds=start)
    year, month = date.year, date.month
    while True:
        first = datetime(year, month, 1, 8, tzinfo=UTC)
        tuesday = first + timedelta(days=(1 - first.weekday()) % 7)
        at = (tuesday - EPOCH) // timedelta(microseconds=1)
        if at > end:
            return
        if at >= start:
            yield at
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def _weights(start: int, end: int, campaigns: tuple[Campaign, ...]) -> Iterator[float]:
    """One weight for each hour; the hour of day is that of a company between America and Europe."""
    hours = max(1, -(-(end - start) // HOUR))
    for number in range(hours):
        at = start + number * HOUR
        day = at // DAY
        share = number / hours
        lift = 1.0
        for campaign in campaigns:
            if campaign.begins <= share < campaign.ends:
                lift *= campaign.lift
        month = (EPOCH + timedelta(days=day)).month
        yield MONTHS[month - 1] * WEEKDAYS[weekday(day)] * HOURS[(at // HOUR - 3) % 24] * (1 + GROWTH * share) * lift


_HOUR_EDGES = tuple(accumulate(HOURS))


def _hour(random: Random) -> int:
    return bisect_left(_HOUR_EDGES, random.random() * _HOUR_EDGES[-1])
