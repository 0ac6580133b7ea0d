"""The people behind a number of the funnel: who first reached a stage in a span of time, latest first.

They are the passages that `reports/funnel.py` counts; visitors, most of whom have none, are the first moves. Either is
read by its index in the order of time, in stretches, and each row is asked what else is wanted.
"""

import time
from collections.abc import Sequence
from typing import Any

from embudo.core.funnel import RANK, STAGES
from embudo.leads.queries.filters import Filter, Reached
from embudo.leads.queries.pieces import Condition, by_index, every, exists, marks
from embudo.leads.sql import rows

STRETCHES = (200, 1600)  # rows that are read at a time: at first, at most

Passed = tuple[int, int]  # an instant, who reached the stage then


def people(
    filters: Sequence[Filter], start: Any, wanted: int, *, back: bool, budget_s: float
) -> tuple[list[Passed], bool]:
    """Return up to `wanted` people after a position; True with them when the time was up: the last is where it was."""
    deadline = time.monotonic() + budget_s
    place = None if start is None else (start.key, start.id)
    size, most = STRETCHES
    found: list[Passed] = []
    while True:
        stretch = _stretch(filters, place, size, back=back)
        found += [(at, person) for at, person, holds in stretch if holds]
        if len(found) >= wanted or len(stretch) < size:
            return found[:wanted], False
        at, person, _holds = stretch[-1]
        if time.monotonic() > deadline:
            return [*found, (at, person)], True
        place, size = (at, person), min(most, 2 * size)


def _stretch(filters: Sequence[Filter], place: Passed | None, size: int, *, back: bool) -> list[tuple[Any, ...]]:
    """The next people who reached the stage, each with whether they are asked for."""
    wanted = next(each for each in filters if isinstance(each, Reached))
    order = "at ASC, person_id ASC" if back else "at DESC, person_id DESC"
    source = _visitors(wanted) if wanted.stage == STAGES[0] else _passages(wanted)
    within = _within(wanted, place, back=back)
    question = every([_further(wanted), *(each.where for each in filters if not isinstance(each, Reached))])
    joined = " LEFT JOIN leads_person p ON p.id = m.person_id" if len(filters) > 1 else ""
    return rows(
        f"SELECT m.at, m.person_id, CASE WHEN {question.sql} THEN 1 ELSE 0 END "
        f"FROM ({source.sql} AND {within.sql} ORDER BY {order} LIMIT %s) m{joined} "
        f"ORDER BY {', '.join(f'm.{each}' for each in order.split(', '))}",
        (*question.values, *source.values, *within.values, size),
    )


def _passages(wanted: Reached) -> Condition:
    passed = f"leads_passage{by_index('passage_by_time')} WHERE entered = 1 AND rank = %s"
    return Condition(f"SELECT at, person_id, next_at FROM {passed}", (RANK[wanted.stage],))


def _visitors(wanted: Reached) -> Condition:
    source = f"leads_stagechange{by_index('move_by_arrival')}"
    arrived = f"superseded_at IS NULL AND from_stage = '' AND to_stage IN ({marks(STAGES)})"
    return Condition(f"SELECT at, person_id FROM {source} WHERE {arrived}", STAGES)


def _within(wanted: Reached, place: Passed | None, *, back: bool) -> Condition:
    """That the instant lies in the span, and behind a position."""
    if place is None:
        return Condition("at >= %s AND at < %s", (wanted.start, wanted.end))
    at, person = place
    compare, ends = (
        (">", Condition("at < %s", (wanted.end,))) if back else ("<", Condition("at >= %s", (wanted.start,)))
    )
    ahead = Condition(f"at {compare}= %s AND (at {compare} %s OR person_id {compare} %s)", (at, at, person))
    return Condition(f"{ends.sql} AND {ahead.sql}", ends.values + ahead.values)


def _further(wanted: Reached) -> Condition:
    """That somebody has, or has not, reached a stage behind this one by the end of the span."""
    if wanted.further is None:
        return Condition("1 = 1")
    sql = "m.next_at IS NOT NULL AND m.next_at < %s"
    if wanted.stage == STAGES[0]:
        passages = f"leads_passage f{by_index('passage_by_person')}"
        theirs = "f.person_id = m.person_id AND f.rank = 0 AND f.entered = 1"
        sql = exists(f"SELECT 1 FROM {passages} WHERE {theirs} AND f.next_at < %s")
    return Condition(sql if wanted.further else f"NOT ({sql})", (wanted.end,))
