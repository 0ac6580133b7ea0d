"""Figures with their intervals, against worked examples and what must always hold."""

from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embudo.learn.evidence import Share, association, chi_square, information_value, lift

shares = st.integers(1, 400).flatmap(lambda people: st.builds(Share, st.integers(0, people), st.just(people)))


def test_the_interval_of_a_ratio_is_that_of_katz() -> None:
    found = lift(Share(30, 100), Share(20, 200))  # log(3) ± 1.96 sqrt(1/30 - 1/100 + 1/20 - 1/200)
    assert (found.ratio, found.low, found.high) == pytest.approx((3.0, 1.79726, 5.00761), rel=1e-5)


@given(shares, shares)
def test_an_interval_holds_its_ratio_and_grows_with_what_is_asked_of_it(some: Share, others: Share) -> None:
    narrow, wide = lift(some, others), lift(some, others, sure=0.999)
    assert wide.low <= narrow.low <= narrow.ratio <= narrow.high <= wide.high
    turned = lift(others, some)
    assert turned.ratio == pytest.approx(1 / narrow.ratio) and turned.low == pytest.approx(1 / narrow.high)


@given(st.lists(shares, min_size=1, max_size=8))
def test_information_value_is_never_negative_and_depends_on_no_order(bins: list[Share]) -> None:
    value = information_value(bins)
    assert value >= -1e-12
    assert information_value(bins[::-1]) == pytest.approx(value)


def test_information_value_of_a_worked_example() -> None:
    bins = [Share(40, 100), Share(10, 100)]
    p, q = (40.5 / 51, 10.5 / 51), (60.5 / 151, 90.5 / 151)
    assert information_value(bins) == pytest.approx(sum((a - b) * log(a / b) for a, b in zip(p, q, strict=True)))


def test_shares_that_are_alike_do_not_differ() -> None:
    assert chi_square(Share(10, 100), Share(20, 200)) == pytest.approx(0)
    assert chi_square(Share(0, 10), Share(0, 5)) == 0 == chi_square(Share(3, 3), Share(2, 2))
    assert chi_square(Share(30, 100), Share(10, 100)) == pytest.approx(12.5)


def test_association_is_one_of_the_same_and_nothing_of_what_has_nothing_in_common() -> None:
    assert association(range(10), range(10), 100) == pytest.approx(1)
    assert association(range(10), range(10, 100), 100) == pytest.approx(-1)
    assert association(range(50), range(25, 75), 100) == pytest.approx(0)
    assert association((), range(5), 100) == 0
