"""The engagement day by day is the score that the page explains, and ahead it only fades."""

from datetime import date

import pytest
from django.utils import timezone

from embudo.core import scoring
from embudo.core.event import DAY, Event
from embudo.leads import score_history, why
from embudo.leads.clock import end_of_day
from embudo.leads.queries import scores
from tests.cast import MONDAY, ada

pytestmark = pytest.mark.django_db
NOW = MONDAY + 20 * DAY


def facts(until: int = NOW) -> list[Event]:
    told = ada.visits("/pricing", reads_s=90).later(days=3).requests("demo").later(days=9).starts_trial()
    return [event for event in told if event.at <= until]


def days_of_ada() -> list[score_history.Day]:
    definition = scores.definition()
    return score_history.days(scoring.explain(facts(), definition, NOW), definition)


def test_each_past_day_is_what_the_page_of_that_day_explains() -> None:
    definition = scores.definition()
    for day in days_of_ada():
        if not day.ahead:
            at = min(end_of_day(day.on), NOW)
            assert day.score == why.why(scoring.explain(facts(at), definition, at), definition).score


def test_days_ahead_only_fade() -> None:
    days = days_of_ada()
    ahead = [day.score for day in days if day.ahead]
    assert len(ahead) == score_history.AHEAD_DAYS
    assert ahead == sorted(ahead, reverse=True)
    assert ahead[-1] < days[score_history.BACK_DAYS].score


def test_the_table_holds_the_days_on_which_something_counted_and_today() -> None:
    assert [day.on for day in score_history.turns(days_of_ada())] == [
        date(2026, 3, 22),
        date(2026, 3, 14),
        date(2026, 3, 5),
        date(2026, 3, 2),
    ]


def test_the_chart_marks_the_lines_and_the_chosen_day_and_opens_each_day() -> None:
    days, definition = days_of_ada(), scores.definition()
    drawn = score_history.chart(days, definition, date(2026, 3, 5))
    past, ahead = drawn["series"]
    marks = past["markLine"]["data"]
    assert [mark.get("yAxis") for mark in marks] == [40.0, 30.0, None]
    assert drawn["xAxis"]["data"][marks[2]["xAxis"]] == days[marks[2]["xAxis"]].words
    assert past["data"][marks[2]["xAxis"]]["url"] == "?on=2026-03-05"
    assert past["data"].count(None) == score_history.AHEAD_DAYS
    assert sum(each is not None for each in ahead["data"]) == score_history.AHEAD_DAYS + 1
    assert len(score_history.chart(days, definition, None)["series"][0]["markLine"]["data"]) == 2


def test_a_day_ends_at_the_readers_midnight() -> None:
    with timezone.override("America/Mexico_City"):
        assert end_of_day(date(2026, 3, 2)) == end_of_day_in_utc() + 6 * 3_600_000_000


def end_of_day_in_utc() -> int:
    with timezone.override("UTC"):
        return end_of_day(date(2026, 3, 2))
