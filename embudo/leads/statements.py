"""Who said what about an attribute, and when: the history of a profile, and opportunities, read from the facts."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from embudo.core.attributes import stated_by, traits
from embudo.core.event import Door, Event
from embudo.leads.history import withdrawn
from embudo.leads.sentences import text
from embudo.leads.summary import undated


@dataclass(frozen=True, slots=True)
class Said:
    """One statement of one attribute."""

    value: Any
    at: int
    door: str
    by: str
    in_force: bool
    rank: tuple[int, int, str, str]
    undated: bool = False


def statements(history: Iterable[Event]) -> dict[str, list[Said]]:
    """Return what was said of each attribute, the latest first; in force is the greatest rank, not the latest date."""
    found: dict[str, list[tuple[Any, Event]]] = {}
    for event in history:
        if traits(event):
            for name, each in stated_by(event).items():
                found.setdefault(name, []).append((each, event))
    return {name: _said(pairs) for name, pairs in found.items()}


def _said(pairs: list[tuple[Any, Event]]) -> list[Said]:
    best = max(each.rank for each, _event in pairs)
    said = [
        Said(each.value, event.at, event.door.value, author(event), each.rank == best, each.rank, undated(event))
        for each, event in pairs
    ]
    return sorted(said, key=lambda each: (each.at, each.rank), reverse=True)


def author(event: Event) -> str:
    """Return who in the app recorded a fact; empty when nobody did."""
    if event.door is not Door.APP:
        return ""
    return text(event.context.get("by_name")) or text(event.props.get("by"))


@dataclass
class Opportunity:
    """One opportunity as its facts tell it: open, won or lost."""

    id: str
    name: str = ""
    amount: float | None = None
    currency: str = ""
    status: str = "open"
    stage: str = ""
    reason: str = ""
    opened_at: int = 0
    changed_at: int = 0
    dated: bool = True  # whether the last of its facts has a known time


STATUS = {"opportunity_opened": "open", "opportunity_moved": "", "opportunity_won": "won", "opportunity_lost": "lost"}


def opportunities(history: Iterable[Event]) -> list[Opportunity]:
    """Return the opportunities of a history, the last changed first."""
    found: dict[str, Opportunity] = {}
    history = list(history)
    taken_back = withdrawn(history)
    for event in history:
        if event.kind not in STATUS or event.key in taken_back:
            continue
        id_ = text(event.props.get("opportunity"))
        each = found.setdefault(id_, Opportunity(id_, opened_at=event.at))
        each.name = text(event.props.get("name")) or each.name
        amount = event.props.get("amount")
        if isinstance(amount, int | float) and not isinstance(amount, bool):
            each.amount, each.currency = float(amount), text(event.props.get("currency"))
        each.stage = text(event.props.get("stage")) or each.stage
        each.status = STATUS[event.kind] or each.status
        each.reason = text(event.props.get("reason")) if each.status == "lost" else ""
        each.changed_at, each.dated = event.at, not undated(event)
    return sorted(found.values(), key=lambda each: -each.changed_at)
