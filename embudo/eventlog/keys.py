"""Which keys a segment holds: a hash of each row's, in the order of the rows, in a file beside it.

It is made when it is first asked for, once a segment is so old that the tail has forgotten its keys.
"""

import mmap
import os
from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from embudo.eventlog.position import key_hash

_SUFFIX = ".keys"


def hashes_of(keys: Iterable[tuple[str, str]]) -> "array[int]":
    """Return 64 bits of the hash of each key (source, id)."""
    return array("q", b"".join(key_hash(source, id)[:8] for source, id in keys))


def keys_path(segment: Path) -> Path:
    """Return the path of the keys beside a segment."""
    return segment.with_suffix(_SUFFIX)


def keep_keys(segment: Path, hashes: "array[int]") -> None:
    """Write the hashes of a segment's rows; what a crash leaves unfinished is a file on no list."""
    unfinished = segment.with_suffix(".unfinished")
    unfinished.write_bytes(hashes.tobytes())
    os.replace(unfinished, keys_path(segment))


def keys_of(segment: Path, rows: int) -> Any:
    """Return the hashes of a segment's rows as a pyarrow array, None when they are not there in full."""
    import pyarrow as pa

    path = keys_path(segment)
    if not path.exists() or path.stat().st_size != 8 * rows:
        return None
    with open(path, "rb") as file:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return pa.Array.from_buffers(pa.int64(), rows, [None, pa.py_buffer(content)])
