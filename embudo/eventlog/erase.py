"""How somebody is erased: at once from every reading and from intake, then from the bytes on disk, with evidence."""

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec.structs import replace

from embudo.core.event import Event
from embudo.eventlog.columns import event_of
from embudo.eventlog.lines import append_lines
from embudo.eventlog.manifest import Segment
from embudo.eventlog.position import shard_and_offset
from embudo.eventlog.rewrite import alone, delete_from_tail, drop_retired, rewrite
from embudo.eventlog.segments import Archive, Table
from embudo.eventlog.subjects import index_of
from embudo.eventlog.tail import Failed, LogUnavailable, Tail
from embudo.eventlog.tombstones import Tombstones

_PORTION = 50  # failed bodies looked at together; each may be as large as a request
EVER = 2**63 - 1


class Evidence(msgspec.Struct, frozen=True):
    """What an erasure or a retention did; kept as a line of `erased/evidence.jsonl`, without anybody's identifier."""

    what: str  # "erased", "retained", or "scrubbed": what an erasure could not overwrite is overwritten now
    by: str
    why: str
    at: int
    subjects: int = 0  # how many
    tail_rows: int = 0
    segment_rows: int = 0
    segments: tuple[str, ...] = ()  # those that rows left, by their old names
    failed_bodies: int = 0
    scrubbed: bool = True  # what was deleted is overwritten, too; if not, the next retention does it

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
    asked = Evidence("erased", by, why, at, len(subjects))
    with alone(tail, archive, at=at):
        done = _remove(tail, archive, tombstones, dict.fromkeys(subjects, EVER), identifiers, asked, received_until=at)
        evidence = replace(done, scrubbed=_scrub(tail, tombstones))
        record(tombstones.folder, evidence)
    return evidence


def sweep(tail: Tail, archive: Archive, tombstones: Tombstones, *, by: str, why: str, at: int) -> Evidence | None:
    """Erase whatever tombstones cover and is there nevertheless (after a restore, a crash, or a commit that was on its
    way), and overwrite what an erasure could not; return the evidence, or None when nobody was found."""
    if not tombstones:
        return None
    present = set(tail.subjects())
    for segment in archive.manifest().segments:
        present.update(index_of(archive.path(segment.file)).subjects if segment.rows else ())
    until = tombstones.until(present)
    owed = tombstones.unscrubbed.exists()
    if not until and not owed:
        return None
    asked = Evidence("erased", by, why, at, len(until))
    with alone(tail, archive, at=at):
        found = _remove(tail, archive, tombstones, until, (), asked, received_until=max(until.values(), default=0))
        scrubbed = _scrub(tail, tombstones) if found.rows or owed else True
        if found.rows:
            evidence = replace(found, scrubbed=scrubbed)
            record(tombstones.folder, evidence)
            return evidence
        if owed and scrubbed:
            record(tombstones.folder, Evidence("scrubbed", by, why, at))
    return None


def _remove(
    tail: Tail,
    archive: Archive,
    tombstones: Tombstones,
    until: Mapping[int, int],
    identifiers: Collection[str],
    asked: Evidence,
    *,
    received_until: int,
) -> Evidence:
    """Remove the rows of subjects up to the instant of each, after the failed bodies of which only they tell the names;
    return the evidence asked for with what was done."""
    drop_retired(archive)
    rows = [(shard_and_offset(row[0]), event_of(row[1:])) for row in tail.rows_of(until)]
    in_tail = [(place, event) for place, event in rows if event.at <= until[event.subject]]
    sealed = [event for event in _in_segments(archive, until) if event.at <= until[event.subject]]
    if not in_tail and not sealed and not identifiers:
        return asked
    tombstones.owe_a_scrub()
    names = {name for event in (*(event for _, event in in_tail), *sealed) for name in _names(event)}
    bodies = _forget_bodies(tail, names | set(identifiers), received_until)
    tail_rows = delete_from_tail(tail, [place for place, _ in in_tail])
    segment_rows, touched = _rewrite(archive, until)
    files = tuple(segment.file for segment in touched)
    return replace(asked, tail_rows=tail_rows, segment_rows=segment_rows, segments=files, failed_bodies=bodies)


def _scrub(tail: Tail, tombstones: Tombstones) -> bool:
    """Overwrite what was deleted; return False when somebody holds it up, for the next retention to do it again."""
    try:
        tail.scrub()
    except LogUnavailable:
        return False
    tombstones.unscrubbed.unlink(missing_ok=True)
    return True


def record(folder: Path, evidence: Evidence) -> None:
    """Add a line of evidence, durably."""
    append_lines(folder / "evidence.jsonl", msgspec.json.encode(evidence) + b"\n")


def evidence_of(folder: Path) -> list[Evidence]:
    """Return all evidence kept, oldest first; a line torn by a crash tells nothing."""
    path = folder / "evidence.jsonl"
    found = []
    for line in path.read_bytes().splitlines() if path.exists() else ():
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            found.append(msgspec.json.decode(line, type=Evidence))
    return found


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


def _in_segments(archive: Archive, subjects: Collection[int]) -> Iterator[Event]:
    for segment in _holding(archive, subjects):
        yield from archive.history(segment, subjects)


def _rewrite(archive: Archive, until: Mapping[int, int]) -> tuple[int, list[Segment]]:
    import pyarrow as pa
    import pyarrow.compute as pc

    subjects, instants = pa.array(list(until), pa.int64()), pa.array(list(until.values()), pa.int64())

    def keep(table: Table) -> object:
        its_instant = pc.take(instants, pc.index_in(table["subject"], subjects))  # null: not one of them
        return pc.fill_null(pc.greater(table["at"], its_instant), True)

    return rewrite(archive, _holding(archive, until), keep)


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


def _forget_bodies(tail: Tail, names: Collection[str], received_until: int) -> int:
    """Empty the failed bodies received up to an instant that hold one of these names; return how many."""
    forgotten = 0
    for held in failed_holding(tail, names):
        numbers = [each.number for each in held if each.received_at <= received_until]
        if numbers:
            with tail.writing({0}) as writing:
                writing.forget_failed(numbers)
            forgotten += len(numbers)
    return forgotten


def _pattern(name: str) -> bytes:
    """Return what finds a name in a body: an address anywhere, a phone number however it is spaced, another name only
    as a whole JSON string, because "42" is in many bodies."""
    if "@" in name:
        return re.escape(name.encode(errors="replace"))
    if re.fullmatch(r"\+?\d{7,15}", name):
        return rb"[^0-9]{0,3}".join(digit.encode() for digit in name.lstrip("+"))
    return b'"' + re.escape(name.encode(errors="replace")) + b'"'
