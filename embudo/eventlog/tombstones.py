"""Who was erased: keyed hashes in a file of its own, outside every backup, that filter reading and intake at once."""

import os
import secrets
from collections.abc import Collection
from hashlib import blake2b
from pathlib import Path

from embudo.core.event import Event
from embudo.eventlog.lines import append_lines, private


class Tombstones:
    """The tombstones of one install.

    A tombstone covers a subject's events up to the instant of the erasure, so that a retry resurrects nothing and a
    person who comes back later on their own is a new person.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.unscrubbed = folder / "unscrubbed"  # is there while something that was deleted is not overwritten yet
        self._path = folder / "tombstones"
        self._stamp: tuple[int, int] | None = None
        self._until: dict[str, int] = {}
        self._hashes: dict[int, str] = {}

    def __bool__(self) -> bool:
        """Whether there is any."""
        try:
            state = os.stat(self._path)
        except FileNotFoundError:
            self._stamp, self._until = None, {}
            return False
        if (stamp := (state.st_size, state.st_mtime_ns)) != self._stamp:
            self._load()
            self._stamp = stamp
        return bool(self._until)

    def cover(self, event: Event) -> bool:
        """Return whether an event belongs to an erased subject and is not newer than the erasure.

        Knows what was there when `bool` was last asked, which looks at the file; a loop asks it once before.
        """
        return bool(self._until) and event.at <= self._until.get(self._hash(event.subject), event.at - 1)

    def until(self, subjects: Collection[int]) -> dict[int, int]:
        """Return those of these subjects that are erased, with the instant up to which they are."""
        if not self:
            return {}
        return {each: self._until[name] for each in subjects if (name := self._hash(each)) in self._until}

    def add(self, subjects: Collection[int], *, at: int) -> None:
        """Put up tombstones, durably."""
        self.folder.mkdir(parents=True, exist_ok=True)  # for the key
        append_lines(self._path, "".join(f"{self._hash(subject)} {at}\n" for subject in sorted(subjects)).encode())
        bool(self)

    def owe_a_scrub(self) -> None:
        """Say, durably, that something is about to be deleted that has to be overwritten, too."""
        append_lines(self.unscrubbed, b"")

    def _load(self) -> None:
        until: dict[str, int] = {}
        for line in self._path.read_text().splitlines():
            name, _, at = line.partition(" ")
            if at.isdigit():  # of a line torn by a crash the erasure was not reported as done
                until[name] = max(int(at), until.get(name, 0))
        self._until = until

    def _hash(self, subject: int) -> str:
        if (known := self._hashes.get(subject)) is None:
            if len(self._hashes) > 100_000:
                self._hashes.clear()
            digest = blake2b(subject.to_bytes(8, "big", signed=True), key=self._key(), digest_size=16)
            known = self._hashes[subject] = digest.hexdigest()
        return known

    def _key(self) -> bytes:
        path = self.folder / "key"
        try:
            return bytes.fromhex(path.read_text())
        except FileNotFoundError:
            fresh = self.folder / f"key.{os.getpid()}"
            with open(fresh, "w", opener=private) as file:
                file.write(secrets.token_bytes(32).hex())
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(fresh, path)  # the first process wins
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
            return bytes.fromhex(path.read_text())
