"""What to do with segments whose tail was lost: refuse to give their offsets out again, or adopt them."""

from collections.abc import Iterable, Sequence

from embudo.eventlog.append import digest
from embudo.eventlog.columns import PLAIN, props_json
from embudo.eventlog.ledger import KEPT, RECEIVED
from embudo.eventlog.manifest import DamagedManifest, Manifest
from embudo.eventlog.position import key_hash, position
from embudo.eventlog.seal import move_mark
from embudo.eventlog.segments import Archive, Table, events_of
from embudo.eventlog.tail import HORIZON, KeyRow, LogDamaged, Tail

_PORTION = 2_000  # keys written in one transaction, so that no writer waits long


def behind(tail: Tail, archive: Archive) -> list[int]:
    """Return the shards whose segments hold offsets that the tail never gave out."""
    manifest = _readable(archive)
    return [shard for shard, mark in tail.marks().items() if manifest and manifest.sealed(shard) > mark.last]


def _readable(archive: Archive) -> Manifest | None:
    try:
        return archive.manifest()
    except (DamagedManifest, OSError):
        return None  # `verify` tells; meanwhile new facts are still kept


def refuse(tail: Tail, archive: Archive) -> None:
    """Raise LogDamaged when tail and segments are of different times.

    A tail that is new or older than its segments would give their offsets out again; a list of segments that is gone or
    older than the tail lacks facts that were sealed.
    """
    marks = tail.marks()
    for gap in manifest.gaps(marks) if (manifest := _readable(archive)) else ():
        raise LogDamaged(f"{gap}: the list of segments was lost, or is of another backup than the tail")
    if shards := behind(tail, archive):
        raise LogDamaged(
            f"the tail is older than the segments of shards {shards}: it was lost, or is of another backup than they"
        )


def adopt(tail: Tail, archive: Archive) -> int:
    """Let a tail go on behind the segments it does not know, with their keys; return how many rows it adopted.

    What the lost tail had not sealed is lost with it. Only keys within the horizon are needed again.
    """
    tail.index()  # the mark is about to say so of its own keys, too
    adopted, manifest = 0, archive.manifest()
    for shard in behind(tail, archive):
        mark = tail.marks()[shard]
        young = max(each.max_received_at for each in manifest.of_shard(shard)) - HORIZON
        for segment in manifest.of_shard(shard):
            if segment.last <= mark.last:
                continue
            adopted += segment.rows
            if segment.rows and segment.max_received_at >= young:
                for table in archive.tables(segment, ("shard", "offset", *PLAIN)):
                    _remember(tail, shard, _keys(table, mark.last))
        with tail.writing({shard}) as writing:
            last = manifest.sealed(shard)
            writing.keep_marks({shard: last})
            writing.sealed(shard, last)
            writing.indexed(shard, last)
            writing.count(shard, {RECEIVED: last - mark.last, KEPT: last - mark.last})
        move_mark(tail, shard, last)  # readers take the rows an older tail still has for the newest ones
    return adopted


def _keys(table: Table, known: int) -> Iterable[KeyRow]:
    places = zip(table["shard"].to_pylist(), table["offset"].to_pylist(), strict=True)
    for (shard, offset), event in zip(places, events_of(table.select(PLAIN)), strict=True):
        if offset > known:
            key = key_hash(event.source, event.id)
            yield key, digest(event, props_json(event)), position(shard, offset), event.received_at


def _remember(tail: Tail, shard: int, keys: Iterable[KeyRow]) -> None:
    rows = list(keys)
    for start in range(0, len(rows), _PORTION):
        some: Sequence[KeyRow] = rows[start : start + _PORTION]
        with tail.writing({shard}) as writing:
            known = writing.known([row[0] for row in some])  # of an attempt that was cut short
            writing.keep_keys([row for row in some if row[0] not in known])
