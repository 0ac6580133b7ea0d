from hypothesis import given
from hypothesis import strategies as st

from embudo.core.event import DAY, HOUR
from embudo.demo.chance import dice
from embudo.demo.clock import arrivals, months, office_instant, weekday, working_instant
from embudo.demo.world import world
from tests.demo.conftest import UNTIL

instants = st.integers(1_600_000_000_000_000, 1_900_000_000_000_000)
zones = st.integers(-8, 3)


@given(count=st.integers(1, 400), days=st.integers(1, 500), seed=st.integers(0, 1000))
def test_people_arrive_in_order_within_the_span(count, days, seed):
    start = UNTIL - days * DAY
    found = list(arrivals(count, start, UNTIL, world().campaigns, dice(seed)))
    assert found == sorted(found)
    assert len(found) == count
    assert start <= found[0]
    assert found[-1] <= UNTIL


def test_week_ends_are_quiet():
    found = list(arrivals(5000, UNTIL - 364 * DAY, UNTIL, (), dice(1)))
    on_week_ends = sum(weekday(at // DAY) >= 5 for at in found)
    assert on_week_ends / len(found) < 0.15  # two days of seven would be 0.29


@given(after=instants, hours=st.floats(0, 60), zone=zones, seed=st.integers(0, 99))
def test_reps_answer_in_office_hours(after, hours, zone, seed):
    at = office_instant(after, hours, zone, dice(seed))
    local = at + zone * HOUR
    assert at >= after
    assert weekday(local // DAY) < 5
    assert 9 * HOUR <= local % DAY <= 18 * HOUR + 60_000_000


@given(after=instants, days=st.floats(0, 40), zone=zones, seed=st.integers(0, 99))
def test_people_come_back_later_never_earlier(after, days, zone, seed):
    assert working_instant(after, days, zone, dice(seed)) > after


def test_newsletters_go_out_once_a_month_on_a_tuesday():
    found = list(months(UNTIL - 365 * DAY, UNTIL))
    assert len(found) == 12
    assert {weekday(at // DAY) for at in found} == {1}
