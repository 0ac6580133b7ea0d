"""The funnel counts people by what they reached, and leaves nobody out in silence."""

from hypothesis import given
from hypothesis import strategies as st

from embudo.core.event import DAY
from embudo.core.funnel import STAGES, Entry, Step, funnel


def entries(person: int, **at_days: float) -> list[Entry]:
    return [Entry(person, stage, round(days * DAY)) for stage, days in at_days.items()]


def step(stage: str, steps: list[Step]) -> Step:
    return next(each for each in steps if each.stage == stage)


def test_conversion_is_of_those_who_entered_in_the_period_who_got_further_by_now() -> None:
    told = entries(1, visitor=0, lead=1, qualified=5) + entries(2, visitor=0, lead=2) + entries(3, visitor=-9, lead=-8)
    steps = funnel(told, start=0, end=10 * DAY)
    assert step("visitor", steps).entered == 2
    assert step("lead", steps).conversion == 0.5
    assert step("lead", steps).median == 4 * DAY
    assert step("lead", steps).population == 2


def test_a_skipped_stage_counts_as_passed_and_medians_go_from_entry_to_entry() -> None:
    steps = funnel(entries(1, visitor=0, lead=1, customer=3), start=0, end=9 * DAY)
    for stage in ("lead", "qualified", "prospect", "opportunity"):
        assert step(stage, steps).conversion == 1
    assert step("lead", steps).median == 2 * DAY
    assert step("opportunity", steps).median is None
    assert step("opportunity", steps).population == 0


def test_negative_durations_are_listed_and_left_out() -> None:
    steps = funnel(entries(1, lead=5, qualified=3) + entries(2, lead=1, qualified=3), start=0, end=9 * DAY)
    assert step("lead", steps).negative == (1,)
    assert step("lead", steps).median == 2 * DAY


def test_who_fell_back_is_counted_where_they_are() -> None:
    told = [*entries(1, visitor=0, lead=1, qualified=2), Entry(1, "lead", 3 * DAY)]
    steps = funnel(told, start=0, end=9 * DAY)
    assert step("lead", steps).population == 1
    assert step("qualified", steps).population == 0
    assert step("qualified", steps).entered == 1


def test_nobody_is_no_conversion_and_what_comes_later_is_not_counted() -> None:
    steps = funnel(entries(1, lead=10), start=0, end=10 * DAY)
    assert [each.entered for each in steps] == [0] * len(STAGES)
    assert step("lead", steps).conversion is None


MOVES = st.lists(st.builds(Entry, st.integers(1, 4), st.sampled_from(STAGES), st.integers(0, 50)), max_size=30)


@given(MOVES, st.integers(0, 50))
def test_populations_add_up_to_the_people(told: list[Entry], start: int) -> None:
    steps = funnel(told, start=start, end=51)
    assert sum(each.population for each in steps) == len({each.person for each in told})
    assert all(0 <= each.converted <= each.entered for each in steps)
