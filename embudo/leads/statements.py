"""Who said what about an attribute, and when: the history of a profile, read from the facts."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from embudo.core.attributes import stated_by, traits
from embudo.core.event import Door, Event
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
