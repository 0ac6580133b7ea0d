"""Two who write at once, which PostgreSQL alone lets them do."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

WAIT_S = 10.0


@contextmanager
def meanwhile(write: Callable[[], object]) -> Iterator[None]:
    """Have another thread write, and its transaction still open while the body begins; it ends within a second."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    written, go_on = threading.Event(), threading.Event()

    def writes_slowly() -> None:
        with transaction.atomic():
            write()
            written.set()
            go_on.wait(1)
        connection.close()

    writing = threading.Thread(target=writes_slowly)
    writing.start()
    assert written.wait(WAIT_S)
    yield
    go_on.set()
    writing.join(WAIT_S)
    assert not writing.is_alive()
