"""How somebody is erased: at once from every reading and from intake, then from the bytes on disk, with evidence."""

import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec

from embudo.core.event import Event
from embudo.eventlog.columns import event_of
from embudo.eventlog.ledger import FAILED_BYTES
from embudo.eventlog.manifest import Segment, sync_folder
from embudo.eventlog.position import shard_and_offset
from embudo.eventlog.rewrite import alone, delete_from_tail, drop_retired, rewrite
from embudo.eventlog.segments import Archive, Table
from embudo.eventlog.subjects import index_of
from embudo.eventlog.tail import Failed, Tail
from embudo.eventlog.tombstones import Tombstones

_PORTION = 500


class Evidence(msgspec.Struct, frozen=True):
    """What an erasure or a retention did; kept as a line of `erased/evidence.jsonl`, without anybody's identifier."""

    what: str  # "erased" or "retained"
    by: str
    why: str
    at: int
    subjects: int = 0  # how many
    tail_rows: int = 0
    segment_rows: int = 0
    segments: tuple[str, ...] = ()  # those that rows left, by their old names
    failed_bodies: int = 0

    @property
    def rows(self) -> int:
        """Rows that left the log."""
        return self.tail_rows + self.segment_rows


def erase(
    tail: Tail,
    archive: Archive,
    tombstones: Tombstones,
    subjects: Collection[int],
    *,
    identifiers: Collection[str] = (),
    by: str,
    why: str,
    at: int,
) -> Evidence:
    """Erase subjects from intake, tail, segments and failed bodies, and return the evidence.

    A failed body is emptied when it holds one of the identifiers: those given and those of the rows that were found.
    Raises LogUnavailable; then the tombstones stand already, and the erasure can be repeated.
    """
    tombstones.add(subjects, at=at)
    with alone(tail, archive, at=at):
        drop_retired(archive)
        names = set(identifiers) | _names_in_segments(archive, subjects)
        places, more = _in_tail(tail, subjects)
        tail_rows = delete_from_tail(tail, places)
        rows, touched = _rewrite(archive, subjects)
        bodies = _forget_bodies(tail, names | more)
        files = tuple(segment.file for segment in touched)
        evidence = Evidence("erased", by, why, at, len(subjects), tail_rows, rows, files, bodies)
        record(tombstones.folder, evidence)
        tail.scrub()
    return evidence


def sweep(tail: Tail, archive: Archive, tombstones: Tombstones, *, by: str, why: str, at: int) -> Evidence | None:
    """Erase whatever tombstones cover and is there nevertheless (after a restore, a crash, or a commit that was on its
    way); return the evidence, or None when nothing was found."""
    if not tombstones:
        return None
    present = set(tail.subjects())
    for segment in archive.manifest().segments:
        present.update(index_of(archive.path(segment.file)).subjects if segment.rows else ())
    suspects = {subject for subject in present if tombstones.until(subject) is not None}
    if not suspects:
        return None
    with alone(tail, archive, at=at):
        drop_retired(archive)
        covered = [
            shard_and_offset(row[0]) for row in tail.rows_of(suspects) if tombstones.cover(event_of(row[1:]))
        ]  # fmt: skip
        tail_rows = delete_from_tail(tail, covered)
        rows, touched = _rewrite(archive, suspects, tombstones)
        if not tail_rows and not rows:
            return None
        files = tuple(segment.file for segment in touched)
        evidence = Evidence("erased", by, why, at, len(suspects), tail_rows, rows, files)
        record(tombstones.folder, evidence)
        tail.scrub()
    return evidence


def record(folder: Path, evidence: Evidence) -> None:
    """Add a line of evidence, durably."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "evidence.jsonl", "ab") as file:
        file.write(msgspec.json.encode(evidence) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    sync_folder(folder)


def evidence_of(folder: Path) -> list[Evidence]:
    """Return all evidence kept, oldest first."""
    path = folder / "evidence.jsonl"
    lines = path.read_bytes().splitlines() if path.exists() else []
    return [msgspec.json.decode(line, type=Evidence) for line in lines]


def _in_tail(tail: Tail, subjects: Collection[int]) -> tuple[list[tuple[int, int]], set[str]]:
    rows = tail.rows_of(subjects)
    names = {name for row in rows for name in _names(event_of(row[1:]))}
    return [shard_and_offset(row[0]) for row in rows], names


def _names(event: Event) -> Iterator[str]:
    yield event.identifier.partition(":")[2]
    if event.user_id:
        yield event.user_id
    if event.anonymous_id:
        yield event.anonymous_id


def _holding(archive: Archive, subjects: Collection[int]) -> list[Segment]:
    return [
        segment
        for segment in archive.manifest().segments
        if segment.rows and any(index_of(archive.path(segment.file)).span(subject) for subject in subjects)
    ]


def _names_in_segments(archive: Archive, subjects: Collection[int]) -> set[str]:
    return {
        name
        for segment in _holding(archive, subjects)
        for event in archive.history(segment, subjects)
        for name in _names(event)
    }


def _rewrite(
    archive: Archive, subjects: Collection[int], tombstones: Tombstones | None = None
) -> tuple[int, list[Segment]]:
    import pyarrow as pa
    import pyarrow.compute as pc

    gone = pa.array(sorted(subjects), pa.int64())

    def keep(table: Table) -> object:
        mask = pc.invert(pc.is_in(table["subject"], gone))
        if tombstones is None:
            return mask
        until = {subject: tombstones.until(subject) for subject in subjects}
        newer = [
            at > (until.get(subject) or at - 1)
            for subject, at in zip(table["subject"].to_pylist(), table["at"].to_pylist(), strict=True)
        ]
        return pc.or_(mask, pa.array(newer, pa.bool_()))

    return rewrite(archive, _holding(archive, subjects), keep)


def failed_holding(tail: Tail, names: Collection[str]) -> Iterator[list[Failed]]:
    """Yield the failed events that hold one of these names, some at a time."""
    patterns = [_pattern(name) for name in sorted(names) if name]
    if not patterns:
        return
    wanted = re.compile(b"|".join(patterns), re.IGNORECASE)
    before = None
    while failed := tail.failed(limit=_PORTION, before=before, reason="", state=""):
        before = failed[-1].number
        held = [each for each in failed if wanted.search(each.body) or wanted.search(each.detail.encode())]
        if held:
            yield held


def _forget_bodies(tail: Tail, names: Collection[str]) -> int:
    """Empty the failed bodies that hold one of these names; return how many."""
    forgotten = 0
    for held in failed_holding(tail, names):
        with tail.writing({0}) as writing:
            writing.count(0, {FAILED_BYTES: -writing.forget_failed([each.number for each in held])})
        forgotten += len(held)
    return forgotten


def _pattern(name: str) -> bytes:
    """Return what finds a name in a body: an address anywhere, a phone number however it is spaced, another name only
    as a whole JSON string, because "42" is in many bodies."""
    if "@" in name:
        return re.escape(name.encode(errors="replace"))
    if re.fullmatch(r"\+?\d{7,15}", name):
        return rb"[^0-9]{0,3}".join(digit.encode() for digit in name.lstrip("+"))
    return b'"' + re.escape(name.encode(errors="replace")) + b'"'
