"""Identity decisions that the log holds already: they are replayed, never made a second time (DESIGN 9.4)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from embudo import pulse
from embudo.core.event import Door, Event
from embudo.core.identity import Decision
from embudo.eventlog import Cursor, Log
from embudo.leads.identity import IDENTITY_KINDS, SOURCE, Directory, decision_of

PORTION = 5000  # rows read at once
Key = tuple[str, str]


@dataclass
class Decided:
    """Decisions by the fact that caused them; facts behind the last cause have none yet and are decided afresh."""

    by_cause: dict[Key, list[Decision]] = field(default_factory=dict)
    used: set[Key] = field(default_factory=set)  # by a batch that is not written yet

    @classmethod
    def behind(cls, log: Log, cursor: Cursor) -> "Decided":
        """Return the decisions of the log whose causes lie behind the cursor."""
        found: dict[Key, list[Decision]] = {}
        for event in events_behind(log, cursor):
            if is_decision(event):
                found.setdefault(cause_of(event), []).append(decision_of(event))
        causes = {event.key for event in events_behind(log, cursor) if event.key in found} if found else set()
        return cls({cause: decisions for cause, decisions in found.items() if cause in causes})

    def __call__(self, event: Event, directory: Directory) -> Sequence[Decision]:
        """Carry out what was decided because of a fact, or decide; return what is new."""
        if len(self.used) == len(self.by_cause):
            return directory.see(event)
        directory.note(event)
        if event.key in self.by_cause:
            self.used.add(event.key)
            for decision in self.by_cause[event.key]:
                directory.apply(decision, event)
        return ()

    def skip(self, event: Event) -> None:
        """A fact cannot be followed: what was decided because of it is not waited for."""
        self.by_cause.pop(event.key, None)

    def written(self) -> None:
        """The batch is written: what it used is not needed again."""
        for key in self.used:
            del self.by_cause[key]
        self.used.clear()

    def given_up(self) -> None:
        """The batch is worked out once more."""
        self.used.clear()


def is_decision(event: Event) -> bool:
    """Return whether a fact is a decision that Embudo recorded."""
    return event.kind in IDENTITY_KINDS and event.door is Door.SYSTEM and event.source == SOURCE


def cause_of(fact: Event) -> Key:
    """Return the key of the fact that caused a decision."""
    source, id = fact.props["cause"]
    return str(source), str(id)


def events_behind(log: Log, cursor: Cursor, through: Cursor | None = None) -> Iterator[Event]:
    """Yield the events behind a cursor in log order, as far as `through`, or to the end the log has when it starts."""
    end = log.end() if through is None else through
    while not cursor.passed(end):
        rows, cursor = log.read(cursor, PORTION)
        pulse.beat()
        yield from (row.event for row in rows if row.offset <= end.offset(row.shard))
