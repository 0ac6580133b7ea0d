"""Token buckets: what passes, what waits, what is forgotten."""

from hypothesis import given
from hypothesis import strategies as st

from embudo.collector import limits
from embudo.collector.limits import Limit


class Clock:
    """A clock that the test moves."""

    at = 0.0

    def __call__(self) -> float:
        return self.at


def test_a_seconds_worth_passes_at_once_and_then_as_time_goes_on() -> None:
    clock = Clock()
    limit = Limit(10, clock=clock)
    assert [limit.allows("a") for _ in range(12)] == [True] * 10 + [False] * 2
    assert limit.allows("b")
    clock.at = 0.25
    assert [limit.allows("a") for _ in range(4)] == [True, True, True, False]


def test_a_batch_larger_than_the_limit_passes_once_and_is_paid_back() -> None:
    clock = Clock()
    limit = Limit(10, clock=clock)
    assert limit.allows("a", 35) and not limit.allows("a")
    clock.at = 2.4
    assert not limit.allows("a")
    clock.at = 2.6
    assert limit.allows("a")


def test_zero_lifts_the_limit() -> None:
    assert all(Limit(0).allows("a", 1_000_000) for _ in range(5))


def test_no_more_names_are_remembered_than_there_is_room_for() -> None:
    clock = Clock()
    limit = Limit(1, clock=clock)
    for each in range(limits.MAX_KNOWN + 10):
        limit.allows(str(each))
    assert len(limit._spent) <= limits.MAX_KNOWN


@given(st.lists(st.tuples(st.floats(0, 2), st.integers(1, 30)), max_size=60))
def test_over_any_time_no_more_passes_than_the_limit_and_one_burst(sent: list[tuple[float, int]]) -> None:
    clock, passed = Clock(), 0
    limit = Limit(10, clock=clock)
    for gone, cost in sent:
        clock.at += gone
        if limit.allows("a", cost):
            passed += cost
    assert passed <= 10 * (clock.at + 1) + 30
