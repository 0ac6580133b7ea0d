"""What the doors forget of a person who is erased: what webhooks were and are to be told (privacy/erasing.py asks)."""

from collections.abc import Collection, Iterator

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from embudo.doors.models import Answer, Attempt, Delivery

WHAT, HOW = _("Calls to webhooks"), _("emptied of what they said")
SLICE = 500  # subjects of one statement


def forget(subjects: Collection[int]) -> int:
    """Blank what is kept of these subjects and return how many deliveries; that there was one stays for a while.

    Kept answers may name anybody and are only a convenience: all of them go.
    """
    state, count = Delivery.State, 0
    for mine in _of(subjects):
        Attempt.objects.filter(delivery__in=mine).update(sent="", answer="")
        mine.filter(state=state.WAITING).update(state=state.ERASED)
        count += mine.update(body="", subject=None, ended_at=Coalesce("ended_at", timezone.now()))
    Answer.objects.all().delete()
    return count


def left(subjects: Collection[int]) -> int:
    """Return how many deliveries are still of these subjects."""
    return sum(mine.count() for mine in _of(subjects))


def _of(subjects: Collection[int]) -> Iterator[QuerySet[Delivery]]:
    wanted = sorted(subjects)
    for start in range(0, len(wanted), SLICE):
        yield Delivery.objects.filter(subject__in=wanted[start : start + SLICE])
