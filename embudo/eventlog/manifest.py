"""Which segments there are: one small file, replaced as a whole, so that a reader sees the old list or the new one."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import msgspec

from embudo.eventlog.tail import Mark


class Segment(msgspec.Struct, frozen=True):
    """One sealed file: the rows of a shard from one offset to another, sorted by subject, then time.

    Rows may have left since (erasure, retention, twins older than the horizon): `rows` counts those that are there.
    When none is there, `file` is empty, and the segment only says that its offsets are settled.
    """

    file: str
    shard: int
    first: int  # offsets, both inclusive
    last: int
    rows: int = 0
    bytes: int = 0
    checksum: str = ""
    index_checksum: str = ""
    min_at: int = 0
    max_at: int = 0
    min_received_at: int = 0
    max_received_at: int = 0


class Gap(NamedTuple):
    """Offsets of a shard that no segment covers, both inclusive."""

    shard: int
    first: int
    last: int

    def __str__(self) -> str:
        return f"Offsets {self.first} to {self.last} of shard {self.shard} are in no segment"


class Retired(msgspec.Struct, frozen=True):
    """A file that another took the place of; it stays a while for those who are reading it."""

    file: str
    at: int


class Manifest(msgspec.Struct, frozen=True):
    """The segments in order of shard and offset."""

    generation: int = 0
    segments: tuple[Segment, ...] = ()
    retired: tuple[Retired, ...] = ()

    def of_shard(self, shard: int) -> list[Segment]:
        """Return a shard's segments in offset order."""
        return [each for each in self.segments if each.shard == shard]

    def until(self, marks: Mapping[int, Mark]) -> list[Segment]:
        """Return the segments with rows that the tail says are sealed; a newer one's rows still count as the tail's.

        Raises DamagedManifest when some of those rows are in no segment.
        """
        for gap in self.gaps(marks):
            raise DamagedManifest(f"{gap}, though the tail says they are sealed")
        return [each for each in self.segments if each.rows and each.last <= marks[each.shard].sealed]

    def gaps(self, marks: Mapping[int, Mark]) -> Iterator["Gap"]:
        """Yield the sealed offsets that no segment covers: the list is gone, or of another time than the tail."""
        reached = dict.fromkeys(marks, 0)
        for each in self.segments:
            if each.first > reached.get(each.shard, 0) + 1:
                yield Gap(each.shard, reached.get(each.shard, 0) + 1, each.first - 1)
            reached[each.shard] = each.last
        for shard, mark in marks.items():
            if reached[shard] < mark.sealed:
                yield Gap(shard, reached[shard] + 1, mark.sealed)

    def sealed(self, shard: int) -> int:
        """Return the last offset of a shard that a segment covers."""
        return max((each.last for each in self.of_shard(shard)), default=0)

    def replaced(self, old: Collection[Segment], new: Sequence[Segment], *, at: int | None) -> "Manifest":
        """Return the next manifest: `old` ones out (files retired at `at`, or just gone when None), `new` ones in."""
        kept = [each for each in self.segments if each not in old] + list(new)
        retired = () if at is None else tuple(Retired(each.file, at) for each in old if each.file)
        return Manifest(
            self.generation + 1, tuple(sorted(kept, key=lambda s: (s.shard, s.first))), self.retired + retired
        )

    def without_retired(self, gone: Collection[Retired]) -> "Manifest":
        """Return the next manifest, in which these retired files are forgotten."""
        kept = tuple(each for each in self.retired if each not in gone)
        return Manifest(self.generation + 1, self.segments, kept)


class DamagedManifest(Exception):
    """The manifest's file cannot be read or does not match its checksum."""


class _Sealed(msgspec.Struct):
    checksum: str
    manifest: msgspec.Raw


def load(path: Path) -> Manifest:
    """Return the manifest of a file, an empty one when there is no file; raises DamagedManifest."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return Manifest()
    try:
        sealed = msgspec.json.decode(text, type=_Sealed)
        if checksum(bytes(sealed.manifest)) != sealed.checksum:
            raise DamagedManifest(f"{path}: the content does not match its checksum")
        return msgspec.json.decode(sealed.manifest, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DamagedManifest(f"{path}: {error}") from error


def save(path: Path, manifest: Manifest) -> None:
    """Put a manifest in place of the old one, durably and at once."""
    body = msgspec.json.encode(manifest)
    text = msgspec.json.encode(_Sealed(checksum(body), msgspec.Raw(body)))
    new = path.with_suffix(".new")
    with open(new, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)
    sync_folder(path.parent)


def checksum(content: bytes) -> str:
    """Return the checksum of bytes."""
    return blake2b(content, digest_size=16).hexdigest()


def checksum_of(path: Path) -> str:
    """Return the checksum of a file; raises OSError."""
    total = blake2b(digest_size=16)
    with open(path, "rb") as file:
        while portion := file.read(1 << 20):
            total.update(portion)
    return total.hexdigest()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
