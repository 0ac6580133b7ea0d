"""The rows of stage moves: made from core's moves, compared with a replay, superseded and never lost.

Whatever adds or withdraws moves notes it in `Changes`, which the transaction settles as its last step.
"""

import json
from collections.abc import Collection, Sequence
from typing import Any

from embudo.core import lifecycle
from embudo.core.lifecycle import Move
from embudo.engines.online import Online
from embudo.leads import sql
from embudo.leads.kept import Kept
from embudo.leads.passages import Changes

VISITOR = lifecycle.VISITOR
ARRIVED = "arrived"  # why a person entered the first stage

ADD_MOVE = sql.insert(
    "leads_stagechange",
    ("person_id", "from_stage", "to_stage", "at", "recorded_at", "why", "causes", "version", "fit", "engagement",
     "dated", "superseded_why"),
)  # fmt: skip
SUPERSEDE = "UPDATE leads_stagechange SET superseded_at = %s, superseded_why = %s WHERE id = %s"


def move_row(kept: Kept, move: Move, now: int) -> tuple[Any, ...]:
    """Return the row of a move."""
    cause = move.cause
    causes = [[cause.source, cause.id, cause.kind, cause.at]] if cause else []
    dated = move.at not in kept.made_up if cause else kept.summary.last_seen_known
    return (
        kept.id, move.from_stage, move.to_stage, move.at, now, str(move.why), json.dumps(causes), move.version,
        move.fit, move.engagement, dated, "",
    )  # fmt: skip


def arrival_row(kept: Kept, version: int, now: int) -> tuple[Any, ...]:
    """Return the row of the first appearance of a person."""
    summary = kept.summary
    known = summary.first_seen_known
    return (kept.id, "", VISITOR, summary.first_seen_at, now, ARRIVED, "[]", version, None, 0.0, known, "")


def add_moves(rows: Sequence[tuple[Any, ...]], changes: Changes) -> None:
    """Write rows of moves."""
    sql.add(ADD_MOVE, rows)
    for row in rows:
        changes.added(*row[:4])


def withdraw(people: Collection[int], now: int, why: str, changes: Changes, *, arrivals: bool = False) -> None:
    """Let the moves of these people, or only their first appearances, stand no longer."""
    standing = "AND superseded_at IS NULL" + (" AND from_stage = ''" if arrivals else "")
    columns = "id, person_id, from_stage, to_stage, at"
    found = sql.rows_where(columns, "leads_stagechange", "person_id", people, standing)
    sql.many(SUPERSEDE, [(now, why, row) for row, *_ in found])
    for _row, *move in found:
        changes.withdrawn(*move)


def rearrive(online: Online, people: Sequence[Kept], now: int, changes: Changes) -> None:
    """Give people whom a late fact shows to have come earlier another first appearance."""
    withdraw([each.id for each in people], now, "late_fact", changes, arrivals=True)
    add_moves([arrival_row(each, online.definition.version, now) for each in people], changes)


def replace_moves(online: Online, people: Sequence[Kept], now: int, why: str, changes: Changes) -> None:
    """Make the standing moves of these people those of their replay; what is equal stays as it was recorded."""
    there = _standing_moves([each.id for each in people])
    added, corrected = [], []
    for kept in people:
        wanted = [arrival_row(kept, online.definition.version, now)] if kept.summary.created_at else []
        wanted += [move_row(kept, move, now) for move in kept.moves]
        for row in wanted:
            found = there[kept.id].pop((*row[1:4], row[5], row[6]), None)
            if found is None:
                added.append(row)
            elif found[1:] != row[8:11]:
                corrected.append((*row[8:11], found[0]))
    sql.many(SUPERSEDE, [(now, why, row) for moves in there.values() for row, *_ in moves.values()])
    sql.many("UPDATE leads_stagechange SET fit = %s, engagement = %s, dated = %s WHERE id = %s", corrected)
    add_moves(added, changes)
    for kept in people:
        changes.people.add(kept.id)
        for from_stage, to_stage, at, *_ in there[kept.id]:
            changes.withdrawn(kept.id, from_stage, to_stage, at)


def _standing_moves(people: Collection[int]) -> dict[int, dict[tuple[Any, ...], tuple[Any, ...]]]:
    """The moves that stand, by person and by what makes them the same: stages, instant, reason and causes."""
    found: dict[int, dict[tuple[Any, ...], tuple[Any, ...]]] = {person: {} for person in people}
    columns = "id, person_id, from_stage, to_stage, at, why, causes, fit, engagement, dated"
    for row, person, *key, causes, fit, engagement, dated in sql.rows_where(
        columns, "leads_stagechange", "person_id", people, "AND superseded_at IS NULL"
    ):
        found[person][(*key, _text(causes))] = (row, fit, engagement, bool(dated))
    return found


def _text(causes: Any) -> str:
    """A JSON column comes as text from SQLite and as a list from PostgreSQL."""
    return json.dumps(json.loads(causes) if isinstance(causes, str) else causes)
