"""How small segments become one: neighbours of a shard, merged subject range by subject range in bounded memory."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from embudo.eventlog.manifest import Segment
from embudo.eventlog.seal import settle
from embudo.eventlog.segments import Archive, Table, in_order
from embudo.eventlog.subjects import SubjectIndex, index_of
from embudo.eventlog.tail import Tail

COMPACT_ROWS = 1_000_000  # rows of a segment that is left as it is
FEWEST = 4  # neighbours that are worth a merge
_RANGE_ROWS = 100_000  # about so many rows are in memory at once


def compact(tail: Tail, archive: Archive, *, fewest: int, at: int) -> list[Segment]:
    """Merge runs of at least `fewest` small neighbours, write anew what lacks a column; return the new segments.

    The replaced files stay for a while for those who are reading them. Returns nothing when another process is
    sealing. Raises LogUnavailable.
    """
    made: list[Segment] = []
    with tail.sealing() as held:
        if not held:
            return made
        settle(tail, archive, at=at)
        for shard in range(tail.shards):
            for run in _runs(archive.manifest().of_shard(shard), fewest):
                made.append(_replaced(archive, run, at))
            for segment in archive.manifest().of_shard(shard):
                if not archive.is_whole(segment):
                    made.append(_replaced(archive, [segment], at))
    return made


def _replaced(archive: Archive, run: Sequence[Segment], at: int) -> Segment:
    segment = merged(archive, run)
    archive.save(archive.manifest().replaced(run, [segment], at=at))
    return segment


def _runs(segments: Sequence[Segment], fewest: int) -> Iterator[list[Segment]]:
    run: list[Segment] = []
    for segment in segments:
        if sum(each.rows for each in run) + segment.rows > COMPACT_ROWS:
            if len(run) >= fewest:
                yield run
            run = []
        if segment.rows <= COMPACT_ROWS // 2:
            run.append(segment)
        elif len(run) >= fewest:
            yield run
            run = []
        else:
            run = []
    if len(run) >= fewest:
        yield run


def merged(archive: Archive, run: Sequence[Segment]) -> Segment:
    """Write neighbours as one segment and return it; the manifest is the caller's."""
    full = [each for each in run if each.rows]
    writer = archive.writer(run[0].shard, run[0].first, run[-1].last)
    indexes = [index_of(archive.path(each.file)) for each in full]
    low = None
    for high in [*_bounds(indexes), None]:
        portion = _between(archive, full, indexes, low, high)
        if portion is not None:
            writer.add(in_order(portion))
        low = high
    return writer.finish()


def _bounds(indexes: Sequence[SubjectIndex]) -> list[int]:
    """Return subjects that cut the rows of all segments into ranges of about _RANGE_ROWS."""
    rows = sum(index.rows for index in indexes)
    samples = sorted(
        index.subjects[place]
        for index in indexes
        for place in range(0, len(index.subjects), max(1, len(index.subjects) * _RANGE_ROWS // (8 * rows)))
    )
    ranges = max(1, rows // _RANGE_ROWS)
    return sorted({samples[len(samples) * each // ranges] for each in range(1, ranges)})


def _between(
    archive: Archive, segments: Sequence[Segment], indexes: Sequence[SubjectIndex], low: int | None, high: int | None
) -> Table | None:
    """Return the rows with subjects above `low` and up to `high` of all segments; None stands for no bound."""
    import pyarrow as pa

    tables: list[Table] = []
    for segment, index in zip(segments, indexes, strict=True):
        first = 0 if low is None else index.row_at(bisect_right(index.subjects, low))
        end = index.rows if high is None else index.row_at(bisect_right(index.subjects, high))
        if first < end:
            tables += archive.row_spans(segment, [(first, end)])
    return pa.concat_tables(tables) if tables else None
