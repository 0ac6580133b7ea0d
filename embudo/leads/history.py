"""The facts of one person as they count today: verdicts as revised, machines and what was taken back left out."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from hashlib import blake2b

from embudo.core.event import Door, Event, Verdict
from embudo.core.intake import Reason
from embudo.eventlog import Cursor, Log
from embudo.leads.identity import IDENTITY_KINDS, SOURCE, WITHDRAWN

REVISED, EXPIRED = "verdict_revised", "facts_expired"
COMPANIES_MERGED, COMPANIES_UNMERGED = "companies_merged", "companies_unmerged"
COLLISION = Reason.SUBJECT_COLLISION.value
RETOLD = frozenset((REVISED, WITHDRAWN, EXPIRED))  # after these a person's history is read again
VERDICTS = frozenset(Verdict)

# What a person in the app may take back of what was recorded there; attributes are stated anew instead.
WITHDRAWABLE = frozenset(
    "stage_set handoff_accepted handoff_rejected opportunity_opened opportunity_won opportunity_lost "
    "call_made meeting_held note_written".split()
)

# Facts about other facts: they decide whose and what those are, and are nothing that a person did.
BOOKKEEPING = IDENTITY_KINDS | RETOLD | {"person_erased", "definition_published", COMPANIES_MERGED, COMPANIES_UNMERGED}
Key = tuple[str, str]


def counts(event: Event) -> bool:
    """Return whether a fact is folded at all: what machines did and what Embudo recorded is only kept and shown."""
    return event.verdict is not Verdict.MACHINE and event.kind not in BOOKKEEPING and not is_of_company(event)


def is_of_company(event: Event) -> bool:
    """Return whether a fact is about a company, not about a person."""
    return event.identifier.startswith("company:")


def counted(history: Iterable[Event]) -> list[Event]:
    """Return the facts that count, each with the verdict last given to it, from a history in any order."""
    return [event for event in as_judged(history) if counts(event)]


def as_judged(history: Iterable[Event]) -> list[Event]:
    """Return all facts of a history in any order, each with the verdict last given to it."""
    events = list(history)
    judged = judgements(events)
    return [_as_judged(event, judged.get(event.key)) for event in events] if judged else events


def judgements(events: Iterable[Event]) -> dict[Key, tuple[int, str]]:
    """Return the subject and the verdict in force of each fact that was judged anew, from facts in any order.

    What a person in the app took back counts as little as what a machine did, whatever else is said of it.
    """
    found = {}
    for event in sorted((each for each in events if each.kind in RETOLD), key=_withdrawals_last):
        said = Verdict.MACHINE.value if event.kind == WITHDRAWN else str(event.props.get("verdict"))
        if event.kind == REVISED or event.door is Door.APP:
            found[about(event)] = (event.subject, said)
    return found


def withdrawn(history: Iterable[Event]) -> dict[Key, Event]:
    """Return the facts that took another one back, by the key of that one."""
    return {about(event): event for event in history if event.kind == WITHDRAWN and event.door is Door.APP}


def undoes_import(event: Event) -> bool:
    """Return whether a fact takes back what an import recorded: then what the import decided on identity goes, too."""
    return event.kind == WITHDRAWN and event.door is Door.APP and "import" in event.props


def without_undone(history: Iterable[Event]) -> list[Event]:
    """Return the facts without those of imports that were undone, and without the withdrawals of these."""
    events = list(history)
    undone = {about(event) for event in events if undoes_import(event)}
    return [event for event in events if event.key not in undone and not undoes_import(event)] if undone else events


def refusal_of(event: Event, *, now: int) -> Event:
    """Return the fact that leaves an event out because its identifier has the subject of another one."""
    text = f"{COLLISION}\0{event.source}\0{event.id}"
    return Event(
        source=SOURCE,
        id=blake2b(text.encode(), digest_size=16).hexdigest(),
        kind=REVISED,
        at=event.at,
        received_at=now,
        known_at=event.known_at,
        identifier=f"person:{event.subject}",
        subject=event.subject,
        door=Door.SYSTEM,
        verdict=Verdict.MACHINE,
        reasons=("embudo",),
        props={"source": event.source, "id": event.id, "verdict": Verdict.MACHINE.value, "why": COLLISION},
    )


def of_subjects(log: Log, subjects: Collection[int], through: Cursor) -> list[Event]:
    """Return the facts that count of these subjects as far as the cursor, in their order."""
    return counted(log.history(subjects, through=through))


def about(event: Event) -> Key:
    """Return the key of the fact that a fact is about."""
    return str(event.props.get("source")), str(event.props.get("id"))


def _withdrawals_last(event: Event) -> tuple[bool, tuple[int, str, str]]:
    return event.kind == WITHDRAWN, event.order


def _as_judged(event: Event, judged: tuple[int, str] | None) -> Event:
    return replace(event, verdict=Verdict(judged[1])) if judged and judged[1] in VERDICTS else event
