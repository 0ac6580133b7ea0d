"""How old facts leave: each kind after its own number of days, keys and failed bodies after theirs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from embudo.core.event import DAY
from embudo.eventlog.causes import ID, SOURCE, Key, causes_of, is_one_of
from embudo.eventlog.columns import AT, KIND, PLAIN
from embudo.eventlog.erase import Evidence
from embudo.eventlog.manifest import Segment
from embudo.eventlog.position import shard_and_offset
from embudo.eventlog.rewrite import alone, delete_from_tail, drop_retired, rewrite
from embudo.eventlog.segments import Archive, Table
from embudo.eventlog.tail import HORIZON, Mark, Tail, TailRow

_PORTION = 2_000
_BODIES = 50  # emptied in one transaction; each may be large
NEVER = -(2**63)


SUBJECT = PLAIN.index("subject")
Leaving = Callable[[set[int]], None]


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things stay: days after which the facts of a kind leave, and the bodies of failed events.

    Kinds that are not named stay for ever, or `other_days`. Facts of the kinds `staying` never leave, nor does the
    fact that one of those names as its `cause`: who is who rests on it.
    """

    days_by_kind: Mapping[str, int] = field(default_factory=dict)
    other_days: int | None = None
    staying: frozenset[str] = frozenset()
    failed_days: int = 90
    why: str = "the policy"

    @property
    def keeps_all(self) -> bool:
        """Whether no fact ever leaves."""
        return not self.days_by_kind and self.other_days is None


@dataclass(frozen=True, slots=True)
class Limits:
    """At one instant, the event time before which the facts of each kind leave, and those that stay all the same."""

    by_kind: Mapping[str, int]
    others: int | None
    staying: frozenset[str]
    causes: frozenset[Key]

    @classmethod
    def of(cls, policy: Retention, at: int, causes: frozenset[Key]) -> "Limits":
        """Return the limits of a policy."""
        by_kind = {
            kind: at - days * DAY for kind, days in policy.days_by_kind.items() if kind not in policy.staying
        }  # fmt: skip
        others = None if policy.other_days is None else at - policy.other_days * DAY
        return cls(by_kind, others, policy.staying, causes)

    @property
    def newest(self) -> int:
        """The instant at and behind which nothing leaves."""
        return max((*self.by_kind.values(), *(() if self.others is None else (self.others,))), default=0)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that decide whether a row leaves."""
        return ("kind", "at", "source", "id") if self.causes else ("kind", "at")

    def leaving(self, table: Table) -> Any:
        """Return the mask of a table's rows that leave."""
        import pyarrow as pa
        import pyarrow.compute as pc

        named = pa.array([*self.by_kind, *self.staying], pa.string())
        others = NEVER if self.others is None else self.others
        old = pc.and_(pc.invert(pc.is_in(table["kind"], named)), pc.less(table["at"], others))
        for kind, instant in self.by_kind.items():
            old = pc.or_(old, pc.and_(pc.equal(table["kind"], kind), pc.less(table["at"], instant)))
        return pc.and_not(old, is_one_of(table, self.causes)) if self.causes else old

    def staying_of(self, table: Table) -> object:
        """Return the mask of a table's rows that stay."""
        import pyarrow.compute as pc

        return pc.invert(self.leaving(table))


def retain(tail: Tail, archive: Archive, policy: Retention, *, at: int, leaving: Leaving | None = None) -> Evidence:
    """Remove what is older than the policy allows, and keys beyond the horizon; return the evidence.

    `leaving` is told the subjects of facts before those leave, a segment at a time.
    """
    tail_rows, rows, touched = 0, 0, list[Segment]()
    if not policy.keeps_all:
        with alone(tail, archive, at=at):
            limits = Limits.of(policy, at, causes_of(tail, archive, policy.staying))
            tail_rows = _retain_tail(tail, limits, leaving)
            for segment in _older(archive, limits.newest):
                if leaving is not None and (subjects := _subjects(archive, segment, limits)):
                    leaving(subjects)
                some, one = rewrite(archive, [segment], limits.staying_of, columns=limits.columns)
                rows, touched = rows + some, touched + one
            if touched:
                drop_retired(archive)
    bodies = _retain_bodies(tail, before=at - policy.failed_days * DAY)
    forget_keys(tail, before=at - HORIZON)
    names = tuple(segment.file for segment in touched)
    return Evidence("retained", "retention", policy.why, at, 0, tail_rows, rows, names, bodies)


def _older(archive: Archive, instant: int) -> list[Segment]:
    return [each for each in archive.manifest().segments if each.rows and each.min_at < instant]


def _subjects(archive: Archive, segment: Segment, limits: Limits) -> set[int]:
    tables = archive.tables(segment, (*limits.columns, "subject"))
    return {subject for table in tables for subject in table.filter(limits.leaving(table))["subject"].to_pylist()}


def _retain_tail(tail: Tail, limits: Limits, leaving: Leaving | None) -> int:
    gone = 0
    for shard, mark in tail.marks().items():
        after = mark.sealed
        while rows := tail.rows(shard, after, _PORTION):
            after = shard_and_offset(rows[-1][0])[1]
            leaves = limits.leaving(_table(rows)).to_pylist()
            old = [row for row, its in zip(rows, leaves, strict=True) if its]
            if old and leaving is not None:
                leaving({row[1 + SUBJECT] for row in old})
            gone += delete_from_tail(tail, [shard_and_offset(row[0]) for row in old])
    return gone


def _table(rows: Sequence[TailRow]) -> Table:
    import pyarrow as pa

    places = {"kind": KIND, "at": AT, "source": SOURCE, "id": ID}
    return pa.table({name: [row[1 + place] for row in rows] for name, place in places.items()})


def _retain_bodies(tail: Tail, *, before: int) -> int:
    forgotten = 0
    while old := tail.old_bodies(before, _BODIES):
        with tail.writing({0}) as writing:
            writing.forget_failed(old)
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
