"""Periods of a time zone as SQL arithmetic, with the zone's changes of clock written out: no zone data is needed."""

from collections.abc import Sequence
from dataclasses import dataclass

from embudo.core.event import DAY
from embudo.core.window import MONDAY, Period, transitions

ERA = 146_097  # days of 400 years; shifts days so that every division is of positive numbers
ERAS = 25  # back to 8000 years before 1970
MARCH = 719_468  # days from 1 March of the year 0 to 1970-01-01


@dataclass(frozen=True, slots=True)
class Calendar:
    """The offsets of a zone, as (instant, offset from then on), over all instants the facts may have."""

    offsets: Sequence[tuple[int, int]]

    @classmethod
    def of(cls, zone: str, first_at: int, last_at: int) -> "Calendar":
        """Return the calendar of a zone that is right from `first_at` to `last_at`."""
        return cls(((first_at, 0),) if zone == "UTC" else tuple(transitions(zone, first_at, max(first_at, last_at))))

    @property
    def advances(self) -> bool:
        """Whether no instant falls on an earlier day than one before it, which clocks set back at midnight cause."""
        turns = zip(self.offsets, self.offsets[1:], strict=False)
        return all((turn - 1 + before) // DAY <= (turn + after) // DAY for (_, before), (turn, after) in turns)

    def bucket(self, at: str, per: Period) -> str:
        """Return the SQL of a number that two instants share exactly when they are in the same period."""
        if per is Period.EVER:
            return "0"
        shift = ERAS * ERA
        day = f"(({at} + {self._offset(at, self.offsets)} + {shift * DAY}) // {DAY})"
        if per is Period.DAY:
            return day
        if per is Period.WEEK:
            return f"(({day} + {(MONDAY - shift) % 7}) // 7)"
        return _month(f"({day} + {MARCH})")

    def _offset(self, at: str, offsets: Sequence[tuple[int, int]]) -> str:
        if len(offsets) == 1:
            return str(offsets[0][1])
        half = len(offsets) // 2
        early, late = self._offset(at, offsets[:half]), self._offset(at, offsets[half:])
        return f"CASE WHEN {at} < {offsets[half][0]} THEN {early} ELSE {late} END"


def _month(day: str) -> str:
    """Months counted from a 1 March, by civil_from_days (howardhinnant.github.io/date_algorithms.html)."""
    era, of_era = f"({day} // {ERA})", f"({day} % {ERA})"
    year = f"(({of_era} - {of_era} // 1460 + {of_era} // 36524 - {of_era} // 146096) // 365)"
    of_year = f"({of_era} - (365 * {year} + {year} // 4 - {year} // 100))"
    return f"(({era} * 400 + {year}) * 12 + (5 * {of_year} + 2) // 153)"
