"""Which traits the customers of a company have that others do not: criteria that the past proposes, with the evidence.

Every attribute is put into bins (`bands`) and ranked by its information value among those of whom it is known. The
bins in which customers are more frequent than among the others become one proposal, those in which they are rarer
another, as far as that is not by chance: of all that is found one in ten may be (Benjamini-Hochberg). The lift that is
told was measured on people who had no part in finding it (five folds by the id of a person), for what is chosen and
measured on the same people looks better than it is; what does not stand there is not proposed.

What gives the outcome away is flagged and never proposed (`cases.Leak`); what was known too late counts as unknown.
Nothing depends on the order of the cases.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from typing import Any
from zlib import crc32

from embudo.core.condition import Condition, holds
from embudo.core.definition import THOUSAND
from embudo.learn.bands import FINEST, Band, Bin, bins_of, choices_of, condition_of
from embudo.learn.cases import HARDLY, MOST_LATE, NOTHING, Case, Id, Leak
from embudo.learn.evidence import Lift, Share, association, chance, false_discoveries, information_value, lift

LEAST_CUSTOMERS = 20  # in all, and as many others: with fewer nothing is proposed
LEAST_PEOPLE = 30  # who have a trait
LEAST_EXPECTED = 5.0  # customers among them, found or to be expected
FALSE = 0.1  # of what is found
FOLDS = 5
MARKED = 1.25  # times as frequent
ALIKE = 0.5  # association from which two proposals say much the same
PURE, MUCH = 0.95, 0.5  # bins that are nearly all customers and hold so many of them tell the outcome
POINTS = (5, 30)  # least and most that are suggested


@dataclass(frozen=True, slots=True)
class Finding:
    """One attribute, or one choice of it, as far as it tells customers from others."""

    name: str
    choice: Any
    value: float  # information value
    leak: Leak | None
    bins: tuple[Bin, ...]

    @property
    def known(self) -> Share:
        """Of whom it was known in time: among them customers are compared with others."""
        return _known(self.bins)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A criterion that the past proposes. `points` in thousandths; less than 0 where customers are rarer."""

    name: str
    when: Condition
    points: int
    share: Share  # of those who have the trait
    lift: Lift  # against those who do not, measured on others than it was chosen by
    people: frozenset[Id]
    alike: tuple[int, ...] = ()  # the numbers of the earlier proposals that say much the same


@dataclass(frozen=True, slots=True)
class Discovery:
    """What the past proposes. `enough` is False where too few bought, or too few did not, to propose anything."""

    everybody: Share
    enough: bool
    findings: tuple[Finding, ...]  # the greatest information value first
    proposals: tuple[Proposal, ...]  # the surest first


def discover(cases: Iterable[Case], names: Sequence[str] | None = None) -> Discovery:
    """Compare customers with others over these attributes, by default all that anybody has."""
    people = sorted(cases, key=lambda each: each.id)
    wanted = sorted({name for each in people for name in each.values} if names is None else set(names))
    everybody = Share(sum(each.bought_at is not None for each in people), len(people))
    enough = min(everybody.customers, everybody.people - everybody.customers) >= LEAST_CUSTOMERS
    findings = sorted(
        (found for name in wanted for found in _findings(people, name)),
        key=lambda each: (-each.value, each.name, str(each.choice)),
    )
    proposals = _proposals(people, findings) if enough else []
    return Discovery(everybody, enough, tuple(findings), tuple(_marked(proposals, everybody)))


# -- attributes ------------------------------------------------------------------------------------


def _findings(people: Sequence[Case], name: str) -> list[Finding]:
    parted = _bins(people, name)
    return [
        Finding(name, choice, information_value([each.share for each in bins if each.known]),
                _leak(people, name, bins), tuple(bins))
        for choice, bins in parted.items()
    ]  # fmt: skip


def _bins(people: Sequence[Case], name: str) -> Mapping[Any, list[Bin]]:
    """The bins of an attribute; of one with several choices those of each choice, else there is one without a name."""
    several = any(isinstance(each.value(name), list | tuple) for each in people)
    return choices_of(people, name, LEAST_PEOPLE) if several else {None: bins_of(people, name, LEAST_PEOPLE)}


def _known(bins: Iterable[Bin]) -> Share:
    return _sum(each.share for each in bins if each.known)


def _leak(people: Sequence[Case], name: str, bins: Sequence[Bin]) -> Leak | None:
    customers = [each for each in people if each.bought_at is not None]
    have = [each for each in customers if each.has(name)]
    if len(have) < LEAST_EXPECTED:
        return None
    if sum(each.is_late(name) for each in have) > MOST_LATE * len(have):
        return Leak.AFTER
    others = [each for each in people if each.bought_at is None]
    if others and sum(each.has(name) for each in others) / len(others) < HARDLY * len(have) / len(customers):
        return Leak.CUSTOMERS_ONLY
    pure = [each for each in bins if each.values is not None and each.share.rate >= PURE]
    if sum(each.customers for each in pure) >= MUCH * len(customers):
        return Leak.TELLS
    return None


# -- proposals -------------------------------------------------------------------------------------


def _proposals(people: Sequence[Case], findings: Sequence[Finding]) -> list[Proposal]:
    usable = [each for each in findings if each.leak is None]
    cut = false_discoveries((_chance(bin, each.known) for each in usable for bin in _tellable(each.bins)), FALSE)
    folds: list[list[Case]] = [[] for _fold in range(FOLDS)]
    for case in people:
        folds[_fold(case.id)].append(case)
    found = []
    for finding in usable:
        own: list[Proposal] = []
        for more in (True, False):
            each = _proposal(finding, folds, cut, more=more)
            if each is not None and not (own and _are_alike(own[0].people, each.people, finding.known)):
                own.append(each)  # and not the other side of the same
        found += own
    found.sort(key=lambda each: (-_surety(each.lift), each.name, str(each.when)))
    return found


def _proposal(finding: Finding, folds: Sequence[Sequence[Case]], cut: float, *, more: bool) -> Proposal | None:
    """One proposal of the bins that surely hold more customers than the others, or fewer; None where there are none."""
    bins = _chosen(finding.bins, cut, more=more)
    if not bins:
        return None
    inside = outside = Share(0, 0)
    for number, fold in enumerate(folds):
        others = [case for other, some in enumerate(folds) if other != number for case in some]
        parted = _bins(others, finding.name).get(finding.choice, [])
        of_others = _chosen(parted, FALSE, tried=1, more=more)  # how much it is, is measured here, and not whether
        seen = condition_of(finding.name, of_others) if of_others else None
        for case in fold:
            one = Share(case.bought_at is not None, 1)
            if seen is not None and holds(seen, case.value):
                inside += one
            elif case.value(finding.name) not in NOTHING:
                outside += one
    if not inside.people or not outside.people:
        return None
    measured = lift(inside, outside)
    if not _is_marked(measured, more=more) or not (measured.low > 1 if more else measured.high < 1):
        return None
    when, share = condition_of(finding.name, bins), _sum(each.share for each in bins)
    everyone = frozenset[Id]().union(*(each.people for each in bins))
    return Proposal(finding.name, when, _points(measured), share, measured, everyone)


def _chosen(bins: Sequence[Bin], cut: float, *, more: bool, tried: int = FINEST) -> list[Bin]:
    """The bins in which customers are markedly more frequent, or rarer, than among the others known, and not by chance.

    `tried` is among how many bands a band was looked for.
    """
    everybody, found = _known(bins), []
    for each in _tellable(bins):
        marked = _is_marked(lift(each.share, everybody - each.share), more=more)
        if marked and _chance(each, everybody, tried) <= cut:
            found.append(each)
    return found


def _is_marked(against: Lift, *, more: bool) -> bool:
    return (against.ratio if more else 1 / against.ratio) >= MARKED


def _tellable(bins: Sequence[Bin]) -> list[Bin]:
    """The bins with enough people, in them and not, for a share of customers to mean anything."""
    everybody = _known(bins)
    return [
        each
        for each in bins
        if each.values is not None
        and min(len(each.people), everybody.people - len(each.people)) >= LEAST_PEOPLE
        and max(each.customers, len(each.people) * everybody.rate) >= LEAST_EXPECTED
    ]


def _chance(each: Bin, everybody: Share, tried: int = FINEST) -> float:
    """How likely the bin differs so much by chance, where a band is the best of those that were tried."""
    found = chance(each.share, everybody - each.share)
    return min(found * tried, 1.0) if isinstance(each, Band) else found


def _fold(person: Id) -> int:
    """The fold of a person, which nothing of them tells."""
    return crc32(str(person).encode()) % FOLDS


def _sum(shares: Iterable[Share]) -> Share:
    return sum(shares, Share(0, 0))


def _surety(measured: Lift) -> float:
    """How far the near end of the interval is from saying nothing."""
    return log2(measured.low) if measured.ratio > 1 else -log2(measured.high)


def _points(measured: Lift) -> int:
    """Ten points for each doubling, in fives; thousandths."""
    least, most = POINTS
    whole = min(max(5 * round(2 * abs(log2(measured.ratio))), least), most)
    return THOUSAND * (whole if measured.ratio > 1 else -whole)


def _are_alike(one: frozenset[Id], other: frozenset[Id], everybody: Share) -> bool:
    """Whether two traits are nearly those of the same people, or one of nearly all whom the other leaves."""
    return abs(association(one, other, everybody.people)) >= ALIKE


def _marked(proposals: Sequence[Proposal], everybody: Share) -> list[Proposal]:
    """The proposals, each with those before it that say much the same."""
    found: list[Proposal] = []
    for each in proposals:
        alike = tuple(number for number, other in enumerate(found) if _are_alike(other.people, each.people, everybody))
        found.append(Proposal(each.name, each.when, each.points, each.share, each.lift, each.people, alike))
    return found
