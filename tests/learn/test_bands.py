"""The bins of an attribute part all people, and their conditions hold for just those in them."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embudo.core.condition import Compare, Op, Some, holds
from embudo.learn.bands import Band, bins_of, choices_of, condition_of, round_from, round_to
from embudo.learn.cases import Case

YEAR = 365 * 86_400_000_000
values = st.none() | st.booleans() | st.integers(-50, 50) | st.floats(-5, 5) | st.sampled_from(["", "a", "b", "ñ"])


def people(found: Sequence[tuple[Any, bool]], name: str = "x") -> list[Case]:
    return [Case(number, {name: value}, {}, YEAR if won else None) for number, (value, won) in enumerate(found)]


@given(st.lists(st.tuples(values, st.booleans()), max_size=120), st.integers(1, 9))
def test_everybody_is_in_one_bin_and_counted_there(found: list[tuple[Any, bool]], least: int) -> None:
    cases = people(found)
    bins = bins_of(cases, "x", least)
    assert sorted(each for one in bins for each in one.people) == list(range(len(cases)))
    for one in bins:
        assert one.customers == sum(cases[each].bought_at is not None for each in one.people)
        assert one.values is None or len(one.people) >= least or len(bins) <= 2


@given(st.lists(st.tuples(values, st.booleans()), max_size=120), st.integers(1, 9), st.data())
def test_a_condition_holds_for_just_the_people_of_its_bins(
    found: list[tuple[Any, bool]], least: int, data: st.DataObject
) -> None:
    cases = people(found)
    bins = [each for each in bins_of(cases, "x", least) if each.values is not None]
    chosen = [each for each in bins if data.draw(st.booleans())]
    if not chosen:
        return
    when = condition_of("x", chosen)
    inside = {case.id for case in cases if holds(when, case.values.get)}
    assert inside == set().union(*(each.people for each in chosen))


def test_bands_end_where_customers_become_more_frequent_and_their_ends_are_round() -> None:
    cases = people([(size, size >= 203 and size % 2 == 0) for size in range(1, 398)])
    low, high = bins_of(cases, "x", 20)
    assert isinstance(low, Band) and isinstance(high, Band)
    assert (low.least, low.most, high.least, high.most) == (None, 200, 200, None) or high.least in range(195, 211)
    assert (low.customers, high.share.rate) == (0, pytest.approx(0.5, abs=0.05))


def test_what_lies_apart_becomes_two_bands_joined_by_or() -> None:
    cases = people([(size, 100 <= size < 200 or size >= 300) for size in range(400)])
    bins = bins_of(cases, "x", 20)
    won = [each for each in bins if each.share.rate > 0.5]
    assert len(won) == 2 and isinstance(condition_of("x", won), Some)


def test_each_choice_of_several_is_looked_at_by_itself() -> None:
    cases = people([(["web", "fair"], True), (["web"], False), ([], False), (None, True), (["fair"], True)])
    found = choices_of(cases, "x", 2)
    assert {choice: [len(each.people) for each in bins] for choice, bins in found.items()} == {
        "fair": [2, 1, 2], "web": [2, 1, 2],
    }  # fmt: skip
    assert condition_of("x", found["web"][:1]) == Compare("x", Op.IS, "web")


def test_what_is_no_choice_is_passed_over() -> None:
    cases = people([(["web", {"a": 1}, ["b"], None], True), (["web"], False), ({"a": 1}, False), ("web", True)])
    assert list(choices_of(cases, "x", 1)) == ["web"]


@pytest.mark.parametrize(("below", "above", "to", "since"), [
    (49, 51, 50, 50), (0, 1, 1, 0), (1.2, 1.3, 1.3, 1.2), (998, 1003, 1000, 1000), (-51, -49, -50, -50), (7, 8, 8, 7),
    (0.123456, 0.123457, 0.123457, 0.123456), (1e-320, 2e-320, 2e-320, 1e-320), (-1e300, 1e300, 0, 0),
])  # fmt: skip
def test_the_ends_of_bands_are_the_roundest_there_are(below: float, above: float, to: float, since: float) -> None:
    assert (round_to(below, above), round_from(below, above)) == (to, since)


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_round_ends_lie_between(one: float, other: float) -> None:
    below, above = sorted((one, other))
    if below < above:
        assert below < round_to(below, above) <= above
        assert below <= round_from(below, above) < above
