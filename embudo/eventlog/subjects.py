"""Which rows of a segment are of which subject: a sorted list beside each segment, found by bisection."""

import mmap
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

_MAGIC = b"EMBUDOS1"


class SubjectIndex:
    """The distinct subjects of one segment and the row at which each begins."""

    def __init__(self, content: "mmap.mmap | bytes") -> None:
        view = memoryview(content)
        if bytes(view[:8]) != _MAGIC:
            raise ValueError("not an index of subjects")
        count, self.rows = view[8:24].cast("q")
        self.subjects = view[24 : 24 + 8 * count].cast("q")
        self._first = view[24 + 8 * count : 24 + 12 * count].cast("I")

    def span(self, subject: int) -> tuple[int, int] | None:
        """Return the first row of a subject and the row behind its last, or None when it has none."""
        place = bisect_left(self.subjects, subject)
        if place == len(self.subjects) or self.subjects[place] != subject:
            return None
        return self._first[place], self.row_at(place + 1)

    def row_at(self, place: int) -> int:
        """Return the row at which the subject of a place in the list begins; behind the last: the number of rows."""
        return self._first[place] if place < len(self._first) else self.rows


def encoded(subjects: Iterable[int], first_rows: Iterable[int], rows: int) -> bytes:
    """Return the file of an index: ascending subjects, the row at which each begins, the number of rows."""
    which, first = array("q", subjects), array("I", first_rows)
    return _MAGIC + array("q", (len(which), rows)).tobytes() + which.tobytes() + first.tobytes()


@lru_cache(maxsize=512)
def index_of(segment: Path) -> SubjectIndex:
    """Return the index beside a segment; a segment's file never changes, so it is kept. Raises OSError, ValueError."""
    with open(index_path(segment), "rb") as file:
        return SubjectIndex(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def index_path(segment: Path) -> Path:
    """Return the path of the index beside a segment."""
    return segment.with_suffix(".subjects")
