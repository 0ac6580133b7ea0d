"""What the list shows of a person besides score and stage: when they came, how often, and by which first touch.

Everything here is a minimum, a maximum or a count over facts, so the order in which they arrive does not matter.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from embudo.core.event import Event, Verdict
from embudo.core.identity import names_somebody
from embudo.engines.state import Order
from embudo.leads.touch import Touch, touch_of

NOWHERE = Touch("", "", "", "")


@dataclass(slots=True)
class Summary:
    """The plain sums over the facts of one person."""

    created_at: int = 0  # earliest arrival
    first_seen_at: int = 0  # earliest and latest event time
    last_seen_at: int = 0
    events: int = 0
    known: bool = False  # some fact says who they are
    touched: Order | None = None  # the order of the fact that is the first touch
    touch: Touch = NOWHERE

    def add(self, event: Event) -> None:
        """Count one fact more."""
        if self.events:
            self.created_at = min(self.created_at, event.received_at)
            self.first_seen_at = min(self.first_seen_at, event.at)
            self.last_seen_at = max(self.last_seen_at, event.at)
        else:
            self.created_at, self.first_seen_at, self.last_seen_at = event.received_at, event.at, event.at
        self.events += 1
        self.known = self.known or (event.verdict is Verdict.HUMAN and names_somebody(event))
        if self.touched is None or event.order < self.touched:
            touch = touch_of(event)
            if touch is not None:
                self.touched, self.touch = event.order, touch


def summary_of(history: Iterable[Event]) -> Summary:
    """Return the summary of a whole history."""
    summary = Summary()
    for event in history:
        summary.add(event)
    return summary
