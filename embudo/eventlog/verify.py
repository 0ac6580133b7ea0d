"""What is wrong with a log, found by reading everything and told as what, why, and what to do. Never raises."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from embudo.eventlog.adopt import behind
from embudo.eventlog.ledger import Ledger
from embudo.eventlog.manifest import DamagedManifest, Manifest, Segment, checksum_of
from embudo.eventlog.segments import Archive
from embudo.eventlog.subjects import index_path
from embudo.eventlog.tail import LogUnavailable, Tail

_RESTORE = "Stop the install, keep a copy of the data folder, and restore the newest backup (embudo restore)."
_RESTORE_FILE = "Put this file back from the newest backup that has it; everything else can stay."
_REPORT = "Keep a copy of the data folder and report this: it must not happen."


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the log."""

    what: str
    why: str
    remedy: str


def verify(open_tail: Callable[[], Tail], archive: Archive) -> list[Problem]:
    """Return every problem of a log, an empty list when it is sound. Reads every byte of the segments."""
    try:
        tail = open_tail()
    except LogUnavailable as error:
        why = "Its storage does not open: the file is damaged, or the disk or the server cannot be reached."
        return [Problem(f"The tail cannot be opened: {error}", why, _RESTORE), *_segments(archive, None)]
    problems = [Problem(f"The tail is damaged: {fault}", "The storage's own check found it.", _RESTORE)
                for fault in tail.faults()]  # fmt: skip
    if problems:
        return [*problems, *_segments(archive, None)]
    try:
        return [*_tail(tail), *_lost(archive, tail), *_segments(archive, tail), *_ledger(tail)]
    except LogUnavailable as error:
        return [Problem(f"The tail cannot be read: {error}", "The storage stopped answering.", _RESTORE)]


def _tail(tail: Tail) -> Iterator[Problem]:
    marks = tail.marks()
    for shard in range(tail.shards):
        if shard not in marks:
            yield Problem(f"Shard {shard} has no mark.", "A row of eventlog_shards is gone.", _RESTORE)
            continue
        mark, rows = marks[shard], tail.extremes(shard)
        if mark.sealed > mark.last or mark.indexed > mark.last:
            why = f"It says {mark.sealed} offsets are sealed and {mark.indexed} indexed, but gave out only {mark.last}."
            yield Problem(f"The mark of shard {shard} contradicts itself.", why, _REPORT)
        if rows and rows[1] > mark.last:
            why = f"A row has the offset {rows[1]}, but only {mark.last} were given out."
            yield Problem(f"Shard {shard} holds rows behind its end.", why, _REPORT)


def _ledger(tail: Tail) -> Iterator[Problem]:
    ledger = Ledger.of(tail.counters())
    if not ledger.balanced:
        why = (f"received {ledger.received} is not accepted {ledger.accepted} + failed {ledger.failed}"
               f" + refused {ledger.refusals}")  # fmt: skip
        yield Problem("The ledger does not balance.", why, _REPORT)


def _lost(archive: Archive, tail: Tail) -> Iterator[Problem]:
    for shard in behind(tail, archive):
        what = f"The tail of shard {shard} is older than its segments."
        yield Problem(what, "It was lost and made anew, or is of another backup than the segments.", _RESTORE)


def _segments(archive: Archive, tail: Tail | None) -> Iterator[Problem]:
    try:
        manifest = archive.manifest()
    except (DamagedManifest, OSError) as error:
        yield Problem(f"The list of segments cannot be read: {error}", "The file was altered or torn.", _RESTORE_FILE)
        return
    damaged = [
        *(problem for segment in manifest.segments if segment.file for problem in _segment(archive, segment)),
        *_doubles(manifest),
        *_gaps(manifest, tail),
    ]
    yield from damaged
    if tail is not None:
        yield from _orphans(archive, tail, harmless=not damaged)


def _segment(archive: Archive, segment: Segment) -> Iterator[Problem]:
    path = archive.path(segment.file)
    rows = f"offsets {segment.first} to {segment.last} of shard {segment.shard}"
    for file, checksum in ((path, segment.checksum), (index_path(path), segment.index_checksum)):
        why = _fault(file, checksum, segment.bytes if file == path else None)
        if why:
            yield Problem(f"{file.name} ({rows}) is damaged.", why, _RESTORE_FILE)


def _fault(file: Path, checksum: str, size: int | None) -> str:
    try:
        found = file.stat().st_size
        if size is not None and found != size:
            return f"It has {found} bytes instead of {size}: it was cut short or written to."
        return "" if checksum_of(file) == checksum else "Its content does not match the checksum it was sealed with."
    except FileNotFoundError:
        return "The file is gone."
    except OSError as error:
        return f"It cannot be read: {error}."


def _doubles(manifest: Manifest) -> Iterator[Problem]:
    for one, other in pairwise(manifest.segments):
        if other.shard == one.shard and other.first <= one.last:
            what = f"Offsets {other.first} to {min(one.last, other.last)} of shard {one.shard} are in two segments."
            yield Problem(what, "The list was altered.", _RESTORE)


def _gaps(manifest: Manifest, tail: Tail | None) -> Iterator[Problem]:
    for gap in manifest.gaps(tail.marks() if tail else {}):
        yield Problem(f"{gap}.", "The list of segments is gone, or of another time than the tail.", _RESTORE)


def _orphans(archive: Archive, tail: Tail, *, harmless: bool) -> Iterator[Problem]:
    why, remedy = "It may hold what is missing.", "Keep it."
    if harmless:
        why = "A crash left it before it was put on the list; its rows are in the tail or in other segments."
        remedy = "Nothing: the next sealing removes it."
    with tail.sealing() as held:  # a file that is being written now is not an orphan
        for path in archive.orphans() if held else ():
            yield Problem(f"{path.name} is on no list.", why, remedy)
