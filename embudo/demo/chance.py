"""What chance means here: one seed per person, and wheels that turn the same way on every machine."""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from math import exp
from random import Random
from typing import Generic, TypeVar

Thing = TypeVar("Thing")
PRIME = 0x9E3779B97F4A7C15
WORD = (1 << 64) - 1


def dice(seed: int, *path: int) -> Random:
    """Return the random numbers of one place in the world; other places never change them."""
    state = seed & WORD
    for each in path:
        state = ((state ^ each) * PRIME + 0x1234567) & WORD
        state ^= state >> 29
    return Random(state)


class Wheel(Generic[Thing]):
    """Things with weights; one turn draws one."""

    def __init__(self, things: Sequence[Thing], weights: Sequence[float]) -> None:
        self.things = tuple(things)
        self.edges = tuple(accumulate(weights))
        self.total = self.edges[-1]

    @classmethod
    def of(cls, weights: Mapping[Thing, float]) -> "Wheel[Thing]":
        """Return the wheel of a mapping from thing to weight."""
        return cls(tuple(weights), tuple(weights.values()))

    def turn(self, random: Callable[[], float]) -> Thing:
        """Return the thing at which the wheel stops."""
        return self.things[bisect_right(self.edges, random() * self.total, hi=len(self.things) - 1)]

    @cached_property
    def shares(self) -> dict[Thing, float]:
        """Return how often each thing comes, 0 to 1."""
        low = (0.0, *self.edges)
        return {
            thing: (high - before) / self.total
            for thing, before, high in zip(self.things, low, self.edges, strict=False)
        }


def sigmoid(x: float) -> float:
    """Return the probability whose log-odds are `x`."""
    return 1 / (1 + exp(-x))
