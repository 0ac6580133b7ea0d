"""Waiting until the tables have followed what was recorded: by ourselves where nobody else does, else by looking."""

import time
from collections.abc import Iterator

from django.conf import settings

from embudo.eventlog import Log
from embudo.leads import follow
from embudo.leads.lock import Lock

PATIENCE_S = 3600.0
LOOK_S = 0.3


def followed(log: Log) -> Iterator[float]:
    """Yield the share that is followed, 0 to 1, until the tables are at the end the log has now, or patience ends."""
    end, began = log.end(), follow.cursor_of_tables()
    in_all = max(1, sum(end.values()) - sum(began.values()))
    deadline = time.monotonic() + PATIENCE_S
    while not (cursor := follow.cursor_of_tables()).passed(end) and time.monotonic() < deadline:
        yield min(1.0, (sum(cursor.values()) - sum(began.values())) / in_all)
        lock = Lock(settings.EMBUDO, "follow")
        if lock.take():
            try:
                follow.Follower(settings.EMBUDO, log).catch_up()
            finally:
                lock.release()
        else:
            time.sleep(LOOK_S)
    yield 1.0
