"""That one request at a time changes a person: without it two that saw the same ETag would both be let through."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.utils import timezone

from embudo.doors.api.problem import Problem
from embudo.doors.models import Hold

LEASE = timedelta(seconds=10)
PATIENCE_S = 2.0
LOOK_S = 0.02


@contextmanager
def held(name: str) -> Iterator[None]:
    """Hold a name inside the block; raises Problem when somebody else keeps it for long."""
    turn = secrets.token_hex(16)
    deadline = time.monotonic() + PATIENCE_S
    while not _take(name, turn):
        if time.monotonic() > deadline:
            raise Problem("in_progress", "Somebody is changing it at this moment.", headers={"Retry-After": "1"})
        time.sleep(LOOK_S)
    try:
        yield
    finally:
        Hold.objects.filter(name=name, turn=turn).delete()


def _take(name: str, turn: str) -> bool:
    at = timezone.now()
    _row, new = Hold.objects.get_or_create(name=name, defaults={"turn": turn, "until": at + LEASE})
    return new or Hold.objects.filter(name=name, until__lt=at).update(turn=turn, until=at + LEASE) == 1
