"""How rows leave the log for good: out of the tail, and out of segments by writing these anew without them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic, sleep

from embudo.eventlog.manifest import Segment
from embudo.eventlog.position import position
from embudo.eventlog.seal import settle
from embudo.eventlog.segments import Archive, Table
from embudo.eventlog.tail import LogUnavailable, Tail

_WAIT_S = 120.0
_DELETE = 2_000  # rows deleted in one transaction, so that no writer waits long

KEEP_COLUMNS = ("subject", "kind", "at")
Keep = Callable[[Table], object]  # a table with at least the columns it looks at -> the mask of rows that stay


@contextmanager
def alone(tail: Tail, archive: Archive, *, at: int) -> Iterator[None]:
    """Hold the sealing lock, waiting for whoever has it, with nothing left half done; raises LogUnavailable."""
    deadline = monotonic() + _WAIT_S
    while True:
        with tail.sealing() as held:
            if held:
                settle(tail, archive, at=at)
                yield
                return
        if monotonic() > deadline:
            raise LogUnavailable("another process has been sealing for two minutes")
        sleep(0.05)


def rewrite(
    archive: Archive, segments: Sequence[Segment], keep: Keep, *, columns: Sequence[str] = KEEP_COLUMNS
) -> tuple[int, list[Segment]]:
    """Write segments anew with the rows that `keep` leaves; return how many rows left and the segments they left.

    `columns` are those that `keep` looks at. The old files are removed at once. The caller holds the sealing lock.
    """
    gone, touched = 0, []
    for segment in segments:
        if not _leaving(archive, segment, keep, columns):
            continue
        writer = archive.writer(segment.shard, segment.first, segment.last)
        for table in archive.tables(segment):
            writer.add(table.filter(keep(table)))
        fresh = writer.finish()
        archive.save(archive.manifest().replaced([segment], [fresh], at=None))
        archive.remove(segment.file)
        gone += segment.rows - fresh.rows
        touched.append(segment)
    return gone, touched


def _leaving(archive: Archive, segment: Segment, keep: Keep, columns: Sequence[str]) -> int:
    import pyarrow.compute as pc

    return sum(
        table.num_rows - (pc.sum(keep(table)).as_py() or 0) for table in archive.tables(segment, columns)
    )  # fmt: skip


def drop_retired(archive: Archive) -> None:
    """Remove the files that compaction left for readers; the caller holds the sealing lock."""
    manifest = archive.manifest()
    if manifest.retired:
        archive.save(manifest.without_retired(manifest.retired))
        for each in manifest.retired:
            archive.remove(each.file)


def delete_from_tail(tail: Tail, places: Sequence[tuple[int, int]]) -> int:
    """Delete rows of the tail by (shard, offset), in short transactions; return how many there were."""
    gone = 0
    if places:
        tail.index()  # what finds them is deleted with them
    for start in range(0, len(places), _DELETE):
        some = places[start : start + _DELETE]
        with tail.writing({shard for shard, _ in some}) as writing:
            gone += writing.delete([position(shard, offset) for shard, offset in some])
    return gone
