"""How one person is erased: from the log with evidence, then from everything derived (DESIGN 9.16)."""

from typing import Any

from embudo.core.event import Door, Event, Verdict
from embudo.eventlog import Log
from embudo.eventlog.erase import Evidence
from embudo.leads.clock import now
from embudo.leads.identity import ERASED, Directory
from embudo.leads.pointers import Pointers
from embudo.leads.record import APP, the_log


def erase(person: int, *, by: Any, why: str, log: Log | None = None) -> Evidence:
    """Erase a person with everybody merged into them and return the log's evidence.

    The log forgets at once. The rows go when follow reads the fact that says so, which holds nothing but a number.
    """
    log = log or the_log()
    directory = Directory(Pointers.load())
    root = directory.pointers.root(person)
    directory.load_people([root])
    subjects = directory.subjects([root])[root].union(directory.pointers.tree(root))
    texts = [holding.identifier.partition(":")[2] for holding in directory.holdings.values()]
    evidence = log.erase(subjects, by=str(by), why=why, identifiers=texts)
    log.append([_fact(root, evidence.at + 1)])
    return evidence


def _fact(person: int, at: int) -> Event:
    return Event(
        source=APP,
        id=f"erased-{person}-{at}",
        kind=ERASED,
        at=at,
        received_at=now(),
        known_at=at,
        identifier=f"person:{person}",
        subject=person,
        door=Door.APP,
        verdict=Verdict.MACHINE,
    )
