"""The sealed rows: Parquet files sorted by subject and time, each with an index of subjects, listed in the manifest."""

import os
import re
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from embudo.core.event import Event
from embudo.eventlog import manifest as manifests
from embudo.eventlog.columns import COLUMNS, HOT_TEXT, PLAIN, event_of, hot_of, schema
from embudo.eventlog.keys import hashes_of, keep_keys, keys_of, keys_path
from embudo.eventlog.manifest import DamagedManifest, Manifest, Segment, checksum, checksum_of, sync_folder
from embudo.eventlog.position import position, shard_and_offset
from embudo.eventlog.subjects import encoded, index_of, index_path
from embudo.eventlog.tail import Mark, TailRow

ROW_GROUP = (
    8_192  # one subject's rows are in one or two of these (4 ms each); a scan by DuckDB is 10 % slower than at most
)
_DICTIONARIES = ["source", "kind", "identifier", "anonymous_id", "user_id", "site", "door", "verdict", *HOT_TEXT]
_STATISTICS = [name for name in COLUMNS if name not in ("id", "body")]
_ORDER = [("subject", "ascending"), ("at", "ascending"), ("id", "ascending")]

_READ = ("shard", "offset", *PLAIN)  # what reading on needs

_NAME = re.compile(r"(\d{3,})-\d{12,}-(\d{12,})-\d{6,}\.(?:parquet|subjects|keys)")

Table = Any  # pyarrow.Table; pyarrow is imported only where it is needed


class Archive:
    """The folder of segments and its manifest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "segments"
        self.manifest_path = folder / "manifest.json"
        self._seen: tuple[tuple[int, int, int], Manifest] | None = None

    def manifest(self) -> Manifest:
        """Return the manifest of now; raises DamagedManifest."""
        try:
            state = os.stat(self.manifest_path)
        except FileNotFoundError:
            return Manifest()
        stamp = (state.st_ino, state.st_mtime_ns, state.st_size)
        if self._seen is None or self._seen[0] != stamp:
            self._seen = (stamp, manifests.load(self.manifest_path))
        return self._seen[1]

    def save(self, manifest: Manifest) -> None:
        """Put a manifest in place, durably; only the holder of the sealing lock may."""
        manifests.save(self.manifest_path, manifest)

    def path(self, file: str) -> Path:
        """Return where a segment's file lies."""
        return self.folder / file

    def writer(self, shard: int, first: int, last: int) -> "SegmentWriter":
        """Return the writer of a new segment of these offsets."""
        self.folder.mkdir(parents=True, exist_ok=True)
        generation = self.manifest().generation + 1
        return SegmentWriter(self.folder, shard, first, last, generation)

    def remove(self, file: str) -> None:
        """Remove a segment's file and what is beside it, when they are still there."""
        for beside in (Path, index_path, keys_path):
            beside(self.path(file)).unlink(missing_ok=True)

    def history(self, segment: Segment, subjects: Collection[int], through: int | None = None) -> Iterator[Event]:
        """Yield a segment's events of these subjects, those with offsets up to `through`.

        Raises FileNotFoundError when it was just replaced.
        """
        import pyarrow.compute as pc

        index = index_of(self.path(segment.file))
        spans = sorted(span for subject in subjects if (span := index.span(subject)))
        cut = through is not None and segment.last > through
        for table in self.row_spans(segment, spans, ("offset", *PLAIN) if cut else PLAIN):
            some = table.filter(pc.less_equal(table["offset"], through)).select(PLAIN) if cut else table
            yield from events_of(some)

    def having(self, segment: Segment, hashes: Any) -> Iterator[Event]:
        """Yield the events of a segment whose keys have one of these hashes (keys.py), a pyarrow array."""
        import pyarrow.compute as pc

        rows = pc.indices_nonzero(pc.is_in(self._keys(segment), hashes)).to_pylist()
        for table in self.row_spans(segment, [(row, row + 1) for row in rows], PLAIN):
            yield from events_of(table)

    def _keys(self, segment: Segment) -> Any:
        path = self.path(segment.file)
        if (found := keys_of(path, segment.rows)) is None:
            hashes = array("q")
            for table in self.tables(segment, ("source", "id")):
                hashes += hashes_of(zip(table["source"].to_pylist(), table["id"].to_pylist(), strict=True))
            keep_keys(path, hashes)
            found = keys_of(path, segment.rows)
        return found

    def row_spans(
        self, segment: Segment, spans: Sequence[tuple[int, int]], columns: Sequence[str] = COLUMNS
    ) -> Iterator[Table]:
        """Yield the rows of ascending spans (first row, row behind the last), reading only their row groups."""
        import pyarrow.parquet as pq

        if not spans:
            return
        path = self.path(segment.file)
        footer = _footer(path)
        with pq.ParquetFile(path, metadata=footer) as file:
            start = 0
            for group in range(footer.num_row_groups):
                end = start + footer.row_group(group).num_rows
                inside = [(max(low, start), min(high, end)) for low, high in spans if low < end and high > start]
                if inside:
                    table = _row_group(file, group, columns)
                    yield from (table.slice(low - start, high - low) for low, high in inside)
                start = end

    def offsets_between(self, segment: Segment, low: int, high: int) -> Table:
        """Return shard, offset and PLAIN of a segment's rows with offsets from `low` to `high`, in offset order."""
        import pyarrow as pa
        import pyarrow.compute as pc

        found = [table_of([], _READ)]
        for table in self.tables(segment, _READ):
            inside = pc.and_(pc.greater_equal(table["offset"], low), pc.less_equal(table["offset"], high))
            found.append(table.filter(inside))
        return pa.concat_tables(found).sort_by("offset").combine_chunks()

    def tables(self, segment: Segment, columns: Sequence[str] = COLUMNS) -> Iterator[Table]:
        """Yield a segment's rows portion by portion, sorted by subject and time."""
        import pyarrow.parquet as pq

        if not segment.rows:
            return
        with pq.ParquetFile(self.path(segment.file)) as file:
            for group in range(file.num_row_groups):
                yield _row_group(file, group, columns)

    def is_whole(self, segment: Segment) -> bool:
        """Return whether a segment has all COLUMNS, and not only those there were when it was written."""
        return not segment.rows or _is_whole(self.path(segment.file))

    def checked(self, marks: Mapping[int, Mark]) -> Manifest:
        """Return the manifest of now; raises DamagedManifest when it is of another time than the tail or its files."""
        manifest = self.manifest()
        for each in manifest.until(marks):
            if not self.path(each.file).exists():
                raise DamagedManifest(f"{each.file} is on the list of segments and is gone")
        return manifest

    def clear_orphans(self, marks: Mapping[int, Mark]) -> None:
        """Remove the files a crash left; one with offsets the tail never gave out is the only copy of its rows, and is
        put aside."""
        for path in self.orphans():
            shard, last = _reach_of(path)
            if last > (marks[shard].last if shard in marks else 0):
                aside = self.folder.with_name("aside")
                aside.mkdir(exist_ok=True)
                path.rename(aside / path.name)
            else:
                path.unlink(missing_ok=True)

    def orphans(self) -> list[Path]:
        """Return the files in the folder that the manifest does not know."""
        manifest = self.manifest()
        known = {each.file for each in manifest.segments} | {each.file for each in manifest.retired}
        known |= {beside(Path(file)).name for file in known if file for beside in (index_path, keys_path)}
        return sorted(path for path in self.folder.glob("*") if path.name not in known)


def _reach_of(path: Path) -> tuple[int, int]:
    """Return the shard and the last offset of a finished segment or its index by the name, (0, 0) of another file."""
    found = _NAME.fullmatch(path.name)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _row_group(file: Any, group: int, columns: Sequence[str]) -> Table:
    """Return these columns of a row group; those that an older segment lacks are lifted from its rows."""
    if set(columns) <= set(file.schema_arrow.names):
        return file.read_row_group(group, columns=list(columns), use_threads=False)
    old = file.read_row_group(group, columns=list(_READ), use_threads=False).select(_READ)
    rows = zip(*(column.to_pylist() for column in old.columns), strict=True)
    return table_of(((position(shard, offset), *values) for shard, offset, *values in rows), columns)


@lru_cache(maxsize=4096)
def _is_whole(path: Path) -> bool:
    import pyarrow.parquet as pq

    return set(COLUMNS) <= set(pq.read_schema(path).names)


@lru_cache(maxsize=512)
def _footer(path: Path) -> Any:
    import pyarrow.parquet as pq

    return pq.read_metadata(path)


def events_of(table: Table) -> list[Event]:
    """Return the events of a table of PLAIN, in its order."""
    return [event_of(values) for values in zip(*(column.to_pylist() for column in table.columns), strict=True)]


def table_of(rows: Iterable[TailRow], columns: Sequence[str] = COLUMNS) -> Table:
    """Return rows of the tail as a table of these COLUMNS."""
    import pyarrow as pa

    wide = [(*shard_and_offset(row[0]), *row[1:], *hot_of(row[1:])) for row in rows]
    by_name = dict(zip(COLUMNS, zip(*wide, strict=True) if wide else [()] * len(COLUMNS), strict=True))
    by_name["named"] = tuple(map(bool, by_name["named"]))
    picked = pa.schema([schema().field(name) for name in columns])
    return pa.table([pa.array(by_name[each.name], each.type) for each in picked], schema=picked)


def in_order(table: Table) -> Table:
    """Return a table in the order of segments: by subject, then time, then id."""
    return table.sort_by(_ORDER).combine_chunks()


class SegmentWriter:
    """Writes one segment: rows in the order of segments, added in portions. Nothing is seen of it before `finish`."""

    def __init__(self, folder: Path, shard: int, first: int, last: int, generation: int) -> None:
        import pyarrow.parquet as pq

        self._path = folder / f"{shard:03d}-{first:012d}-{last:012d}-{generation:06d}.parquet"
        self._unfinished = self._path.with_suffix(".unfinished")
        self._place = (shard, first, last)
        self._rows = 0
        self._subjects, self._first_rows = array("q"), array("I")
        self._limits: dict[str, tuple[int, int]] = {}
        self._waiting: list[Table] = []
        self._parquet = pq.ParquetWriter(
            self._unfinished, schema(), compression="zstd",
            use_dictionary=_DICTIONARIES, write_statistics=_STATISTICS,
        )  # fmt: skip

    def add(self, table: Table) -> None:
        """Add rows that come behind all rows added before."""
        if not table.num_rows:
            return
        self._index(table)
        self._waiting.append(table.select(COLUMNS))
        if sum(each.num_rows for each in self._waiting) >= ROW_GROUP:
            self._flush(whole=False)

    def _index(self, table: Table) -> None:
        import pyarrow.compute as pc

        runs = pc.run_end_encode(table["subject"].combine_chunks())
        begin = self._rows
        for subject, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
            if not self._subjects or self._subjects[-1] != subject:
                self._subjects.append(subject)
                self._first_rows.append(begin)
            begin = self._rows + end
        self._rows += table.num_rows
        for name in ("at", "received_at"):
            limits = pc.min_max(table[name]).as_py()
            low, high = self._limits.get(name, (limits["min"], limits["max"]))
            self._limits[name] = (min(low, limits["min"]), max(high, limits["max"]))

    def _flush(self, *, whole: bool) -> None:
        import pyarrow as pa

        table = pa.concat_tables(self._waiting)
        count = table.num_rows if whole else table.num_rows // ROW_GROUP * ROW_GROUP
        self._parquet.write_table(table.slice(0, count), row_group_size=ROW_GROUP)
        self._waiting = [table.slice(count)] if count < table.num_rows else []

    def finish(self) -> Segment:
        """Make the segment durable and return it, to be put into the manifest; without rows it has no file."""
        if self._waiting:
            self._flush(whole=True)
        self._parquet.close()
        if not self._rows:
            self._unfinished.unlink()
            return Segment("", *self._place)
        index = encoded(self._subjects, self._first_rows, self._rows)
        with open(index_path(self._path), "wb") as file:
            file.write(index)
            file.flush()
            os.fsync(file.fileno())
        with open(self._unfinished, "rb") as file:
            os.fsync(file.fileno())
        os.replace(self._unfinished, self._path)
        sync_folder(self._path.parent)
        return self._segment(checksum(index))

    def _segment(self, index_checksum: str) -> Segment:
        shard, first, last = self._place
        return Segment(
            self._path.name, shard, first, last, self._rows, self._path.stat().st_size, checksum_of(self._path),
            index_checksum, *self._limits["at"], *self._limits["received_at"],
        )  # fmt: skip
