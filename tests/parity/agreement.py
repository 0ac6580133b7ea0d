"""What it means that two engines agree on a score (DESIGN 9.2)."""

from math import fsum

from embudo.core.curve import PLACES, rounded
from embudo.core.scoring import Explanation

CLOSE = 1e-9


def raw(explained: Explanation) -> float:
    """The score before rounding."""
    return fsum(each.points + each.cut_by_cap for each in explained.groups)


def close(one: float, other: float) -> bool:
    """Whether two values are the same to 1e-9, relative to the larger (absolute below one point)."""
    return abs(one - other) <= CLOSE * max(1.0, abs(one), abs(other))


def agree(one: float, other: float) -> bool:
    """Whether two raw scores are close and round to the same, but for those at a rounding boundary."""
    steps = one * 10**PLACES
    at_boundary = abs(abs(steps - int(steps)) - 0.5) <= CLOSE * 10**PLACES * max(1.0, abs(one))
    return close(one, other) and (at_boundary or rounded(one) == rounded(other))
