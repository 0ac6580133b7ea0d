"""The facts of one person as they count today: verdicts as revised, machines left out."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from embudo.core.event import Event, Verdict
from embudo.eventlog import Cursor, Log
from embudo.leads.identity import IDENTITY_KINDS

REVISED = "verdict_revised"
VERDICTS = frozenset(Verdict)


# Facts about other facts: they decide whose and what those are, and are nothing that a person did.
BOOKKEEPING = IDENTITY_KINDS | {REVISED, "person_erased", "definition_published"}


def counts(event: Event) -> bool:
    """Return whether a fact is folded at all: what machines did and what Embudo recorded is only kept and shown."""
    return event.verdict is not Verdict.MACHINE and event.kind not in BOOKKEEPING


def counted(history: Iterable[Event]) -> list[Event]:
    """Return the facts that count, each with the verdict last given to it, from a history in any order."""
    events = list(history)
    revised = {}
    for event in sorted((each for each in events if each.kind == REVISED), key=lambda each: each.order):
        revised[str(event.props.get("source")), str(event.props.get("id"))] = event.props.get("verdict")
    if revised:
        events = [_as_revised(event, revised.get(event.key)) for event in events]
    return [event for event in events if counts(event)]


def of_subjects(log: Log, subjects: Collection[int], through: Cursor) -> list[Event]:
    """Return the facts that count of these subjects as far as the cursor, in their order."""
    return counted(log.history(subjects, through=through))


def _as_revised(event: Event, verdict: object) -> Event:
    return replace(event, verdict=Verdict(verdict)) if verdict in VERDICTS else event
