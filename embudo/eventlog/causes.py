"""The facts of some kinds: what is in them, whose they are, and which facts they name as their cause.

A decision on who is who rests on the fact that led to it.
"""

from collections.abc import Collection, Iterator
from typing import Any

import msgspec

from embudo.eventlog.columns import BODY, KIND, PLAIN
from embudo.eventlog.position import shard_and_offset
from embudo.eventlog.segments import Archive, Table
from embudo.eventlog.tail import Tail

SOURCE, ID, SUBJECT = PLAIN.index("source"), PLAIN.index("id"), PLAIN.index("subject")
Key = tuple[str, str]
_PORTION = 2_000


class _Props(msgspec.Struct):
    cause: tuple[str, str] | None = None


class _Body(msgspec.Struct):
    props: _Props = msgspec.field(default_factory=_Props)


_decode = msgspec.json.Decoder(_Body).decode


def causes_of(tail: Tail, archive: Archive, kinds: Collection[str]) -> frozenset[Key]:
    """Return the keys of the facts that facts of these kinds name as their `cause`."""
    found = (_cause(body) for body in bodies_of(tail, archive, kinds))
    return frozenset(cause for cause in found if cause is not None)


def bodies_of(tail: Tail, archive: Archive, kinds: Collection[str]) -> Iterator[bytes]:
    """Yield the bodies of all facts of these kinds, those of the tail first."""
    yield from (row[1 + BODY] for row in _rows_in_tail(tail, kinds))
    for table in _tables(archive, kinds, "body"):
        yield from table["body"].to_pylist()


def subjects_of(tail: Tail, archive: Archive, kinds: Collection[str]) -> set[int]:
    """Return the subjects of all facts of these kinds."""
    found = {row[1 + SUBJECT] for row in _rows_in_tail(tail, kinds)}
    for table in _tables(archive, kinds, "subject"):
        found.update(table["subject"].to_pylist())
    return found


def is_one_of(table: Table, keys: Collection[Key]) -> Any:
    """Return the mask of a table's rows whose source and id are one of these keys."""
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = pa.array([f"{source}\0{id}" for source, id in keys], pa.string())
    joined = pc.binary_join_element_wise(table["source"].cast(pa.string()), table["id"].cast(pa.string()), "\0")
    return pc.is_in(joined, wanted)


def _rows_in_tail(tail: Tail, kinds: Collection[str]) -> Iterator[Any]:
    for shard, mark in tail.marks().items() if kinds else ():
        after = mark.sealed
        while rows := tail.rows(shard, after, _PORTION):
            after = shard_and_offset(rows[-1][0])[1]
            yield from (row for row in rows if row[1 + KIND] in kinds)


def _tables(archive: Archive, kinds: Collection[str], column: str) -> Iterator[Table]:
    """The rows of these kinds in the segments, with one column."""
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = pa.array(sorted(kinds), pa.string())
    for segment in archive.manifest().segments if kinds else ():
        for table in archive.tables(segment, ("kind", column)):
            yield table.filter(pc.is_in(table["kind"], wanted))


def _cause(body: bytes) -> Key | None:
    try:
        return _decode(body).props.cause
    except msgspec.ValidationError:  # a `cause` of somebody else's making
        return None
