from collections import Counter

import pytest

from embudo.demo.chance import Wheel, dice, sigmoid


def test_the_same_place_always_draws_the_same_numbers():
    assert [dice(1, 2, 3).random() for _ in range(2)] == [dice(1, 2, 3).random()] * 2


def test_neighbours_draw_different_numbers():
    assert len({dice(1, place).random() for place in range(1000)}) == 1000


def test_a_wheel_stops_as_often_as_its_weights_say():
    wheel, random = Wheel.of({"a": 3, "b": 1, "never": 0}), dice(5).random
    stops = Counter(wheel.turn(random) for _ in range(20_000))
    assert stops["never"] == 0
    assert stops["a"] / 20_000 == pytest.approx(0.75, abs=0.02)


def test_a_wheel_knows_its_shares():
    assert Wheel.of({"a": 3, "b": 1}).shares == {"a": 0.75, "b": 0.25}


def test_log_odds_of_zero_are_even_chances():
    assert sigmoid(0) == 0.5
    assert sigmoid(3) + sigmoid(-3) == pytest.approx(1)
