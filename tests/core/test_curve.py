"""Exact sums, fading, caps, and the next crossing of a line."""

from fractions import Fraction
from math import fsum

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from embudo.core.curve import FAR, Curve, Part, Sum, rounded
from embudo.core.event import DAY, HOUR

H = 30 * DAY
terms = st.lists(st.tuples(st.integers(-50_000, 50_000), st.integers(0, 100 * H)), max_size=12)
parts = st.builds(
    lambda given, lasting, cap: Part(total(given), lasting, cap),
    terms, st.integers(-20_000, 20_000), st.one_of(st.none(), st.integers(-5_000, 60_000)),
)  # fmt: skip
curves = st.lists(parts, min_size=1, max_size=3).map(lambda found: Curve(H, tuple(found)))


def total(given, half_life=H):
    found = Sum()
    for points, at in given:
        found = found.plus(points, at, half_life)
    return found


@given(terms, st.randoms(use_true_random=False), st.integers(100 * H, 110 * H))
def test_no_order_of_adding_changes_a_bit(given, chance, at):
    shuffled = list(given)
    chance.shuffle(shuffled)
    assert total(shuffled).at(at, H) == total(given).at(at, H)


@given(terms, terms, st.integers(100 * H, 110 * H))
def test_taking_away_leaves_what_was_there(kept, gone, at):
    mixed = total([*kept, *gone, *((-points, then) for points, then in gone)])
    assert mixed.at(at, H) == total(kept).at(at, H)


@given(terms, st.integers(100 * H, 110 * H))
def test_a_sum_is_that_of_its_contributions_each_faded(given, at):
    expected = fsum(points * 2.0 ** (-(at - then) / H) for points, then in given)
    weight = fsum(abs(points) * 2.0 ** (-(at - then) / H) for points, then in given)
    assert total(given).at(at, H) == pytest.approx(expected, rel=0, abs=1e-12 * weight)


@given(terms, st.integers(-FAR, FAR))
def test_moving_the_landmark_changes_nothing(given, landmark):
    found = total(given)
    assert found.moved(landmark).at(100 * H, H) == found.at(100 * H, H)


def test_partials_do_not_overlap_and_hold_the_sum_exactly():
    found = total([(1, 0), (10**9, 60 * H), (-7, H // 3)])
    assert sum(map(Fraction, found.partials)) != 0
    assert list(found.partials) == sorted(found.partials, key=abs)


def test_the_landmark_follows_facts_far_ahead_and_ignores_what_is_long_forgotten():
    old = Sum().plus(5000, 0, HOUR)
    ahead = old.plus(5000, 300 * HOUR, HOUR)
    assert ahead.landmark == 300
    assert ahead.at(300 * HOUR, HOUR) == 5000.0
    late = Sum().plus(5000, 1000 * HOUR, HOUR)
    assert late.plus(5000, 0, HOUR) == late


def test_an_empty_sum_is_zero_and_a_cap_cuts_what_lies_above():
    assert Sum().at(5, H) == 0.0
    assert Part(Sum(), 7000, 5000).at(0, H) == 5000.0
    assert Part(Sum(), 7000).at(0, H) == 7000.0
    assert Curve(H).at(0) == 0.0


def test_a_score_is_never_minus_zero():
    assert str(rounded(-1e-9)) == "0.0"


def test_twenty_points_fall_below_ten_after_one_half_life():
    curve = Curve(H, (Part(Sum().plus(20_000, 0, H)),))
    turn = curve.next_turn(10_000, 0)
    assert turn is not None
    assert curve.reaches(10_000, turn - 1)
    assert not curve.reaches(10_000, turn)
    assert abs(turn - H) < H / 10**6


def test_a_line_never_crossed_has_no_turn():
    assert Curve(H, (Part(Sum(), 50_000),)).next_turn(10_000, 0) is None
    assert Curve(H, (Part(Sum().plus(5_000, 0, H)),)).next_turn(10_000, 0) is None


def test_a_negative_contribution_that_fades_raises_the_score():
    curve = Curve(H, (Part(Sum().plus(-20_000, 0, H), 30_000),))
    turn = curve.next_turn(20_000, 0)
    assert turn is not None
    assert not curve.reaches(20_000, turn - 1)
    assert curve.reaches(20_000, turn)


def test_a_cap_holds_the_score_up_until_it_is_released():
    curve = Curve(H, (Part(Sum().plus(80_000, 0, H), 0, 40_000), Part(Sum().plus(10_000, 0, H))))
    turn = curve.next_turn(41_000, 0)
    assert turn is not None and turn > H
    assert curve.reaches(41_000, turn - 1) and not curve.reaches(41_000, turn)


@given(curves, st.integers(-10_000, 60_000), st.integers(100 * H, 101 * H))
def test_the_next_turn_is_where_a_search_by_steps_finds_it(curve, line, after):
    was = curve.reaches(line, after)
    step = H // 7
    later = next((at for at in range(after + step, after + 40 * H, step) if curve.reaches(line, at) != was), None)
    turn = curve.next_turn(line, after)
    if turn is not None:
        assert turn > after
        assert curve.reaches(line, turn) is not was
        before = curve.at(turn - 1)
        assume(abs(before - line / 1000) > 1e-9)
        assert later is None or turn <= later
    else:
        assert later is None
    if turn is not None and later is not None and turn < later - step:
        assert curve.reaches(line, turn) is not was  # it came back before the next step of the search


@given(curves, st.integers(-10_000, 60_000), st.integers(100 * H, 101 * H), st.floats(0.001, 0.999))
def test_nothing_turns_before_the_next_turn(curve, line, after, share):
    was = curve.reaches(line, after)
    turn = curve.next_turn(line, after)
    end = turn if turn is not None else after + 50 * H
    between = after + int((end - 1 - after) * share)
    near = any(abs(curve.at(at) - line / 1000) <= 1.1e-6 for at in (after, between))
    assert near or curve.reaches(line, between) is was
