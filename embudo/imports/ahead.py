"""Rows are read while those before them are recorded, where the database works elsewhere and is waited for."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from django.db import connection
from django.utils.translation import get_language, override

Piece = TypeVar("Piece")


def read_ahead(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Yield the pieces; a thread reads the next one meanwhile, in the same language and without any table.

    SQLite works in this very process: there each row that it writes would wait for the interpreter's lock.
    """
    if connection.vendor != "postgresql":
        yield from pieces
        return
    language = get_language()

    def read() -> list[Piece]:
        with override(language):
            return list(islice(pieces, 1))

    with ThreadPoolExecutor(max_workers=1) as reader:
        coming = reader.submit(read)
        while piece := coming.result():
            coming = reader.submit(read)
            yield piece[0]
