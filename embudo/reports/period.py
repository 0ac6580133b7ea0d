"""What span of time a report covers: the last days, all of it, or dates somebody chose; and the span before."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from embudo.core.event import DAY
from embudo.leads.clock import EPOCH
from embudo.ui import figures

ROLLING = (7, 30, 90, 365)
DEFAULT = 90
FIRST_YEAR, LAST_YEAR = 1900, 9000


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` up to and without `end`, in microseconds. `key` is how addresses write it."""

    key: str
    start: int
    end: int
    days: int = 0  # of a rolling period, else 0

    @property
    def before(self) -> "Period | None":
        """The period of the same length that ends where this one starts; None when this one has no start."""
        if not self.start:
            return None
        return Period(self.key, 2 * self.start - self.end, self.start, self.days)

    @property
    def words(self) -> str:
        """What the period is called."""
        if self.days:
            return ngettext("Last %(n)s day", "Last %(n)s days", self.days) % {"n": self.days}
        if not self.start:
            return _("All time")
        first, last = _on(self.start), _on(self.end - 1)
        return first if first == last else f"{first} – {last}"

    @property
    def first_on(self) -> str:
        """The first day, as date fields write it; empty when there is none."""
        return figures.moment_of(self.start).date().isoformat() if self.start else ""

    @property
    def last_on(self) -> str:
        """The last day, as date fields write it."""
        return figures.moment_of(self.end - 1).date().isoformat()

    @property
    def before_words(self) -> str:
        """How the period before is called in a comparison."""
        if self.days:
            return ngettext("compared with the day before", "compared with the %(n)s days before", self.days) % {
                "n": self.days
            }
        return _("compared with the same span before") if self.before else ""


def chosen(query: Mapping[str, str], now: int) -> Period:
    """Return the period an address asks for; what cannot be read gives the default."""
    first, last = _date(query.get("from", "")), _date(query.get("to", ""))
    if first and last and first <= last:
        return Period(f"{first}..{last}", midnight(first), midnight(last + timedelta(days=1)))
    key = query.get("period", "")
    if key == "all":
        return Period("all", 0, now)
    if ".." in key:
        parts = key.split("..")
        return chosen({"from": parts[0], "to": parts[1]}, now)
    days = int(key) if key in map(str, ROLLING) else DEFAULT
    return Period(str(days), now - days * DAY, now, days)


def understood(query: Mapping[str, str], period: Period) -> bool:
    """Return whether `period` is what an address asks for, and not the default because that could not be read."""
    asked = query.get("period", "")
    if query.get("from") or query.get("to") or ".." in asked:
        return ".." in period.key
    return not asked or asked == period.key


def _date(text: str) -> date | None:
    """The date, when there is one and it lies in the years that facts can have, whatever the reader's zone."""
    try:
        on = date.fromisoformat(text)
    except ValueError:
        return None
    return on if FIRST_YEAR <= on.year <= LAST_YEAR else None


def midnight(on: date) -> int:
    """Return the instant at which a day begins in the reader's zone."""
    moment = timezone.make_aware(datetime.combine(on, time()))
    return (moment - EPOCH) // timedelta(microseconds=1)


def _on(at: int) -> str:
    return figures.day(figures.moment_of(at), timezone.now())
