"""What a funnel that is being watched asks each second: has anything moved, and what moved today."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Max
from django.utils import timezone

from embudo.core.event import MINUTE
from embudo.leads.models import Person, StageChange

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Moved:
    """One person moved today."""

    change: StageChange
    person: Person


def now() -> int:
    """The present instant in microseconds."""
    return (timezone.now() - EPOCH) // timedelta(microseconds=1)


def token(at: int) -> str:
    """Return a mark that changes with every move, and each minute, because periods roll on."""
    newest = StageChange.objects.aggregate(newest=Max("id"))["newest"] or 0
    return f"{newest}.{at // MINUTE}"


def moved_today(at: int, most: int = 12) -> list[Moved]:
    """Return the latest moves since the reader's midnight, first appearances left out, newest first."""
    midnight = timezone.localtime(EPOCH + timedelta(microseconds=at)).replace(hour=0, minute=0, second=0, microsecond=0)
    since = (midnight - EPOCH) // timedelta(microseconds=1)
    standing = StageChange.objects.filter(superseded_at__isnull=True, at__gte=since, at__lte=at)
    changes = standing.exclude(from_stage="").order_by("-at", "-id")[:most]
    people = Person.objects.in_bulk([change.person_id for change in changes])
    return [Moved(change, people[change.person_id]) for change in changes if change.person_id in people]


def visitors_today(at: int) -> int:
    """Return how many people were first seen since the reader's midnight."""
    midnight = timezone.localtime(EPOCH + timedelta(microseconds=at)).replace(hour=0, minute=0, second=0, microsecond=0)
    since = (midnight - EPOCH) // timedelta(microseconds=1)
    return StageChange.objects.filter(superseded_at__isnull=True, from_stage="", at__gte=since, at__lte=at).count()
