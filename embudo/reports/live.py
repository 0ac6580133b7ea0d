"""What a funnel that is being watched asks each second: has anything moved, and what moved last."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Max
from django.utils import timezone

from embudo.core.event import MINUTE
from embudo.leads.clock import EPOCH, now
from embudo.leads.models import Person, StageChange
from embudo.leads.sql import rows

__all__ = ["Moved", "moved_last", "now", "today", "token"]


@dataclass(frozen=True, slots=True)
class Moved:
    """One person moved."""

    change: StageChange
    person: Person


def token(at: int) -> str:
    """Return a mark that changes with every move, and each minute, because periods roll on."""
    newest = StageChange.objects.aggregate(newest=Max("id"))["newest"] or 0
    return f"{newest}.{at // MINUTE}"


def moved_last(at: int, most: int = 8) -> list[Moved]:
    """Return the latest moves, first appearances left out, newest first."""
    standing = StageChange.objects.filter(superseded_at__isnull=True, at__lte=at)
    changes = standing.exclude(from_stage="").order_by("-at", "-id")[:most]
    people = Person.objects.in_bulk([change.person_id for change in changes])
    return [Moved(change, people[change.person_id]) for change in changes if change.person_id in people]


def today(at: int) -> tuple[int, int]:
    """Return how many changes of stage there were since the reader's midnight, and how many first appearances."""
    counted = "SELECT count(*) FROM leads_stagechange WHERE superseded_at IS NULL AND at >= %s AND at <= %s"
    span = (_midnight(at), at)
    ((moves,),), ((visitors,),) = rows(counted, span), rows(f"{counted} AND from_stage = ''", span)
    return moves - visitors, visitors


def _midnight(at: int) -> int:
    """The reader's last midnight."""
    midnight = timezone.localtime(EPOCH + timedelta(microseconds=at)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - EPOCH) // timedelta(microseconds=1)
