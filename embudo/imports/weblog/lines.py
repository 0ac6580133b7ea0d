"""The lines of an access log, plain or compressed (.gz), read one at a time however large the file is."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from embudo.imports.weblog.line import BadLine, Damage, Hit, hit_of

LONGEST = 65_536  # bytes of a line
GZIP = b"\x1f\x8b"
SAMPLE = 200  # lines, of which one at least must be one of an access log

Read = Hit | BadLine | None  # None: the file ends here in the middle of what was compressed


def read(path: Path) -> Iterator[tuple[int, Read]]:
    """Yield each line's number and what it says, or why nothing can be made of it; empty lines are left out."""
    number = 0
    with _open(path) as file:
        while True:
            try:
                line = file.readline(LONGEST)
            except (EOFError, OSError, zlib.error):
                yield number + 1, None
                return
            if not line:
                return
            number += 1
            if not line.endswith(b"\n") and len(line) == LONGEST:
                yield number, BadLine(Damage.TOO_LONG)
                if not _skip(file):
                    return
            elif text := line.decode("latin-1").strip("\r\n\0 "):
                yield number, _hit(text)


def is_access_log(path: Path) -> bool:
    """Return whether one of the first lines is a line of an access log in combined format."""
    for number, found in read(path):
        if isinstance(found, Hit):
            return True
        if number >= SAMPLE:
            break
    return False


def _open(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        compressed = file.read(2) == GZIP
    return cast(BinaryIO, gzip.open(path, "rb")) if compressed else path.open("rb")


def _skip(file: BinaryIO) -> bool:
    """Go on to the end of a line that is too long; False where the file ends or breaks off first."""
    try:
        while piece := file.readline(LONGEST):
            if piece.endswith(b"\n"):
                return True
    except (EOFError, OSError, zlib.error):
        return False
    return False


def _hit(text: str) -> Hit | BadLine:
    try:
        return hit_of(text)
    except BadLine as error:
        return error
