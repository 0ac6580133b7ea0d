"""The people behind a number of the funnel: who first reached a stage in a span of time, latest first.

The rows are those `reports/funnel.py` counts. A person's first move comes from nowhere, so the visitors of a
span are its first moves; reaching a later stage is the first entry into it or one behind it. A person's moves
are a chain, each leaving the stage the one before entered, so that entry comes from outside these stages.

The moves into each of the stages are read side by side in the order of time, in stretches, and each is asked.
"""

import time
from collections.abc import Sequence
from typing import Any

from embudo.core.funnel import RANK
from embudo.leads.queries.filters import Filter, Reached
from embudo.leads.queries.pieces import Condition, by_index, every, marks
from embudo.leads.sql import rows

STRETCHES = (200, 1600)  # moves that are read at a time: at first, at most

Move = tuple[int, int, int]  # its id, its instant, its person


def moves(
    filters: Sequence[Filter], start: Any, wanted: int, *, back: bool, budget_s: float
) -> tuple[list[Move], bool]:
    """Return up to `wanted` moves after a position; True with them when the time was up: the last is where it was."""
    deadline = time.monotonic() + budget_s
    place = None if start is None else (start.key, start.id)
    size, most = STRETCHES
    found: list[Move] = []
    while True:
        stretch = _stretch(filters, place, size, back=back)
        found += [(move, at, person) for move, at, person, holds in stretch if holds]
        if len(found) >= wanted or len(stretch) < size:
            return found[:wanted], False
        move, at, person, _holds = stretch[-1]
        if time.monotonic() > deadline:
            return [*found, (move, at, person)], True
        place, size = (at, move), min(most, 2 * size)


def _stretch(
    filters: Sequence[Filter], place: tuple[int, int] | None, size: int, *, back: bool
) -> list[tuple[Any, ...]]:
    """The next moves into the stages, each with whether it is one of those asked for."""
    wanted = next(each for each in filters if isinstance(each, Reached))
    direction = "ASC" if back else "DESC"
    entering, question = _entering(wanted, place, back=back), _question(wanted, filters)
    people = " LEFT JOIN leads_person p ON p.id = m.person_id" if len(filters) > 1 else ""
    return rows(
        f"SELECT m.id, m.at, m.person_id, CASE WHEN {question.sql} THEN 1 ELSE 0 END "
        f"FROM ({entering.sql} ORDER BY at {direction}, id {direction} LIMIT %s) m{people} "
        f"ORDER BY m.at {direction}, m.id {direction}",
        (*question.values, *entering.values, size),
    )


def _entering(wanted: Reached, place: tuple[int, int] | None, *, back: bool) -> Condition:
    """All moves of the span into the stages; only first appearances where the first stage is meant."""
    compare = ">" if back else "<"
    after = Condition("at >= %s AND at < %s", (wanted.start, wanted.end))
    if place is not None:
        at, move = place
        ahead = Condition(f"at {compare}= %s AND (at {compare} %s OR id {compare} %s)", (at, at, move))
        ends = Condition("at < %s", (wanted.end,)) if back else Condition("at >= %s", (wanted.start,))
        after = Condition(f"{ends.sql} AND {ahead.sql}", ends.values + ahead.values)
    first = not RANK[wanted.stage]
    index, column = ("move_by_exit", "from_stage") if first else ("move_by_stage", "to_stage")
    arm = (
        f"SELECT id, at, person_id, from_stage, to_stage FROM leads_stagechange{by_index(index)} "
        f"WHERE superseded_at IS NULL AND {column} = %s AND {after.sql}"
    )
    arms = ("",) if first else wanted.stages
    values = tuple(value for stage in arms for value in (stage, *after.values))
    return Condition(" UNION ALL ".join([arm] * len(arms)), values)


def _question(wanted: Reached, filters: Sequence[Filter]) -> Condition:
    """That a move is the first by which its person reached the stage, and the person is asked for."""
    asked = [each.where for each in filters if each is not wanted]
    further = wanted.further_where("m.person_id")
    return every([_first(wanted), *asked, *([further] if further else [])])


def _first(wanted: Reached) -> Condition:
    stages = wanted.stages
    if not RANK[wanted.stage]:
        return Condition(f"m.to_stage IN ({marks(stages)})", stages)
    moves = f"leads_stagechange e{by_index('move_by_person')}"
    earlier = (
        f"SELECT 1 FROM {moves} WHERE e.person_id = m.person_id AND e.superseded_at IS NULL "
        f"AND e.to_stage IN ({marks(stages)}) AND e.at <= m.at AND (e.at < m.at OR e.id < m.id)"
    )
    return Condition(f"m.from_stage NOT IN ({marks(stages)}) AND NOT EXISTS ({earlier})", stages + stages)
