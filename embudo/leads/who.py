"""Who is who by the log alone: the plain reading of its identity facts, for the check and the batch engine."""

from collections import defaultdict
from dataclasses import dataclass, field

from embudo.core.event import Door, Event, subject_of
from embudo.core.identity import Identity
from embudo.eventlog import Cursor, Log
from embudo.leads.decided import cause_of, events_behind, is_decision
from embudo.leads.history import RETOLD, judgements

Revised = tuple[int, str, str, str]  # subject, source, id, verdict


@dataclass
class Who:
    """Subject -> person before merges, merge pointers, and the facts that were judged anew."""

    links: dict[int, int] = field(default_factory=dict)
    identity: Identity = field(default_factory=Identity)
    revised: list[Revised] = field(default_factory=list)

    @classmethod
    def read(cls, log: Log, through: Cursor) -> "Who":
        """Read a log as far as a cursor; each decision takes effect at the fact that caused it."""
        decisions: dict[tuple[str, str], list[Event]] = defaultdict(list)
        revisions: list[Event] = []
        for event in events_behind(log, Cursor(), through):
            if is_decision(event):
                decisions[cause_of(event)].append(event)
            elif event.kind in RETOLD:
                revisions.append(event)
        who = cls(revised=[(subject, *key, said) for key, (subject, said) in judgements(revisions).items()])
        for event in events_behind(log, Cursor(), through):
            if event.door is Door.SYSTEM:
                continue
            if event.door is Door.APP:
                who.identity.see(event)
            for fact in decisions.get(event.key, ()):
                who.identity.see(fact)
        who.links = {subject_of(identifier): person for identifier, (person, _) in who.identity.links.items()}
        return who

    def person_of(self, subject: int) -> int:
        """Return the surviving person of a subject."""
        return self.identity.root(self.links.get(subject, subject))

    def moved(self) -> dict[int, int]:
        """Return the surviving person of every subject that is not its own."""
        subjects = self.links.keys() | self.identity.merged.keys()
        return {each: person for each in subjects if (person := self.person_of(each)) != each}
