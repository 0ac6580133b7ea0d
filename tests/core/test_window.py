"""Days, weeks and months of a zone, and the limits that count in them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embudo.core.event import DAY, HOUR, SECOND
from embudo.core.window import EPOCH, Limit, Period, bucket, first_of, offset, transitions
from tests.cast import ada

ZONES = (
    "UTC",
    "America/Bogota",
    "America/New_York",
    "Europe/Madrid",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Pacific/Apia",
)
instants = st.datetimes(datetime(1999, 1, 1), datetime(2035, 1, 1)).map(
    lambda moment: int(moment.replace(tzinfo=UTC).timestamp()) * SECOND
)


def at(zone, *moment):
    return int(datetime(*moment, tzinfo=ZoneInfo(zone)).timestamp()) * SECOND


@given(instants, st.sampled_from(ZONES), st.integers(0, SECOND - 1))
def test_a_bucket_is_the_calendar_period_of_the_zone(second, zone, micros):
    instant = second + micros
    local = (EPOCH + timedelta(microseconds=instant)).astimezone(ZoneInfo(zone))
    day = local.toordinal() - EPOCH.toordinal()
    assert bucket(instant, Period.EVER, zone) == 0
    assert bucket(instant, Period.DAY, zone) == day
    assert bucket(instant, Period.MONTH, zone) == local.year * 12 + local.month - 1
    monday = day - local.weekday()
    assert bucket(instant, Period.WEEK, zone) == (monday + 3) // 7


@given(instants, instants, st.sampled_from(ZONES))
def test_transitions_say_the_offset_at_every_instant_between(one, other, zone):
    first, last = sorted((one, other))
    pairs = transitions(zone, first, last)
    assert pairs[0][0] <= first
    assert [pair[0] for pair in pairs] == sorted(pair[0] for pair in pairs)
    for instant in (first, last, (first + last) // 2, *(each for each, _ in pairs if first <= each <= last)):
        assert [ahead for since, ahead in pairs if since <= instant][-1] == offset(instant, zone)


def test_a_day_is_as_long_as_its_clock_says():
    spring, autumn = at("Europe/Madrid", 2024, 3, 31), at("Europe/Madrid", 2024, 10, 27)
    assert bucket(spring + 23 * HOUR - 1, Period.DAY, "Europe/Madrid") == bucket(spring, Period.DAY, "Europe/Madrid")
    assert bucket(spring + 23 * HOUR, Period.DAY, "Europe/Madrid") == bucket(spring, Period.DAY, "Europe/Madrid") + 1
    assert bucket(autumn + 25 * HOUR - 1, Period.DAY, "Europe/Madrid") == bucket(autumn, Period.DAY, "Europe/Madrid")
    assert bucket(autumn + 25 * HOUR, Period.DAY, "Europe/Madrid") == bucket(autumn, Period.DAY, "Europe/Madrid") + 1


def test_periods_before_1970_are_counted_too():
    assert bucket(-1, Period.DAY, "UTC") == -1
    assert bucket(-1, Period.MONTH, "UTC") == 1969 * 12 + 11


@pytest.mark.parametrize(
    ("limit", "kept"), [(None, 4), (Limit(1, Period.EVER), 1), (Limit(1, Period.DAY), 2), (Limit(2, Period.DAY), 4)]
)
def test_a_limit_keeps_the_earliest_of_each_period_and_loses_none(limit, kept):
    journey = ada.visits("/").visits("/").later(days=1).visits("/").visits("/")
    first, cut = first_of(reversed(list(journey)), limit, "UTC")
    assert len(first) == kept
    assert sorted(first + cut, key=lambda each: each.order) == list(journey)


@given(
    st.lists(st.tuples(st.integers(0, 3 * DAY), st.integers(0, 3)), unique=True), st.sampled_from(Period), st.randoms()
)
def test_the_order_of_arrival_does_not_decide_what_a_limit_keeps(moments, per, chance):
    events = [ada.journey(at=moment + n).visits("/")[0] for moment, n in moments]
    shuffled = list(events)
    chance.shuffle(shuffled)
    assert first_of(events, Limit(2, per), "Europe/Madrid") == first_of(shuffled, Limit(2, per), "Europe/Madrid")


def test_of_two_at_one_instant_the_smaller_id_comes_first():
    one, two = ada.visits("/"), ada.journey().visits("/other")
    from dataclasses import replace

    early, late = replace(one[0], id="a"), replace(two[0], id="b")
    assert first_of([late, early], Limit(1, Period.EVER), "UTC") == ([early], [late])
