"""What became of the showings of a form in a period: seen, begun, sent, and where people left.

A sending counts for the showing it came from, so each number is a part of the one before it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from embudo.core.event import DAY, MINUTE
from embudo.forms.answering import label_here
from embudo.forms.confirming import sent_fact
from embudo.forms.content import Content
from embudo.forms.models import Form, Showing, Touched
from embudo.leads.clock import now

PERIODS = (1, 7, 30, 90, 365)
USUAL = 30
WAITS = MINUTE // 6  # after which a sending that is not settled is looked up in the log
SENT = Q(sent_at__isnull=False) & ~Q(verdict="machine")
DOUBTED = Q(sent_at__isnull=False) & ~Q(verdict="human")
STARTED = Q(started_at__isnull=False) & ~Q(verdict="machine")
WHAT = {
    "seen": ~Q(verdict="machine"),
    "begun": STARTED,
    "sent": SENT,
    "left": STARTED & Q(sent_at__isnull=True),
    "doubted": DOUBTED,
}


@dataclass(frozen=True, slots=True)
class Counts:
    """The numbers of one form."""

    seen: int
    begun: int
    sent: int
    doubted: int

    @property
    def begun_share(self) -> float | None:
        """Of those who saw it, who began."""
        return self.begun / self.seen if self.seen else None

    @property
    def sent_share(self) -> float | None:
        """Of those who began, who sent it."""
        return self.sent / self.begun if self.begun else None

    @property
    def of_seen_share(self) -> float | None:
        """Of those who saw it, who sent it."""
        return self.sent / self.seen if self.seen else None


NONE = Counts(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class FieldCount:
    """One field: in how many showings it was touched, and in how many it was the last before people left."""

    id: str
    label: str
    touched: int
    left: int
    begun: int

    @property
    def touched_share(self) -> float:
        """Of those who began, who came this far."""
        return self.touched / self.begun if self.begun else 0.0

    @property
    def left_share(self) -> float | None:
        """Of those who came this far, who left here."""
        return self.left / self.touched if self.touched else None


def days_of(text: str) -> int:
    """Return the period an address asks for, in days; what cannot be read gives the usual one."""
    return int(text) if text in map(str, PERIODS) else USUAL


def showings(form: Form, days: int) -> QuerySet[Showing]:
    """Return the showings of the last days."""
    return Showing.objects.filter(form=form, at__gte=now() - days * DAY)


def count(form: Form, days: int) -> Counts:
    """Return the numbers of a form in the last days."""
    return _counts(showings(form, days).aggregate(**_parts()))


def count_all(forms: Iterable[Form], days: int) -> dict[int, Counts]:
    """Return the numbers of several forms, by their key, in one query."""
    there = Showing.objects.filter(form__in=forms, at__gte=now() - days * DAY)
    return {row.pop("form"): _counts(row) for row in there.values("form").annotate(**_parts())}


def _parts() -> dict[str, Any]:
    return {name: Count("at", filter=WHAT[name]) for name in ("seen", "begun", "sent", "doubted")}


def _counts(row: dict[str, Any]) -> Counts:
    return Counts(row["seen"], row["begun"], row["sent"], row["doubted"])


def by_field(form: Form, content: Content, days: int, begun: int) -> list[FieldCount]:
    """Return the drop-off, field by field in their order; a field nobody is asked any more is left out."""
    here = showings(form, days)
    there = Touched.objects.filter(form=form, at__gte=now() - days * DAY)
    touched = dict(there.values_list("field").annotate(n=Count("field")))
    left = dict(here.filter(WHAT["left"]).values_list("last_field").annotate(n=Count("at")))
    asked = [each for each in content.fields if each.asked]
    return [
        FieldCount(each.id, label_here(each, content), touched.get(each.id, 0), left.get(each.id, 0), begun)
        for each in asked
    ]


def settle(form: Form) -> int:
    """Look up in the log what was about to be kept when a process died, and return how many of them were kept."""
    pending = Showing.objects.filter(form=form, sent_at__isnull=True, subject__isnull=False).exclude(fact="")
    found = 0
    for row in pending.filter(keeping_at__lte=now() - WAITS).select_related("form__site")[:50]:
        event = sent_fact(row)
        same = pending.filter(pk=row.pk, fact=row.fact, keeping_at=row.keeping_at)  # nobody has sent it meanwhile
        if event is None:
            same.update(fact="", subject=None, waiting=None, ask_at=None)
            continue
        found += same.update(sent_at=event.received_at, verdict=event.verdict.value, reasons=list(event.reasons))
    return found
