"""What the list shows of a person besides score and stage: when, how often, and by which first and last touch.

Everything here is a minimum, a maximum or a count over facts, so the order in which they arrive does not matter.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from embudo.core.event import Door, Event, Verdict
from embudo.core.identity import names_somebody
from embudo.engines.state import Order
from embudo.leads.touch import Touch, rank_of, touch_of

NOTED = ("stage_set", "profile_changed", "handoff_", "opportunity_", "note_")  # kinds, by how they begin
NOWHERE = Touch("", "", "", "")


@dataclass(slots=True)
class Summary:
    """The plain sums over the facts of one person."""

    created_at: int = 0  # earliest arrival; 0: no fact yet
    first_seen_at: int = 0  # earliest event time
    last_seen_at: int = 0  # latest event time of what the person did
    first_seen_known: bool = True  # False: that fact came with an import that had no times
    last_seen_known: bool = True
    events: int = 0  # what the person did, see is_own
    known: bool = False  # some fact says who they are
    touched: Order | None = None  # the order of the fact that is the first touch
    touch: Touch = NOWHERE
    last_touched: tuple[int, int, str, str] | None = None  # the rank of the last touch, leads/touch.py
    last_touch: Touch = NOWHERE

    def add(self, event: Event) -> None:
        """Count one fact more."""
        dated = not undated(event)
        if not self.created_at or event.at < self.first_seen_at:
            self.first_seen_at, self.first_seen_known = event.at, dated
        elif event.at == self.first_seen_at:
            self.first_seen_known = self.first_seen_known and dated
        self.created_at = min(self.created_at or event.received_at, event.received_at)
        if is_own(event):
            if not self.events or event.at > self.last_seen_at:
                self.last_seen_at, self.last_seen_known = event.at, dated
            elif event.at == self.last_seen_at:
                self.last_seen_known = self.last_seen_known and dated
            self.events += 1
        elif not self.events:
            self.last_seen_at, self.last_seen_known = self.first_seen_at, self.first_seen_known
        self.known = self.known or (event.verdict is Verdict.HUMAN and names_somebody(event))
        touch = touch_of(event)
        if touch is not None:
            if self.touched is None or event.order < self.touched:
                self.touched, self.touch = event.order, touch
            rank = rank_of(event, touch)
            if self.last_touched is None or rank > self.last_touched:
                self.last_touched, self.last_touch = rank, touch


def undated(event: Event) -> bool:
    """Return whether nobody knows when the fact was: its time only keeps the order of an import's rows."""
    return event.context.get("time") == "unknown"


def is_own(event: Event) -> bool:
    """Return whether a fact is something the person did, not something that our side noted about them."""
    return event.door is not Door.APP or not event.kind.startswith(NOTED)


def summary_of(history: Iterable[Event]) -> Summary:
    """Return the summary of a whole history."""
    summary = Summary()
    for event in history:
        summary.add(event)
    return summary
