"""The facts that one run of an act records of several people: their ids, which still stand, and taking them back."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from embudo.core.event import Event
from embudo.eventlog import Receipt
from embudo.leads.history import WITHDRAWN, withdrawn
from embudo.leads.record import APP, record_of_each, the_log

Step = tuple[int, Any]  # a person who changes, and what was before


def fact_of(run: str, person: int) -> str:
    """Return the id of the fact that this run of an act records of a person: the same however often it is done."""
    return str(uuid5(NAMESPACE_OID, f"{run}:{person}"))


def take_back(steps: Sequence[Step], *, by: Any, run: str) -> list[Receipt]:
    """Take back the facts that this run of an act has recorded of these people."""
    facts = [(person, fact_of(run, person)) for person, _before in steps]
    said = [(person, {"source": APP, "id": fact}, f"{fact}-withdrawn") for person, fact in facts]
    return record_of_each(WITHDRAWN, said, by=by)


def still_said(steps: Sequence[Step], *, run: str, same: Callable[[Event], bool]) -> list[Step]:
    """Return those whose fact of this run stands: not taken back, and nothing said since on the `same` matter."""
    if not steps:
        return []
    history = the_log().history({person for person, _before in steps})
    gone = withdrawn(history)
    said: dict[int, list[Event]] = {}
    for event in history:
        if same(event) and event.key not in gone:
            said.setdefault(event.subject, []).append(event)
    return [step for step in steps if _is_last(fact_of(run, step[0]), said.get(step[0], []))]


def _is_last(fact: str, said: Sequence[Event]) -> bool:
    ours = next((each for each in said if (each.source, each.id) == (APP, fact)), None)
    return ours is not None and not any(
        each.received_at > ours.received_at and each.order > ours.order for each in said
    )
