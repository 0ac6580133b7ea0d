"""How much a figure is worth: the ratio of two shares with its interval, information value, association.

Sources: Katz et al. 1978 for the interval of a ratio of shares, with half a case added to each cell where one is empty
(Haldane); information value as in credit scoring (Siddiqi 2006), smoothed by half a case a bin.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import erfc, exp, log, sqrt
from statistics import NormalDist

SURE = 0.95  # of intervals that people read


@dataclass(frozen=True, slots=True)
class Share:
    """So many customers among so many people."""

    customers: int
    people: int

    def __add__(self, other: "Share") -> "Share":
        return Share(self.customers + other.customers, self.people + other.people)

    def __sub__(self, other: "Share") -> "Share":
        return Share(self.customers - other.customers, self.people - other.people)

    @property
    def rate(self) -> float:
        """The share of customers, 0 to 1; 0 of nobody."""
        return self.customers / self.people if self.people else 0.0


@dataclass(frozen=True, slots=True)
class Lift:
    """How many times as frequent customers are among some as among the others, and within which interval that lies."""

    ratio: float
    low: float
    high: float


def lift(some: Share, others: Share, sure: float = SURE) -> Lift:
    """Return the ratio of two shares with its interval; `sure` is the probability that the interval is to hold it."""
    cells = (some.customers, some.people - some.customers, others.customers, others.people - others.customers)
    half = 0.5 if min(cells) == 0 else 0.0
    a, n, c, m = some.customers + half, some.people + 2 * half, others.customers + half, others.people + 2 * half
    ratio = (a / n) / (c / m)
    width = quantile(sure) * sqrt(max(1 / a - 1 / n + 1 / c - 1 / m, 0.0))
    return Lift(ratio, ratio * exp(-width), ratio * exp(width))


def quantile(sure: float) -> float:
    """Return how many standard deviations hold that share of a normal distribution around its middle."""
    return NormalDist().inv_cdf((1 + sure) / 2)


def information_value(bins: Sequence[Share]) -> float:
    """Return how well bins that part all people tell customers from others; 0: not at all."""
    customers = sum(each.customers for each in bins)
    others = sum(each.people for each in bins) - customers
    total = 0.0
    for each in bins:
        p = (each.customers + 0.5) / (customers + 0.5 * len(bins))
        q = (each.people - each.customers + 0.5) / (others + 0.5 * len(bins))
        total += (p - q) * log(p / q)
    return total


def chi_square(one: Share, other: Share) -> float:
    """Return Pearson's statistic of two shares, of one degree of freedom; 0 where nobody or everybody is a customer."""
    both = one + other
    if both.customers in (0, both.people):
        return 0.0
    found = 0.0
    for each in (one, other):
        expected = both.rate * each.people
        found += (each.customers - expected) ** 2 / (expected * (1 - both.rate))
    return found


def chance(one: Share, other: Share) -> float:
    """Return how likely two shares differ so much, or more, by chance alone (chi-square with Yates' correction)."""
    everybody = one.people + other.people
    customers = one.customers + other.customers
    spread = one.people * other.people * customers * (everybody - customers)
    if not spread:
        return 1.0
    across = abs(one.customers * (other.people - other.customers) - other.customers * (one.people - one.customers))
    return erfc(max(across - everybody / 2, 0) * sqrt(everybody / spread / 2))


def false_discoveries(chances: Iterable[float], share: float) -> float:
    """Return up to which chance findings may be believed, so that at most that share of them is false.

    Source: Benjamini and Hochberg 1995. Where nothing is to be found, that is the probability to believe anything.
    """
    ordered = sorted(chances)
    within = [each for place, each in enumerate(ordered, 1) if each <= share * place / len(ordered)]
    return max(within, default=0.0)


def association(one: Iterable[int], other: Iterable[int], everybody: int) -> float:
    """Return the phi coefficient of two sets of people out of `everybody`: 1 for the same, 0 for nothing in common."""
    a, b = frozenset(one), frozenset(other)
    both, n, m = len(a & b), len(a), len(b)
    spread = sqrt(n * (everybody - n) * m * (everybody - m))
    return (both * everybody - n * m) / spread if spread else 0.0
