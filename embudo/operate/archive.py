"""The backup's file: a tar whose last member lists every other one with its SHA-256."""

import hashlib
import io
import json
import os
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from embudo.install import reason, told
from embudo.whole_file import replaced

LISTING = "embudo-backup.json"
LAYOUT = 1
_CHUNK_BYTES = 1 << 20


class BadArchive(Exception):
    """The file is no backup of ours, or is damaged; the message says which."""


class Writer:
    """Adds members and remembers their hashes."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._hashes: dict[str, str] = {}

    def file(self, name: str, path: Path) -> None:
        """Add a file that nobody changes meanwhile."""
        with path.open("rb") as source:
            self._add(name, source, path.stat().st_size)

    def bytes(self, name: str, content: bytes) -> None:
        """Add a small member."""
        self._add(name, io.BytesIO(content), len(content))

    def listing(self, facts: dict[str, Any]) -> None:
        """Close the archive with the list of its members and what the install was."""
        text = json.dumps({"layout": LAYOUT, **facts, "sha256": self._hashes}, indent=1)
        self._add(LISTING, io.BytesIO(text.encode()), len(text.encode()))

    def _add(self, name: str, source: IO[bytes], size: int) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        hashed = _Hashing(source)
        self._tar.addfile(member, hashed)  # type: ignore[arg-type]
        self._hashes[name] = hashed.total.hexdigest()


class _Hashing:
    """Reads from a file and hashes what passes."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self.total = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        chunk = self._source.read(size)
        self.total.update(chunk)
        return chunk


@contextmanager
def writing(file: Path) -> Iterator[Writer]:
    """Write an archive beside `file`, readable by its owner only, and move it into place when it is on the disk."""
    kind = "w:gz" if file.suffix in (".gz", ".tgz") else "w"
    with replaced(file) as out, tarfile.open(fileobj=out, mode=kind) as tar:  # type: ignore[call-overload]
        yield Writer(tar)


def unpack(file: Path, folder: Path) -> dict[str, Any]:
    """Write the members below `folder`, check each against its hash, and return the listing; raises BadArchive."""
    with _opened(file) as tar:
        try:
            hashes = {member.name: _extract(tar, member, folder) for member in tar}
        except OSError as error:
            if error.errno:  # of the disk; without a number it is of the compression
                raise BadArchive(f"{file} cannot be unpacked: {told(error)}") from error
            raise BadArchive(_damaged(file)) from error
        except (tarfile.TarError, EOFError, zlib.error) as error:
            raise BadArchive(_damaged(file)) from error
    if LISTING not in hashes:
        raise BadArchive(f"{file} is not a whole backup of Embudo: its listing is missing")
    listing: dict[str, Any] = json.loads((folder / LISTING).read_text())
    if listing["layout"] > LAYOUT:
        raise BadArchive(f"{file} was written by a newer version of Embudo")
    del hashes[LISTING]
    if wrong := sorted(set(hashes.items()) ^ set(listing["sha256"].items())):
        raise BadArchive(f"{file} is damaged: {wrong[0][0]} is not what was written")
    return listing


def _opened(file: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(file)
    except OSError as error:
        raise BadArchive(f"{file} cannot be read: {reason(error)}") from error
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise BadArchive(f"{file} is no backup of Embudo; give a file that `embudo backup` wrote") from error


def _damaged(file: Path) -> str:
    return f"{file} is cut short or damaged; copy it again, or take another backup"


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> str:
    name = PurePosixPath(member.name)
    source = tar.extractfile(member)
    if source is None or name.is_absolute() or ".." in name.parts:
        raise BadArchive(f"{member.name} does not belong into a backup")
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    total = hashlib.sha256()
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        while chunk := source.read(_CHUNK_BYTES):
            total.update(chunk)
            out.write(chunk)
    return total.hexdigest()
