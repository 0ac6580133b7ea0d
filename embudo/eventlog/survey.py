"""How much the log holds of each kind of fact, since when, and how much of it a retention would let go."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from embudo.eventlog.causes import bodies_of, causes_of
from embudo.eventlog.position import shard_and_offset
from embudo.eventlog.retain import Limits, Retention
from embudo.eventlog.segments import Archive, Table, table_of
from embudo.eventlog.tail import Tail

_PORTION = 2_000


class _Body(msgspec.Struct):
    props: dict[str, Any] = msgspec.field(default_factory=dict)


_decode = msgspec.json.Decoder(_Body).decode


@dataclass(slots=True)
class Held:
    """The facts of one kind: how many, the earliest event time, and how many of them a policy lets go now."""

    facts: int = 0
    oldest_at: int = 2**63 - 1
    leaving: int = 0


def survey(tail: Tail, archive: Archive, policy: Retention, *, at: int) -> Mapping[str, Held]:
    """Return what is held of each kind, and what `retain` would remove by this policy at this instant."""
    import pyarrow as pa
    import pyarrow.compute as pc

    limits = Limits.of(policy, at, causes_of(tail, archive, frozenset() if policy.keeps_all else policy.staying))
    found: dict[str, Held] = defaultdict(Held)
    for table in _tables(tail, archive, limits.columns):
        kinds = table["kind"].cast(pa.string())
        leaving = pc.cast(limits.leaving(table), pa.int64())
        wide = pa.table({"kind": kinds, "at": table["at"], "leaving": leaving})
        counted = wide.group_by("kind").aggregate([("at", "count"), ("at", "min"), ("leaving", "sum")])
        for row in counted.to_pylist():
            held = found[row["kind"]]
            held.facts += row["at_count"]
            held.oldest_at = min(held.oldest_at, row["at_min"])
            held.leaving += row["leaving_sum"] or 0
    return dict(found)


def props_of(tail: Tail, archive: Archive, kind: str) -> Iterator[dict[str, Any]]:
    """Yield the properties of every fact of a kind."""
    for body in bodies_of(tail, archive, {kind}):
        yield _decode(body).props


def _tables(tail: Tail, archive: Archive, columns: tuple[str, ...]) -> Iterator[Table]:
    for shard, mark in tail.marks().items():
        after = mark.sealed
        while rows := tail.rows(shard, after, _PORTION):
            after = shard_and_offset(rows[-1][0])[1]
            yield table_of(rows, columns)
    for segment in archive.manifest().until(tail.marks()):
        yield from archive.tables(segment, columns)
