"""How a file grows by whole lines, durably, also behind a line that a crash has torn."""

import os
from pathlib import Path

from embudo.eventlog.manifest import sync_folder


def append_lines(path: Path, lines: bytes) -> None:
    """Add lines to a file that only its owner may read; it is made when it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "ab+", opener=private) as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - 1))
        torn = file.read(1) not in (b"", b"\n")
        file.write(b"\n" * torn + lines)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def private(path: str, flags: int) -> int:
    """Open a file as its owner's own."""
    return os.open(path, flags, 0o600)
