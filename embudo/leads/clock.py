"""What time it is; the pure half never asks."""

import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day

from django.utils import timezone

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> int:
    """Return the present instant in microseconds since 1970."""
    return time.time_ns() // 1000


def end_of_day(on: date) -> int:
    """Return the last microsecond of a day in the reader's zone; OverflowError when no later day can be written."""
    midnight = timezone.make_aware(datetime.combine(on + timedelta(days=1), time_of_day()))
    return (midnight - EPOCH) // timedelta(microseconds=1) - 1
