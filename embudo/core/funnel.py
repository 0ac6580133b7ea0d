"""What the funnel counts: populations, conversion and time between stages, from the moves of people.

The plain reading of DESIGN 9.11: a person has reached a stage when they entered it or one behind it, so
a skipped stage counts as passed; medians use actual entries of known time only; negative durations are listed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

STAGES = ("visitor", "lead", "qualified", "prospect", "opportunity", "customer", "ambassador")
DISCARDED = "discarded"  # out of the funnel
RANK: Mapping[str, int] = {name: rank for rank, name in enumerate(STAGES)}


@dataclass(frozen=True, slots=True)
class Entry:
    """One person entered a stage at an instant (microseconds); not `dated`: nobody knows when, `at` keeps the order."""

    person: int
    stage: str
    at: int
    dated: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of the funnel for a period.

    `population`: people in it now. `entered`: people who first reached it in the period. `converted`: those of them who
    have reached the next stage by now. `median`: microseconds from first entry to first entry of the next stage they
    entered (not of one they skipped), over those who entered in the period, where both times are known; None without
    any. `negative`: people whose next entry lies before.
    """

    stage: str
    population: int
    entered: int
    converted: int
    median: float | None
    negative: tuple[int, ...]

    @property
    def conversion(self) -> float | None:
        """The share converted, 0 to 1; None when nobody entered."""
        return self.converted / self.entered if self.entered else None


def funnel(entries: Iterable[Entry], *, start: int, end: int) -> list[Step]:
    """Return one Step per stage for those who first reached it in [start, end), everything counted up to `end`."""
    first: dict[tuple[int, str], Entry] = {}
    latest: dict[int, Entry] = {}
    for entry in sorted(entries, key=lambda each: each.at):
        if entry.at < end:
            first.setdefault((entry.person, entry.stage), entry)
            latest[entry.person] = entry
    reached = {(person, rank): _reached(first, person, rank) for person in latest for rank in range(len(STAGES))}
    return [_step(rank, first, reached, latest, start) for rank in range(len(STAGES))]


def _reached(first: Mapping[tuple[int, str], Entry], person: int, rank: int) -> int | None:
    at = [first[person, stage].at for stage in STAGES[rank:] if (person, stage) in first]
    return min(at) if at else None


def _step(
    rank: int,
    first: Mapping[tuple[int, str], Entry],
    reached: Mapping[tuple[int, int], int | None],
    latest: Mapping[int, Entry],
    start: int,
) -> Step:
    stage = STAGES[rank]
    following = STAGES[rank + 1] if rank + 1 < len(STAGES) else ""
    entered = [person for person in latest if (at := reached[person, rank]) is not None and at >= start]
    spans = {
        person: next_entry.at - entry.at
        for person in latest
        if (entry := first.get((person, stage))) is not None
        and entry.at >= start
        and (next_entry := _next_entry(first, person, rank)) is not None
        and entry.dated
        and next_entry.dated
    }
    return Step(
        stage=stage,
        population=sum(entry.stage == stage for entry in latest.values()),
        entered=len(entered),
        converted=sum(reached.get((person, rank + 1)) is not None for person in entered) if following else 0,
        median=_median([span for span in spans.values() if span >= 0]),
        negative=tuple(sorted(person for person, span in spans.items() if span < 0)),
    )


def _next_entry(first: Mapping[tuple[int, str], Entry], person: int, rank: int) -> Entry | None:
    return next((first[person, stage] for stage in STAGES[rank + 1 :] if (person, stage) in first), None)


def _median(spans: Sequence[int]) -> float | None:
    return median(spans) if spans else None
