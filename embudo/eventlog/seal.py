"""How rows move from the tail into a segment, so that a crash at any point loses none and doubles none.

The order is: segment durable, manifest durable, the tail's mark moved, rows dropped from the tail. Until the mark has
moved, readers take the rows from the tail; from then on from the segment. A crash before the manifest leaves an orphan
file, which the next sealing removes; a crash after it is finished by the next sealing.
"""

from collections import Counter
from collections.abc import Iterator

from embudo.core.event import DAY, Event
from embudo.eventlog.append import ID_REUSED, digest, failure_of
from embudo.eventlog.columns import PLAIN, Row, event_of, props_json
from embudo.eventlog.ledger import DUPLICATES, FAILED, FAILED_BYTES, KEPT
from embudo.eventlog.manifest import Segment
from embudo.eventlog.position import position, shard_and_offset
from embudo.eventlog.segments import Archive, events_of, in_order, table_of
from embudo.eventlog.tail import HORIZON, Tail, TailRow

SEGMENT_ROWS = 400_000  # the most that one sealing puts into a segment; bounds its memory
GRACE = DAY // 24  # how long a replaced file stays for those who are reading it
_PORTION = 20_000
_DROP = 2_000  # rows dropped in one transaction, so that no writer waits long


def seal(tail: Tail, archive: Archive, *, at_least: int, at: int) -> list[Segment]:
    """Seal the shards that have at least so many rows in the tail; return the new segments.

    Returns nothing when another process is sealing. Raises LogUnavailable.
    """
    made: list[Segment] = []
    if not any(mark.last > mark.sealed and mark.last - mark.sealed >= at_least for mark in tail.marks().values()):
        return made
    with tail.sealing() as held:
        if not held:
            return made
        settle(tail, archive, at=at)
        for shard in range(tail.shards):
            mark = tail.marks()[shard]
            while mark.last > mark.sealed and mark.last - mark.sealed >= at_least:
                made.append(_seal(tail, archive, shard, mark.sealed, min(mark.last, mark.sealed + SEGMENT_ROWS), at))
                mark = tail.marks()[shard]
    return made


def settle(tail: Tail, archive: Archive, *, at: int) -> None:
    """Finish what a crash left half done and remove files nobody needs; only the holder of the lock may.

    Raises DamagedManifest when sealed rows cannot be found: whatever file is on no list may hold them.
    """
    marks = tail.marks()
    manifest = archive.checked(marks)
    for shard, mark in marks.items():
        sealed = max(manifest.sealed(shard), mark.sealed)
        if sealed > mark.sealed or any(row[0] <= position(shard, sealed) for row in tail.rows(shard, 0, 1)):
            move_mark(tail, shard, sealed)
    archive.clear_orphans(marks)
    old = [each for each in manifest.retired if each.at < at - GRACE]
    if old:
        archive.save(manifest.without_retired(old))
        for each in old:
            archive.remove(each.file)


def _seal(tail: Tail, archive: Archive, shard: int, after: int, last: int, at: int) -> Segment:
    import pyarrow as pa

    tail.index()
    _weed(tail, archive, shard, after, last, at)
    table = pa.concat_tables([table_of([]), *(table_of(rows) for rows in _portions(tail, shard, after, last))])
    writer = archive.writer(shard, after + 1, last)
    writer.add(in_order(table))
    segment = writer.finish()
    archive.save(archive.manifest().replaced((), [segment], at=None))
    move_mark(tail, shard, last)
    return segment


def _portions(tail: Tail, shard: int, after: int, last: int) -> Iterator[list[TailRow]]:
    while after < last:
        rows = tail.rows(shard, after, min(_PORTION, last - after))
        rows = [row for row in rows if row[0] <= position(shard, last)]
        if not rows:
            return
        yield rows
        after = shard_and_offset(rows[-1][0])[1]


def move_mark(tail: Tail, shard: int, offset: int) -> None:
    """Say that a shard's rows up to an offset are in segments, and drop them from the tail in short transactions."""
    with tail.writing({shard}) as writing:
        writing.sealed(shard, offset)
    dropped = _DROP
    while dropped == _DROP:
        with tail.writing({shard}) as writing:
            dropped = writing.drop(shard, offset, limit=_DROP)


def _weed(tail: Tail, archive: Archive, shard: int, after: int, last: int, at: int) -> None:
    """Take rows out of the tail whose twin was kept so long ago that its key is forgotten (DESIGN 9.7)."""
    old = [s for s in archive.manifest().of_shard(shard) if s.rows and s.min_received_at < at - HORIZON]
    if not old:
        return
    rows = [Row(*shard_and_offset(row[0]), event_of(row[1:])) for p in _portions(tail, shard, after, last) for row in p]
    for segment in old:
        near = {r.event.key: r for r in rows if segment.min_at - DAY <= r.event.at <= segment.max_at + DAY}
        for first in _twins(archive, segment, near) if near else ():
            _withdraw(tail, near[first.key], first)
            rows.remove(near[first.key])


def _twins(archive: Archive, segment: Segment, rows: dict[tuple[str, str], Row]) -> Iterator[Event]:
    """Yield the events of a segment whose keys are among these rows'."""
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = pa.array([id_ for _, id_ in rows])
    for table in archive.tables(segment):
        for event in events_of(table.filter(pc.is_in(table["id"], wanted)).select(PLAIN)):
            if event.key in rows:
                yield event


def _withdraw(tail: Tail, row: Row, first: Event) -> None:
    same = digest(row.event, props_json(row.event)) == digest(first, props_json(first))
    counts = Counter({KEPT: -1})
    failures = []
    if same:
        counts[DUPLICATES] += 1
    else:
        failures = [failure_of(row.event, ID_REUSED, f"another event of {first.source} has the id {first.id}")]
        counts[f"{FAILED}:{ID_REUSED}"] += 1
        counts[FAILED_BYTES] += len(failures[0].body)
    with tail.writing({row.shard}) as writing:
        if writing.delete([position(row.shard, row.offset)]):
            writing.fail(failures)
            writing.count(row.shard, counts)
