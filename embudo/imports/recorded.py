"""What rows recorded, as their facts tell it: a report reads it from the log, and nothing of it is kept twice."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from embudo.core.event import Event
from embudo.eventlog import Log
from embudo.imports.facts import PROFILE
from embudo.leads.company_facts import CHANGED
from embudo.leads.models import ImportRow, ImportRun

DEAL = "deal:"  # before the parts of an opportunity, among what a row changes
STATUSES = {"opportunity_opened": "open", "opportunity_won": "won", "opportunity_lost": "lost"}
FIRST = ("name", "amount", "currency", "status", "stage", "reason", "opened", "closed")
Changes = dict[str, list[Any]]  # attribute, or a part of an opportunity -> [value before, value now]


def recorded_by(log: Log, run: ImportRun, rows: Sequence[ImportRow]) -> dict[int, Changes]:
    """Return what rows of a run recorded and the log still has, by the ids of the rows."""
    wanted = {id: row.pk for row in rows for id in row.facts.split()}
    found: dict[int, list[Event]] = defaultdict(list)
    subjects = {row.subject for row in rows if row.facts and row.subject is not None}
    for event in log.history(subjects) if wanted else ():
        if event.source == f"import:{run.name}" and event.id in wanted:
            found[wanted[event.id]].append(event)
    return {row: {**deal_in(events), **_traits_in(events)} for row, events in found.items()}


def deal_in(events: Iterable[Event]) -> Changes:
    """Return the parts of the opportunity that facts of one row state; its dates where the file said them."""
    said: dict[str, Any] = {}
    for event in sorted(events, key=lambda each: list(STATUSES).index(each.kind) if each.kind in STATUSES else -1):
        if event.kind not in STATUSES:
            continue
        said |= {name: value for name, value in event.props.items() if name != "opportunity"}
        said.setdefault("name", event.props.get("opportunity"))
        said["status"] = STATUSES[event.kind]
        if event.at != event.received_at:
            said["opened" if event.kind == "opportunity_opened" else "closed"] = event.at
    names = [*(name for name in FIRST if name in said), *(name for name in said if name not in FIRST)]
    return {f"{DEAL}{name}": [None, said[name]] for name in names if said[name] is not None}


def _traits_in(events: Iterable[Event]) -> Changes:
    stated = [event.props.get("traits", {}) for event in events if event.kind in (PROFILE, CHANGED)]
    return {name: [None, value] for traits in stated for name, value in traits.items()}
