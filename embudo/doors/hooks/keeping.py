"""How long deliveries, answers kept for repeated requests and holds stay."""

from datetime import timedelta

from django.utils import timezone

from embudo.doors.models import Answer, Delivery, Hold

DELIVERIES = timedelta(days=30)  # after they ended, or their webhook was removed; far longer than news.NEWS
ANSWERS = timedelta(hours=24)
SLICE = 500  # rows that go in one transaction


def let_go() -> bool:
    """Remove some of what is too old; return whether there may be more."""
    at = timezone.now()
    Hold.objects.filter(until__lt=at - ANSWERS).delete()
    old = list(Answer.objects.filter(begun_at__lt=at - ANSWERS).values_list("pk", flat=True)[:SLICE])
    Answer.objects.filter(pk__in=old).delete()
    ended = Delivery.objects.filter(ended_at__lt=at - DELIVERIES).order_by("ended_at")
    orphaned = Delivery.objects.filter(state=Delivery.State.WAITING, endpoint__retired_at__lt=at - DELIVERIES)
    gone = [*ended.values_list("pk", flat=True)[:SLICE], *orphaned.values_list("pk", flat=True)[:SLICE]]
    Delivery.objects.filter(pk__in=gone).delete()
    return len(old) == SLICE or len(gone) >= SLICE
