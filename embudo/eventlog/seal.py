"""How rows move from the tail into a segment, so that a crash at any point loses none and doubles none.

The order is: segment durable, manifest durable, the tail's mark moved, rows dropped from the tail. Until the mark has
moved, readers take the rows from the tail; from then on from the segment. A crash before the manifest leaves an orphan
file, which the next sealing removes; a crash after it is finished by the next sealing.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from embudo.core.event import DAY, Event
from embudo.eventlog.append import ID_REUSED, digest, failure_of
from embudo.eventlog.columns import PLAIN, event_of, props_json
from embudo.eventlog.keys import hashes_of
from embudo.eventlog.ledger import DUPLICATES, FAILED, KEPT, room_of
from embudo.eventlog.manifest import Segment
from embudo.eventlog.position import position, shard_and_offset
from embudo.eventlog.segments import Archive, in_order, table_of
from embudo.eventlog.tail import HORIZON, Failure, Tail, TailRow

SEGMENT_ROWS = 400_000  # the most that one sealing puts into a segment; bounds its memory
GRACE = DAY // 24  # how long a replaced file stays for those who are reading it
_PORTION = 20_000
_WEEDED = 500  # twins taken out in one transaction
SOURCE, ID = PLAIN.index("source"), PLAIN.index("id")
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
    import pyarrow as pa

    old = [s for s in archive.manifest().of_shard(shard) if s.rows and s.min_received_at < at - HORIZON]
    if not old:
        return
    places: dict[int, int] = {}  # by the hash of their key
    for rows in _portions(tail, shard, after, last):
        places |= zip(hashes_of((row[1 + SOURCE], row[1 + ID]) for row in rows), (row[0] for row in rows), strict=True)
    hashes = pa.array(list(places), pa.int64())
    for segment in old:
        firsts = archive.having(segment, hashes)
        while some := list(islice(firsts, _WEEDED)):
            _withdraw(tail, shard, [(places[hashes_of([first.key])[0]], first) for first in some])


def _withdraw(tail: Tail, shard: int, twins: Sequence[tuple[int, Event]]) -> None:
    """Take out the rows at these places, each of them if it is the twin of the fact beside it."""
    counts, failures = Counter[str](), list[Failure]()
    with tail.writing({shard}) as writing:
        for place, first in twins:
            found = tail.rows(shard, shard_and_offset(place)[1] - 1, 1)
            event = event_of(found[0][1:]) if found and found[0][0] == place else None
            if event is None or event.key != first.key:  # gone already, or another key with this hash
                continue
            writing.delete([place])
            counts[KEPT] -= 1
            if digest(event, props_json(event)) == digest(first, props_json(first)):
                counts[DUPLICATES] += 1
            else:
                failures.append(failure_of(event, ID_REUSED, f"another event of {first.source} has the id {first.id}"))
        counts[f"{FAILED}:{ID_REUSED}"] += len(failures)
        for each in failures:
            counts[room_of(each.source)] += len(each.body)
        writing.fail(failures)
        writing.count(shard, counts)
