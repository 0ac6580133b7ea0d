"""How old facts leave: each kind after its own number of days, keys and failed bodies after theirs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from embudo.core.event import DAY
from embudo.eventlog.columns import AT, KIND
from embudo.eventlog.erase import Evidence
from embudo.eventlog.ledger import FAILED_BYTES
from embudo.eventlog.manifest import Segment
from embudo.eventlog.position import shard_and_offset
from embudo.eventlog.rewrite import alone, delete_from_tail, drop_retired, rewrite
from embudo.eventlog.segments import Archive, Table
from embudo.eventlog.tail import HORIZON, Mark, Tail

_PORTION = 2_000


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things stay: days after which the facts of a kind leave, and the bodies of failed events.

    Kinds that are not named stay for ever.
    """

    days_by_kind: Mapping[str, int] = field(default_factory=dict)
    failed_days: int = 90

    def limits(self, at: int) -> dict[str, int]:
        """Return, at an instant, the event time before which the facts of each named kind leave."""
        return {kind: at - days * DAY for kind, days in self.days_by_kind.items()}


def retain(tail: Tail, archive: Archive, policy: Retention, *, at: int) -> Evidence:
    """Remove what is older than the policy allows, and keys beyond the horizon; return the evidence."""
    limits = policy.limits(at)
    tail_rows, rows, touched = 0, 0, list[Segment]()
    if limits:
        with alone(tail, archive, at=at):
            tail_rows = _retain_tail(tail, limits)
            oldest = max(limits.values())
            rows, touched = rewrite(archive, _older(archive, oldest), lambda table: _staying(table, limits))
            if touched:
                drop_retired(archive)
    bodies = _retain_bodies(tail, before=at - policy.failed_days * DAY)
    forget_keys(tail, before=at - HORIZON)
    names = tuple(segment.file for segment in touched)
    return Evidence("retained", "retention", "the policy", at, 0, tail_rows, rows, names, bodies)


def _older(archive: Archive, instant: int) -> list[Segment]:
    return [each for each in archive.manifest().segments if each.rows and each.min_at < instant]


def _retain_tail(tail: Tail, limits: Mapping[str, int]) -> int:
    gone = 0
    for shard, mark in tail.marks().items():
        after, places = mark.sealed, []
        while rows := tail.rows(shard, after, _PORTION):
            after = shard_and_offset(rows[-1][0])[1]
            places += [
                shard_and_offset(row[0]) for row in rows
                if row[1 + KIND] in limits and row[1 + AT] < limits[row[1 + KIND]]
            ]  # fmt: skip
        gone += delete_from_tail(tail, places)
    return gone


def _staying(table: Table, limits: Mapping[str, int]) -> object:
    import pyarrow.compute as pc

    leaves = None
    for kind, instant in limits.items():
        old = pc.and_(pc.equal(table["kind"], kind), pc.less(table["at"], instant))
        leaves = old if leaves is None else pc.or_(leaves, old)
    return pc.invert(leaves)


def _retain_bodies(tail: Tail, *, before: int) -> int:
    forgotten, number = 0, None
    while failed := tail.failed(limit=_PORTION, before=number, reason="", state=""):
        number = failed[-1].number
        old = [each.number for each in failed if each.body and each.received_at < before]
        if old:
            with tail.writing({0}) as writing:
                writing.count(0, {FAILED_BYTES: -writing.forget_failed(old)})
            forgotten += len(old)
    return forgotten


def forget_keys(tail: Tail, *, before: int) -> int:
    """Forget the keys of sealed rows received before an instant; return how many there were."""
    tail.index()
    marks, forgotten, after = tail.marks(), 0, b""
    while keys := tail.keys(after, _PORTION):
        after = keys[-1][0]
        old = [key for key, place, received_at in keys if received_at < before and _is_sealed(place, marks)]
        if old:
            with tail.writing({0}) as writing:
                writing.forget_keys(old)
            forgotten += len(old)
    return forgotten


def _is_sealed(place: int, marks: Mapping[int, Mark]) -> bool:
    shard, offset = shard_and_offset(place)
    return offset <= marks[shard].sealed
