"""What a funnel that is being watched asks each second: has anything moved, and what moved last."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Max
from django.utils import timezone

from embudo.core.event import MINUTE
from embudo.leads.models import Person, StageChange
from embudo.leads.story import Times, history_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Moved:
    """One person moved."""

    change: StageChange
    person: Person
    dated: bool = True  # False: the facts that moved them came with an import that had no times


def now() -> int:
    """The present instant in microseconds."""
    return (timezone.now() - EPOCH) // timedelta(microseconds=1)


def token(at: int) -> str:
    """Return a mark that changes with every move, and each minute, because periods roll on."""
    newest = StageChange.objects.aggregate(newest=Max("id"))["newest"] or 0
    return f"{newest}.{at // MINUTE}"


def moved_last(at: int, most: int = 8) -> list[Moved]:
    """Return the latest moves, first appearances left out, newest first."""
    standing = StageChange.objects.filter(superseded_at__isnull=True, at__lte=at)
    changes = standing.exclude(from_stage="").order_by("-at", "-id")[:most]
    people = Person.objects.in_bulk([change.person_id for change in changes])
    return [
        Moved(change, people[change.person_id], _dated(change, people[change.person_id]))
        for change in changes
        if change.person_id in people
    ]


def moves_today(at: int) -> int:
    """Return how many moves there were since the reader's midnight, first appearances left out."""
    moves = StageChange.objects.filter(superseded_at__isnull=True, at__gte=_midnight(at), at__lte=at)
    return moves.exclude(from_stage="").count()


def _dated(change: StageChange, person: Person) -> bool:
    """Whether a move has a known time; only of people who came with an import without times must the facts say."""
    return person.first_seen_known or not Times(history_of(person.id)).made_up_since(change.at)


def _midnight(at: int) -> int:
    """The reader's last midnight."""
    midnight = timezone.localtime(EPOCH + timedelta(microseconds=at)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - EPOCH) // timedelta(microseconds=1)


def visitors_today(at: int) -> int:
    """Return how many people were first seen since the reader's midnight."""
    arrivals = StageChange.objects.filter(superseded_at__isnull=True, from_stage="")
    return arrivals.filter(at__gte=_midnight(at), at__lte=at).count()
