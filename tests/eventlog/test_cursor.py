import pytest
from hypothesis import given
from hypothesis import strategies as st

from embudo.eventlog import Cursor

offsets = st.dictionaries(st.integers(0, 20), st.integers(0, 2**48 - 1))


@given(offsets)
def test_a_cursor_comes_back_from_its_text(given_offsets: dict[int, int]) -> None:
    cursor = Cursor(given_offsets)
    assert Cursor.from_text(cursor.to_text()) == cursor
    assert hash(Cursor.from_text(cursor.to_text())) == hash(cursor)


def test_a_cursor_has_passed_another_when_it_is_as_far_in_every_shard() -> None:
    assert Cursor({0: 5, 1: 2}).passed(Cursor({0: 5}))
    assert not Cursor({0: 5}).passed(Cursor({0: 5, 1: 1}))
    assert Cursor().passed(Cursor({3: 0}))


@given(offsets, offsets)
def test_moving_never_touches_the_cursor_itself(before: dict[int, int], moves: dict[int, int]) -> None:
    cursor = Cursor(before)
    moved = cursor.moved(moves)
    assert cursor == Cursor(before)
    assert all(moved.offset(shard) == offset for shard, offset in moves.items())


def test_the_cursor_of_places_has_seen_the_farthest_of_each_shard() -> None:
    assert Cursor.of([(0, 4), (1, 2), (0, 3)]) == {0: 4, 1: 2}


def test_other_text_is_no_cursor() -> None:
    with pytest.raises(ValueError):
        Cursor.from_text("0:here")
