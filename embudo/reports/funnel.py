"""The funnel of a period from the rows of stage moves; `core/funnel.py` is the plain reading it must equal.

A person's moves are a chain: the first row comes from nowhere (`from_stage` is empty), each next one
leaves the stage the one before entered. So the visitors of a period are its first rows, and everything
else is decided by the few people who moved on, found by the index on (to_stage, at).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from django.db import connection
from django.db.models import Count, Q

from embudo.core.funnel import STAGES, Step
from embudo.leads.models import StageChange
from embudo.reports.period import Period

STANDING = Q(superseded_at__isnull=True)
AHEAD = STAGES[1:]

First = Sequence[int | None]  # the first entry of each stage, in the order of the funnel


def funnel(period: Period) -> list[Step]:
    """Return one Step per stage, counted up to the end of the period."""
    tally = Tally(period.start)
    for person, *first in _firsts(period):
        tally.add(person, first)
    populations, appeared = _populations(period.end), _appeared(period)
    return [tally.step(rank, populations, appeared) for rank in range(len(STAGES))]


class Tally:
    """Counts people by how far they got, one at a time."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.entered = [0] * len(STAGES)
        self.converted = [0] * len(STAGES)
        self.spans: list[list[int]] = [[] for _stage in STAGES]
        self.negative: list[list[int]] = [[] for _stage in STAGES]

    def add(self, person: int, first: First) -> None:
        """Count one person who has reached at least the second stage."""
        reached: int | None = None
        following: int | None = None  # the entry into the next stage they did not skip
        for rank in range(len(STAGES) - 1, -1, -1):
            further, at = reached, first[rank]
            reached = at if reached is None else reached if at is None else min(at, reached)
            if reached is not None and reached >= self.start:
                self.entered[rank] += 1
                self.converted[rank] += further is not None
            self._span(rank, person, at, following)
            following = following if at is None else at

    def _span(self, rank: int, person: int, at: int | None, following: int | None) -> None:
        if at is None or following is None or at < self.start:
            return
        if following >= at:
            self.spans[rank].append(following - at)
        else:
            self.negative[rank].append(person)

    def step(self, rank: int, populations: dict[str, int], appeared: int) -> Step:
        """Return what was counted for one stage; `appeared` stands for all visitors, those who stayed included."""
        spans = self.spans[rank]
        return Step(
            stage=STAGES[rank],
            population=populations.get(STAGES[rank], 0),
            entered=self.entered[rank] if rank else appeared,
            converted=self.converted[rank],
            median=median(spans) if spans else None,
            negative=tuple(sorted(self.negative[rank])),
        )


def _populations(end: int) -> dict[str, int]:
    """Entries less exits."""
    rows = StageChange.objects.filter(STANDING, at__lt=end)
    entries = dict(rows.order_by().values_list("to_stage").annotate(n=Count("*")))
    exits = dict(rows.exclude(from_stage="").order_by().values_list("from_stage").annotate(n=Count("*")))
    return {stage: count - exits.get(stage, 0) for stage, count in entries.items()}


def _appeared(period: Period) -> int:
    """How many people appeared in the period in a stage of the funnel."""
    first = StageChange.objects.filter(STANDING, from_stage="", at__gte=period.start, at__lt=period.end)
    return first.filter(to_stage__in=STAGES).count()


def _firsts(period: Period) -> list[tuple[int, ...]]:
    """(person, first entry of each stage up to the end) of all who entered a stage ahead of the first in the period."""
    columns = ", ".join("min(CASE WHEN to_stage = %s THEN at END)" for _stage in STAGES)
    ahead = ", ".join(["%s"] * len(AHEAD))
    sql = f"""
        SELECT person_id, {columns} FROM leads_stagechange
        WHERE superseded_at IS NULL AND at < %s AND person_id IN (
            SELECT person_id FROM leads_stagechange
            WHERE superseded_at IS NULL AND to_stage IN ({ahead}) AND at >= %s AND at < %s)
        GROUP BY person_id
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [*STAGES, period.end, *AHEAD, period.start, period.end])
        return cursor.fetchall()


@dataclass(frozen=True, slots=True)
class Origin:
    """Leads of a period that came by one source (first touch), and how many of them have qualified by now."""

    source: str
    leads: int
    qualified: int
    share: float  # of all leads of the period, 0 to 1

    @property
    def conversion(self) -> float:
        """The share of them that has qualified, 0 to 1."""
        return self.qualified / self.leads


def origins(period: Period, most: int = 8) -> list[Origin]:
    """Return where those come from who first became a lead in the period, the largest source first."""
    sql = """
        SELECT coalesce(p.source, ''), count(*), count(f.qualified) FROM (
            SELECT person_id, min(at) AS lead, min(CASE WHEN to_stage <> 'lead' THEN at END) AS qualified
            FROM leads_stagechange
            WHERE superseded_at IS NULL AND at < %s AND to_stage IN ({ahead}) AND person_id IN (
                SELECT person_id FROM leads_stagechange
                WHERE superseded_at IS NULL AND to_stage IN ({ahead}) AND at >= %s AND at < %s)
            GROUP BY person_id) AS f
        LEFT JOIN leads_person AS p ON p.id = f.person_id
        WHERE f.lead >= %s GROUP BY 1 ORDER BY 2 DESC, 1
    """.format(ahead=", ".join(["%s"] * len(AHEAD)))
    with connection.cursor() as cursor:
        cursor.execute(sql, [period.end, *AHEAD, *AHEAD, period.start, period.end, period.start])
        rows = cursor.fetchall()
    total = sum(leads for _source, leads, _qualified in rows)
    return [Origin(source, leads, qualified, leads / total) for source, leads, qualified in rows[:most]]
