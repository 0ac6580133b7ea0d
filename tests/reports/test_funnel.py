"""The funnel in SQL counts what core/funnel.py says, for any moves and any period."""

from dataclasses import replace

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embudo.core import funnel as plain
from embudo.core.event import DAY
from embudo.core.funnel import DISCARDED, STAGES, Entry
from embudo.leads import passages
from embudo.leads.models import Person, StageChange
from embudo.leads.queries import people
from embudo.leads.queries.filters import Reached
from embudo.reports.funnel import entered, funnel, origins
from embudo.reports.period import Period

START, END = 100, 200
PERIODS = (Period("own", START, END), Period("all", 0, END), Period("late", END - 1, END), Period("now", 50, 10_000))
UNDATED = 7  # the moves at every seventh instant have no known time
UNITS = st.sampled_from((1, DAY // 5, DAY // 3 + 1, DAY))  # lives of a moment and of months: rows and sums by day

# One person's moves: how long each stage lasted and what came next. The first is always an appearance.
MOVES = st.lists(st.tuples(st.integers(0, 60), st.sampled_from((*STAGES, DISCARDED))), max_size=6)
LIVES = st.lists(st.tuples(st.integers(0, 220), MOVES, st.booleans()), max_size=12)


Life = tuple[int, list[tuple[int, str]], bool]


def times(period: Period, unit: int) -> Period:
    return replace(period, start=period.start * unit, end=period.end * unit)


def rows_of(lives: list[Life], unit: int = 1) -> list[StageChange]:
    """The rows of these lives: each move leaves the stage the one before entered; some rows no longer stand."""
    rows = _rows_of(lives)
    for row in rows:
        row.at *= unit
    return rows


def _rows_of(lives: list[Life]) -> list[StageChange]:
    rows = []
    for person, (first_at, moves, withdrawn) in enumerate(lives, start=1):
        at, was = first_at, ""
        for lasted, stage in [(0, "visitor"), *moves]:
            at += lasted
            if stage == was:
                continue
            rows.append(
                StageChange(
                    person_id=person, from_stage=was, to_stage=stage, at=at, recorded_at=at, dated=at % UNDATED > 0
                )
            )
            was = stage
        if withdrawn:
            rows.append(
                StageChange(
                    person_id=person, from_stage="lead", to_stage="customer", at=at, recorded_at=at, superseded_at=at
                )
            )
    return rows


def entries_of(rows: list[StageChange]) -> list[Entry]:
    return [Entry(row.person_id, row.to_stage, row.at, row.dated) for row in rows if row.superseded_at is None]


@pytest.mark.django_db
@pytest.mark.parametrize("heavy", [0, 2000])
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LIVES, UNITS)
def test_the_tables_say_what_the_plain_reading_says(
    monkeypatch: pytest.MonkeyPatch, heavy: int, lives: list[Life], unit: int
) -> None:
    monkeypatch.setattr("embudo.reports.funnel.HEAVY", heavy)
    with transaction.atomic():
        StageChange.objects.all().delete()
        rows = rows_of(lives, unit)
        StageChange.objects.bulk_create(rows)
        passages.count_all()
        for period in (times(each, unit) for each in PERIODS):
            steps = plain.funnel(entries_of(rows), start=period.start, end=period.end)
            assert funnel(period) == steps
            assert entered(period) == [step.entered for step in steps]


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LIVES)
def test_every_number_opens_to_as_many_people(lives: list[Life]) -> None:
    with transaction.atomic():
        StageChange.objects.all().delete()
        StageChange.objects.bulk_create(rows_of(lives))
        passages.count_all()
        for step in funnel(PERIODS[0]):
            behind = Reached(step.stage, START, END)
            assert people.count([behind]).number == step.entered
            assert people.count([replace(behind, further=True)]).number == step.converted


@pytest.mark.django_db
def test_origins_count_new_leads_by_first_source_and_how_many_qualified() -> None:
    at = 1_780_000_000_000_000
    for number, (source, stages) in enumerate(
        [("google", ["lead"]), ("google", ["lead", "qualified"]), ("", ["lead", "customer"]), ("mail", [])], start=1
    ):
        Person.objects.create(id=number, created_at=at, first_seen_at=at, last_seen_at=at, source=source, known=True)
        was = ""
        for step, stage in enumerate(["visitor", *stages]):
            StageChange.objects.create(person_id=number, from_stage=was, to_stage=stage, at=at + step, recorded_at=at)
            was = stage
    passages.count_all()
    found = origins(Period("1", at - DAY, at + DAY))
    assert [(each.source, each.leads, each.qualified) for each in found] == [("google", 2, 1), ("", 1, 1)]
    assert sum(each.share for each in found) == pytest.approx(1)
    assert origins(Period("1", at + DAY, at + 2 * DAY)) == []
