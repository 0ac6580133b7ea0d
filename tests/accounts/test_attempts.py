"""Counting what happened lately, in memory."""

from embudo.accounts.attempts import Recent


def test_only_the_window_counts() -> None:
    recent = Recent(window_s=10)
    for now in (0, 5, 9):
        recent.add("a", now)
    assert [recent.count("a", now) for now in (9, 10, 15.5, 19)] == [3, 2, 1, 0]
    assert recent.count("b", 9) == 0


def test_memory_is_bounded_by_dropping_the_keys_unused_for_longest() -> None:
    recent = Recent(window_s=10, keys=2)
    for key in ("a", "b", "a", "c"):
        recent.add(key, 0)
    assert [recent.count(key, 1) for key in "abc"] == [2, 0, 1]
