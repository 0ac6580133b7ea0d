"""How the log is read: on from a cursor, or one subject's history, over segments and tail without a seam.

Rows move from the tail to segments while readers read. So every read takes the rows of the tail first and asks then
how far the shard is sealed: what is sealed by then comes from segments, and the rest of those rows is complete.
"""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from embudo.core.event import Event
from embudo.eventlog.columns import COLUMNS, PLAIN, Row, event_of
from embudo.eventlog.cursor import Cursor
from embudo.eventlog.manifest import DamagedManifest, Segment
from embudo.eventlog.position import shard_and_offset
from embudo.eventlog.segments import Archive, Table, events_of, table_of
from embudo.eventlog.tail import LogDamaged, Mark, Tail, TailRow
from embudo.eventlog.tombstones import Tombstones

WINDOW = 250_000  # offsets of a segment put in order at once
_PORTION = 20_000
_ATTEMPTS = 10

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Window:
    """Some offsets of a segment, in order."""

    file: str
    low: int
    high: int
    table: Table
    offsets: Sequence[int]


class Reader:
    """Reads one log."""

    def __init__(self, tail: Tail, archive: Archive, tombstones: Tombstones) -> None:
        self._tail = tail
        self._archive = archive
        self._tombstones = tombstones
        self._windows: dict[int, _Window] = {}

    def read(self, cursor: Cursor, limit: int) -> tuple[list[Row], Cursor]:
        """Return up to `limit` rows behind a cursor and the cursor after them; shards share the limit fairly.

        Fewer rows than the limit mean that the end was reached.
        """
        found: list[Row] = []
        unread = set(range(self._tail.shards))
        while unread and len(found) < limit:
            share = -(-(limit - len(found)) // len(unread))
            for shard in sorted(unread):
                asked = min(share, limit - len(found))
                if not asked:
                    break
                rows, reached, at_end = self._retried(partial(self._behind, shard, cursor.offset(shard), asked))
                cursor = cursor.moved({shard: reached})
                found += [row for row in rows if not self._tombstones.cover(row.event)] if self._tombstones else rows
                if at_end:
                    unread.discard(shard)
        return found, cursor

    def _behind(self, shard: int, after: int, limit: int) -> tuple[list[Row], int, bool]:
        """Return the rows of a shard behind an offset, the offset they reach, and whether that was the end."""
        rows = self._tail.rows(shard, after, limit)
        if _dense(rows, after):
            return [_row(row) for row in rows], after + len(rows), len(rows) < limit
        mark = self._tail.marks()[shard]
        if after < mark.sealed:
            return *self._sealed_behind(shard, after, limit, mark.sealed), False
        if rows:  # the gaps between them were erased
            return [_row(row) for row in rows], shard_and_offset(rows[-1][0])[1], False
        return self._past_the_last_row(shard, after, mark.last)

    def _past_the_last_row(self, shard: int, after: int, last: int) -> tuple[list[Row], int, bool]:
        """Move to `last`, the end of before now, when rows behind `after` are not late but erased."""
        if after == last or self._tail.rows(shard, after, 1):  # appended since the first look
            return [], after, after == last
        sealed = self._tail.marks()[shard].sealed  # sealed since the first look: they are in a segment
        return [], after if sealed > after else last, False

    def _sealed_behind(self, shard: int, after: int, limit: int, sealed: int) -> tuple[list[Row], int]:
        rows: list[Row] = []
        while after < sealed and len(rows) < limit:
            window = self._window(shard, after + 1)
            start = bisect_right(window.offsets, after)
            some = window.table.slice(start, limit - len(rows))
            rows += map(Row, some["shard"].to_pylist(), some["offset"].to_pylist(), events_of(some.select(PLAIN)))
            complete = start + some.num_rows == window.table.num_rows
            after = window.high if complete else window.offsets[start + some.num_rows - 1]
        return rows, after

    def _window(self, shard: int, offset: int) -> _Window:
        segment = next((s for s in self._archive.manifest().of_shard(shard) if s.last >= offset), None)
        if segment is None or segment.first > offset:
            raise LogDamaged(f"no segment holds offset {offset} of shard {shard}, though it is sealed")
        kept = self._windows.get(shard)
        if kept is None or kept.file != segment.file or not kept.low <= offset <= kept.high:
            kept = self._windows[shard] = self._open(segment, offset)
        return kept

    def _open(self, segment: Segment, offset: int) -> _Window:
        high = min(segment.last, offset + WINDOW - 1)
        table = self._archive.offsets_between(segment, offset, high)
        numbers = table["offset"].combine_chunks()
        whole = memoryview(numbers.buffers()[1] or b"").cast("q") if len(numbers) else []
        return _Window(segment.file, offset, high, table, whole[numbers.offset : numbers.offset + len(numbers)])

    def history(self, subjects: Collection[int], until: int | None, through: Cursor | None = None) -> list[Event]:
        """Return the events of these subjects with `at` <= `until` that `through` has seen, sorted by `event.order`."""
        events = self._retried(lambda: list(self._history(set(subjects), through)))
        kept = (
            event for event in events
            if (until is None or event.at <= until) and not (self._tombstones and self._tombstones.cover(event))
        )  # fmt: skip
        return sorted(kept, key=lambda event: event.order)

    def _history(self, subjects: Collection[int], through: Cursor | None) -> Iterator[Event]:
        rows = self._tail.rows_of(subjects)
        marks = self._tail.marks()
        for shard, offset, event in map(_row, rows):
            if offset > marks[shard].sealed and (through is None or offset <= through.offset(shard)):
                yield event
        for segment in self._archive.manifest().until(marks):
            last = None if through is None else through.offset(segment.shard)
            if last is None or segment.first <= last:
                yield from self._archive.history(segment, subjects, last)

    def segments(self) -> list[Segment]:
        """Return the segments of the rows that are sealed."""
        marks = self._tail.marks()  # first: a manifest is never behind the marks of before
        return self._retried(lambda: self._archive.manifest().until(marks))

    def snapshot(self, columns: Sequence[str] = COLUMNS) -> tuple[list[Segment], Table]:
        """Return the segments with all COLUMNS and the rows that none of them holds, consistent with one another."""
        import pyarrow as pa

        needed = tuple(dict.fromkeys(("shard", "offset", *columns)))
        tables, begun = [table_of([], needed)], self._tail.marks()
        for shard, mark in begun.items():
            after = mark.sealed
            while rows := self._tail.rows(shard, after, _PORTION):
                tables.append(table_of(rows, needed))
                after = shard_and_offset(rows[-1][0])[1]
        marks, table = self._tail.marks(), pa.concat_tables(tables)
        for shard, mark in marks.items():
            if mark.sealed > begun[shard].sealed:
                table = table.filter(_unsealed(table, shard, mark.sealed))
        whole, lifted = self._retried(lambda: self._lifted(marks, needed))
        return whole, pa.concat_tables([table, *lifted]).select(list(columns))

    def _lifted(self, marks: Mapping[int, Mark], columns: Sequence[str]) -> tuple[list[Segment], list[Table]]:
        """Return the segments with all COLUMNS, and the rows of the others as today's."""
        segments = self._archive.manifest().until(marks)
        whole = [each for each in segments if self._archive.is_whole(each)]
        return whole, [table for each in segments if each not in whole for table in self._archive.tables(each, columns)]

    def _retried(self, act: Callable[[], T]) -> T:
        """Run a read again when a segment was replaced under it; raises LogDamaged when that does not help."""
        for attempt in range(_ATTEMPTS):
            try:
                return act()
            except FileNotFoundError as error:
                if attempt == _ATTEMPTS - 1:
                    raise LogDamaged(str(error)) from error
            except (DamagedManifest, ValueError, OSError) as error:  # pyarrow's errors are ValueErrors or OSErrors
                raise LogDamaged(str(error)) from error
        raise AssertionError("unreachable")


def _unsealed(table: Table, shard: int, sealed: int) -> Any:
    import pyarrow.compute as pc

    return pc.or_(pc.not_equal(table["shard"], shard), pc.greater(table["offset"], sealed))


def _dense(rows: Sequence[TailRow], after: int) -> bool:
    return bool(rows) and shard_and_offset(rows[-1][0])[1] == after + len(rows)


def _row(row: TailRow) -> Row:
    return Row(*shard_and_offset(row[0]), event_of(row[1:]))
