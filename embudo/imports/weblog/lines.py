"""The lines of an access log, plain or compressed (.gz), read one at a time however large the file is."""

import gzip
import zlib
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import BinaryIO, cast

from embudo.imports.weblog.line import BadLine, Damage, Hit, hit_of

LONGEST = 65_536  # bytes of a line
GZIP = b"\x1f\x8b"
SAMPLE_BYTES = 200_000  # in which a line of an access log must be
BREAKS = (EOFError, OSError, zlib.error)  # how a compressed file ends before its end


class Nothing(Enum):
    """What is read and is no line."""

    BLANK = "blank"  # or more of a line that is too long
    BROKEN = "broken"  # the file ends in the middle of what was compressed


Read = Hit | BadLine | Nothing


def read(path: Path) -> Iterator[tuple[int, Read]]:
    """Yield each line's number and what it says, or why nothing can be made of it.

    Little is read between two yields, whatever a compressed file unpacks to, so the work can be cancelled.
    """
    number, within = 0, False
    with _open(path) as file:
        while True:
            try:
                line = file.readline(LONGEST)
            except BREAKS:
                yield number + 1, Nothing.BROKEN
                return
            if not line:
                return
            cut = len(line) == LONGEST and not line.endswith(b"\n")
            number += not within
            yield number, Nothing.BLANK if within else BadLine(Damage.TOO_LONG) if cut else _read(line)
            within = cut


def is_access_log(path: Path) -> bool:
    """Return whether a line of an access log in combined format is near the beginning of a file."""
    with _open(path) as file:
        try:
            start = file.read(SAMPLE_BYTES)
        except BREAKS:
            return any(isinstance(found, Hit) for _number, found in read(path))  # it is short, or breaks off early
    return any(isinstance(_read(line), Hit) for line in start.splitlines())


def _open(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        compressed = file.read(2) == GZIP
    return cast(BinaryIO, gzip.open(path, "rb")) if compressed else path.open("rb")


def _read(line: bytes) -> Read:
    text = line.decode("latin-1").strip("\r\n\0 ")
    if not text:
        return Nothing.BLANK
    try:
        return hit_of(text)
    except BadLine as error:
        return error
