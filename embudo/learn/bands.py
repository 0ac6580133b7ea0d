"""Into which bins the values of one attribute fall: values by themselves, numbers in bands of similar outcome.

The bins of an attribute part all people: everybody is in exactly one. Values too few have share one bin, as do those of
whom nothing is known; neither can become a criterion. Bands are found by ChiMerge (Kerber 1992): from bands of about
as many people each, neighbours that do not differ are joined until all do.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil, floor, log10
from typing import Any

from embudo.core.condition import Compare, Condition, Every, Op, Some
from embudo.learn.cases import Case, Id
from embudo.learn.evidence import SURE, Share, chi_square, quantile

FINEST = 40  # bands at first
DIGITS, SMALLEST = 15, -300  # powers of ten beyond are no numbers of a computer any more
Key = tuple[bool, Any]  # whether it is yes or no, which Python takes for numbers, and the value
DIFFER = quantile(1 - (1 - SURE) / FINEST) ** 2  # chi-square of one degree of freedom; so many pairs are compared


@dataclass(slots=True)
class Bin:
    """People whose value is one of some, or lies in a band; of the rest, and of those unknown, `values` is None."""

    values: tuple[Any, ...] | None
    people: set[Id] = field(default_factory=set)
    customers: int = 0
    known: bool = True

    @property
    def share(self) -> Share:
        """Its customers and people."""
        return Share(self.customers, len(self.people))

    def add(self, case: Case) -> None:
        """Count one person."""
        self.people.add(case.id)
        self.customers += case.bought_at is not None


@dataclass(slots=True)
class Band(Bin):
    """People whose number lies from `least` to `most`; None: without an end there. `place` is that among its bands."""

    least: float | None = None
    most: float | None = None
    place: int = 0


def bins_of(cases: Sequence[Case], name: str, least: int) -> list[Bin]:
    """Return the bins of an attribute; those of less than `least` people share one."""
    known: dict[Key, list[Case]] = defaultdict(list)
    unknown = Bin(None, known=False)
    for case in cases:
        value = case.value(name)
        if value in (None, "") or not isinstance(value, str | int | float):
            unknown.add(case)
        else:
            known[type(value) is bool, value].append(case)
    numbers = all(isinstance(value, int | float) and not boolean for boolean, value in known)
    bins: list[Bin] = [*_bands(known, least)] if numbers and len(known) > 2 else _values(known, least)
    return [*bins, unknown] if unknown.people else bins


def choices_of(cases: Sequence[Case], name: str, least: int) -> dict[Any, list[Bin]]:
    """Return, of an attribute with several choices, for each choice who made it, who did not, and who is unknown."""
    made: dict[Any, set[Id]] = defaultdict(set)
    for case in cases:
        value = case.value(name)
        for choice in value if isinstance(value, list | tuple) else ():
            if isinstance(choice, str | int | float):  # what came in otherwise is no choice
                made[choice].add(case.id)
    found = {}
    for choice in sorted((each for each in made if len(made[each]) >= least), key=str):
        has, lacks, unknown = Bin((choice,)), Bin(None), Bin(None, known=False)
        for case in cases:
            value = case.value(name)
            answered = isinstance(value, list | tuple) and value
            (has if case.id in made[choice] else lacks if answered else unknown).add(case)
        found[choice] = [each for each in (has, lacks, unknown) if each.people]
    return found


def condition_of(name: str, bins: Sequence[Bin]) -> Condition:
    """Return the condition that somebody is in one of these bins, which all have values or are bands."""
    bands = [each for each in bins if isinstance(each, Band)]
    if bands:
        parts = [_within(name, first, last) for first, last in _runs(bands)]
        return parts[0] if len(parts) == 1 else Some(tuple(parts))
    values = tuple(sorted((value for each in bins for value in each.values or ()), key=str))
    return Compare(name, Op.IS, values[0]) if len(values) == 1 else Compare(name, Op.ONE_OF, values)


def _values(known: Mapping[Key, Sequence[Case]], least: int) -> list[Bin]:
    found, rest = [], Bin(None)
    for key in sorted(known, key=lambda each: (str(type(each[1])), str(each[1]))):
        into = Bin((key[1],)) if len(known[key]) >= least else rest
        for case in known[key]:
            into.add(case)
        if into is not rest:
            found.append(into)
    return [*found, rest] if rest.people else found


def _bands(known: Mapping[Key, Sequence[Case]], least: int) -> list[Band]:
    total = sum(map(len, known.values()))
    bands: list[Band] = []
    for key in sorted(known):
        if not bands or len(bands[-1].people) >= max(total / FINEST, 1):
            bands.append(Band((), least=key[1]))
        bands[-1].most = key[1]
        for case in known[key]:
            bands[-1].add(case)
    while len(bands) > 1:
        differences = [chi_square(one.share, other.share) for one, other in pairwise(bands)]
        small = min(range(len(bands)), key=lambda each: len(bands[each].people))
        if len(bands[small].people) < least:
            beside = [each for each in (small - 1, small) if 0 <= each < len(differences)]
            at = min(beside, key=lambda each: differences[each])
        else:
            at = min(range(len(differences)), key=lambda each: differences[each])
            if differences[at] >= DIFFER:
                break
        bands[at : at + 2] = [_joined(bands[at], bands[at + 1])]
    return _rounded(bands)


def _joined(one: Band, other: Band) -> Band:
    customers = one.customers + other.customers
    return Band((), one.people | other.people, customers, least=one.least, most=other.most)


def _rounded(bands: Sequence[Band]) -> list[Band]:
    """The bands with round ends between the numbers that were seen, open at both sides."""
    for one, other in pairwise(bands):
        below, above = one.most, other.least
        assert below is not None and above is not None
        one.most, other.least = round_from(below, above), round_to(below, above)
    bands[0].least = bands[-1].most = None
    for place, band in enumerate(bands):
        band.place = place
    return list(bands)


def round_to(below: float, above: float) -> float:
    """Return the roundest number that is above one and at most the other."""
    return next((each for each in _rounder(below, above, floor, above) if below < each <= above), above)


def round_from(below: float, above: float) -> float:
    """Return the roundest number that is at least one and below the other."""
    return next((each for each in _rounder(below, above, ceil, below) if below <= each < above), below)


def _rounder(below: float, above: float, whole: Callable[[float], int], number: float) -> Iterator[float]:
    """A number rounded by `whole`, to fewer digits first."""
    most = floor(log10(max(abs(below), abs(above)))) + 1
    for power in range(most, max(most - DIGITS, SMALLEST), -1):
        yield float(f"{whole(number / 10.0**power) * 10.0**power:.{DIGITS}g}")


def _runs(bands: Sequence[Band]) -> list[tuple[Band, Band]]:
    """The first and the last of each run of neighbours."""
    found: list[tuple[Band, Band]] = []
    for band in sorted(bands, key=lambda each: each.place):
        if found and found[-1][1].place + 1 == band.place:
            found[-1] = (found[-1][0], band)
        else:
            found.append((band, band))
    return found


def _within(name: str, first: Band, last: Band) -> Condition:
    ends = ((Op.AT_LEAST, first.least), (Op.AT_MOST, last.most))
    parts = tuple(Compare(name, op, _plain(end)) for op, end in ends if end is not None)
    if not parts:  # one band of all numbers
        return Compare(name, Op.KNOWN, True)
    return parts[0] if len(parts) == 1 else Every(parts)


def _plain(number: float) -> float | int:
    return int(number) if number == int(number) else number
