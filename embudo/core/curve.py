"""How a score changes between facts: exact sums at a landmark, the value at any instant, the next crossing of a line.

A contribution of p points at instant `at` is worth p x 2^(at/H) measured at instant zero. With
at = k x H + r that is p x 2^(r/H) x 2^k: a float and a whole exponent, so that moving the landmark
(a whole number of half-lives) scales by a power of two and loses nothing. Sums are kept exactly, as
non-overlapping partial sums (Shewchuk 1997, the algorithm behind math.fsum), hence the order in
which facts arrive cannot change a single bit of a score.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, fsum, inf, ldexp, log2

PLACES = 6  # scores are compared rounded to this many decimals (DESIGN 9.2)
FORGOTTEN = 64  # half-lives after which a contribution is zero (DESIGN 9.2)
FAR = 256  # half-lives between an old landmark and a new fact from which the landmark is moved


@dataclass(frozen=True, slots=True)
class Sum:
    """An exact sum of fading thousandths of points, as they stand at `landmark` (in half-lives since 1970)."""

    landmark: int = 0
    partials: tuple[float, ...] = ()

    def plus(self, points: int, at: int, half_life: int) -> "Sum":
        """Return the sum with one contribution more; take one away by adding its negative."""
        exponent, rest = divmod(at, half_life)
        value = points * 2.0 ** (rest / half_life)
        base = self if self.partials else Sum(exponent)
        if exponent - base.landmark > FAR:
            base = base.moved(exponent)
        if base.landmark - exponent > 2 * FAR:
            return base
        return Sum(base.landmark, _grow(base.partials, ldexp(value, exponent - base.landmark)))

    def moved(self, landmark: int) -> "Sum":
        """Return the same sum measured at another landmark."""
        shift = self.landmark - landmark
        return Sum(landmark, tuple(p for p in (ldexp(each, shift) for each in self.partials) if p))

    def at(self, at: int, half_life: int) -> float:
        """Return the value in thousandths of points at the instant."""
        if not self.partials:
            return 0.0
        exponent, rest = divmod(at, half_life)
        return ldexp(fsum(self.partials) * 2.0 ** (-rest / half_life), self.landmark - exponent)


@dataclass(frozen=True, slots=True)
class Part:
    """One group of a score: what fades, what lasts, and the cap, all in thousandths of points."""

    fading: Sum = Sum()
    lasting: int = 0
    cap: int | None = None

    def at(self, at: int, half_life: int) -> float:
        """Return the group's capped value in thousandths of points at the instant."""
        value = self.fading.at(at, half_life) + self.lasting
        return value if self.cap is None else min(float(self.cap), value)


@dataclass(frozen=True, slots=True)
class Curve:
    """A score as a function of time while no new fact arrives. `half_life` is in microseconds."""

    half_life: int
    parts: tuple[Part, ...] = ()

    def at(self, at: int) -> float:
        """Return the score in points at the instant, rounded to PLACES."""
        return rounded(fsum(part.at(at, self.half_life) for part in self.parts) / 1000)

    def reaches(self, line: int, at: int) -> bool:
        """Return whether the score reaches `line` (thousandths of points) at the instant."""
        return self.at(at) >= line / 1000

    def next_turn(self, line: int, after: int) -> int | None:
        """Return the first instant later than `after` at which the answer of `reaches` changes, or None if never."""
        was = self.reaches(line, after)
        released = (_cap_released(part, self.half_life) for part in self.parts)
        edges = sorted(edge for edge in released if edge > after)
        low, end = after, max([after, *edges]) + 2 * FORGOTTEN * self.half_life
        for high in [*edges, end]:
            if self.reaches(line, high) != was:
                return self._first_change(line, low, high, was)
            low = high
        return None

    def _first_change(self, line: int, low: int, high: int, was: bool) -> int:
        """Bisect (low, high], on which the score is monotone; the guess of the closed formula narrows it first."""
        guess = self._solve(line, low, high)
        for at in (guess - 2, guess + 2):
            if low < at < high:
                low, high = (at, high) if self.reaches(line, at) == was else (low, at)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.reaches(line, middle) == was else (low, middle)
        return high

    def _solve(self, line: int, low: int, high: int) -> int:
        """The instant at which the score is half a rounding step below the line, on a stretch without kinks."""
        flat, fading = -(line - 10 ** (3 - PLACES) / 2), 0.0
        middle = (low + high) // 2
        for part in self.parts:
            if part.cap is not None and part.fading.at(middle, self.half_life) + part.lasting >= part.cap:
                flat += part.cap
            else:
                flat += part.lasting
                fading += part.fading.at(low, self.half_life)
        if not fading or not 0 < -flat / fading < inf:
            return low
        return ceil(low - log2(-flat / fading) * self.half_life)


def rounded(value: float) -> float:
    """Return a score as it is shown and compared, never minus zero."""
    return round(value, PLACES) + 0.0


def _cap_released(part: Part, half_life: int) -> int:
    """The instant at which the group's sum passes its cap by fading; 0 when it never does."""
    if part.cap is None or not part.fading.partials:
        return 0
    room, value = part.cap - part.lasting, fsum(part.fading.partials)
    if not value or room / value <= 0:
        return 0
    return ceil((part.fading.landmark + log2(value / room)) * half_life)


def _grow(partials: Sequence[float], value: float) -> tuple[float, ...]:
    """Add one float to an exact expansion (Shewchuk's grow-expansion with zero elimination)."""
    kept: list[float] = []
    for each in partials:
        large, small = (value, each) if abs(value) >= abs(each) else (each, value)
        total = large + small
        low = small - (total - large)
        if low:
            kept.append(low)
        value = total
    if value:
        kept.append(value)
    return tuple(kept)
