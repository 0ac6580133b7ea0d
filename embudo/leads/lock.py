"""Who leads: of several processes that may do a job, the one that holds the lock; the others stand by.

On the embedded shape the lock is on a file of the data folder, on the server shape it is an advisory lock
of PostgreSQL held by the very connection that writes. Either is let go by the system when the process dies.
And who waits for whom while something is put on people who may be merged at that very moment.
"""

import fcntl
import os
from hashlib import blake2b

from django.db import connection

from embudo.config import Config
from embudo.leads import sql


class Lock:
    """The lock of one job of an install, such as "follow"."""

    def __init__(self, config: Config, job: str) -> None:
        self.config, self.job = config, job
        self.held = False
        self._file: int | None = None

    def take(self) -> bool:
        """Return whether the lock is ours now; never waits."""
        if not self.held:
            self.held = self._take_file() if self.config.embedded else self._take_advisory()
        return self.held

    def release(self) -> None:
        """Let another process lead."""
        if self.held and not self.config.embedded:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_key(self.job)])
        if self._file is not None:
            os.close(self._file)
            self._file = None
        self.held = False

    def _take_file(self) -> bool:
        handle = os.open(self.config.data / f"{self.job}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            return False
        self._file = handle
        return True

    def _take_advisory(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [_key(self.job)])
            return bool(cursor.fetchone()[0])


def putting() -> None:
    """Let nobody be merged, taken apart or erased until the transaction ends: it puts something on people.

    On SQLite a transaction that writes is the only one. Whoever puts must not wait for rows of people, which `merging`
    may hold; many may put at once.
    """
    if connection.vendor == "postgresql":
        sql.rows("SELECT pg_advisory_xact_lock_shared(%s)", [_key("putting")])


def merging() -> None:
    """Wait until what others put on people stands, and let nobody put anything on them until the transaction ends."""
    if connection.vendor == "postgresql":
        sql.rows("SELECT pg_advisory_xact_lock(%s)", [_key("putting")])


def _key(job: str) -> int:
    return int.from_bytes(blake2b(f"embudo:{job}".encode(), digest_size=8).digest(), "big", signed=True)
