"""The people behind a number of the funnel: who first reached a stage in a span of time, latest first.

The rows are those `reports/funnel.py` counts. A person's first move comes from nowhere, so the visitors of a
span are its first moves; reaching a later stage is the first entry into it or one behind it.
"""

from collections.abc import Sequence
from typing import Any

from embudo.core.funnel import RANK
from embudo.leads.queries.filters import Filter, Reached
from embudo.leads.queries.pieces import Condition, by_index, every, marks
from embudo.leads.sql import rows

SELDOM = 2  # stages from here on are seldom reached: their moves are found by stage, the others by time


def moves(filters: Sequence[Filter], sort: Any, start: Any, wanted: int) -> list[tuple[int, int, int]]:
    """Return up to `wanted` (move, at, person) after a position."""
    within = _within(filters)
    compare, direction = ("<", "DESC") if sort.descends else (">", "ASC")
    after = Condition("1 = 1")
    if start is not None:
        after = Condition(
            f"m.at {compare}= %s AND (m.at {compare} %s OR m.id {compare} %s)", (start.key, start.key, start.id)
        )
    found = rows(
        f"SELECT m.id, m.at, m.person_id FROM {_source(filters)} WHERE {within.sql} AND {after.sql} "
        f"ORDER BY m.at {direction}, m.id {direction} LIMIT %s",
        (*within.values, *after.values, wanted),
    )
    return [(move, at, person) for move, at, person in found]


def count(filters: Sequence[Filter], most: int) -> int:
    """Return how many they are, counted up to `most`."""
    within = _within(filters)
    sql = f"SELECT count(*) FROM (SELECT 1 FROM {_source(filters)} WHERE {within.sql} LIMIT %s) c"
    return int(rows(sql, (*within.values, most))[0][0])


def _source(filters: Sequence[Filter]) -> str:
    wanted = next(each for each in filters if isinstance(each, Reached))
    index = by_index("move_by_time" if RANK[wanted.stage] < SELDOM else "move_by_stage")
    return f"leads_stagechange m{index}" + (" JOIN leads_person p ON p.id = m.person_id" if len(filters) > 1 else "")


def _within(filters: Sequence[Filter]) -> Condition:
    wanted = next(each for each in filters if isinstance(each, Reached))
    parts = [
        Condition("m.superseded_at IS NULL AND m.at >= %s AND m.at < %s", (wanted.start, wanted.end)),
        _entry(wanted),
        *(each.where for each in filters if each is not wanted),
    ]
    further = wanted.further_where("m.person_id")
    return every([*parts, further] if further else parts)


def _entry(wanted: Reached) -> Condition:
    """That a move is the first by which its person reached the stage."""
    stages = wanted.stages
    entered = Condition(f"m.to_stage IN ({marks(stages)})", stages)
    if not RANK[wanted.stage]:
        return Condition(f"m.from_stage = '' AND {entered.sql}", entered.values)
    moves = f"leads_stagechange e{by_index('move_by_person')}"
    earlier = (
        f"NOT EXISTS (SELECT 1 FROM {moves} WHERE e.person_id = m.person_id AND e.superseded_at IS NULL "
        f"AND e.to_stage IN ({marks(stages)}) AND (e.at < m.at OR (e.at = m.at AND e.id < m.id)))"
    )
    return Condition(f"{entered.sql} AND {earlier}", stages + stages)
