"""The bars of each stage count exactly whom the funnel of those days counts, and lead to them."""

import re
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from embudo.core.event import DAY, HOUR
from embudo.leads import passages
from embudo.leads.models import StageChange
from embudo.reports import live
from embudo.reports.funnel import entered
from embudo.reports.period import Period, chosen
from embudo.reports.weeks import Weeks, weeks
from tests.reports.test_views import Seen, moved, seen

__all__ = ["seen"]
pytestmark = pytest.mark.django_db


def people() -> None:
    for person in range(1, 8):
        moved(person, ("visitor", -person * 9 * 86_400), ("lead", -person * 8 * 86_400), ("qualified", 3600 * person))


def of_days(days: int) -> Weeks:
    at = live.now()
    return weeks(Period(str(days), at - days * DAY, at, days))


@pytest.mark.parametrize(
    ("days", "title"),
    [(7, "Day by day"), (90, "Week by week"), (365, "Month by month")],
    ids=["days", "weeks", "months"],
)
def test_each_bar_is_the_funnel_of_its_days(days: int, title: str) -> None:
    people()
    told = of_days(days)
    assert told.title == title
    assert sum(count.people for stretch in told.stretches for count in stretch.counts) > 0
    for stretch in told.stretches:
        start, end = map(int, re.findall(r"=(\d{6,})", stretch.counts[0].address))
        assert [count.people for count in stretch.counts] == entered(Period("", start, end))


def test_all_time_begins_with_the_first_fact() -> None:
    people()
    told = weeks(chosen({"period": "all"}, live.now()))
    assert told.stretches[0].counts[0].people > 0
    assert sum(stretch.counts[1].people for stretch in told.stretches) == 7


@pytest.mark.parametrize("zone", ["America/Mexico_City", "Asia/Kolkata", "Pacific/Auckland", "UTC"])
@pytest.mark.parametrize("length", [1, 3, 62, 300], ids=["a day", "days", "weeks", "months"])
def test_chosen_days_are_those_of_the_reader_and_none_is_dropped(zone: str, length: int) -> None:
    """A visitor each hour from 27 February to 6 March, of whom every third becomes a lead within the hour."""
    begin = 1_772_150_400_000_000  # 27 February 2026, 00:00 UTC
    for hour in range(24 * 8):
        at = begin + hour * HOUR
        StageChange.objects.create(person_id=hour + 1, from_stage="", to_stage="visitor", at=at, recorded_at=at)
        if hour % 3 == 0:
            at += HOUR // 2
            StageChange.objects.create(person_id=hour + 1, from_stage="visitor", to_stage="lead", at=at, recorded_at=at)
    passages.count_all()
    with timezone.override(zone):
        last = date(2026, 3, 1) + timedelta(days=length - 1)
        period = chosen({"from": "2026-03-01", "to": last.isoformat()}, live.now())
        told = weeks(period)
        assert [sum(s.counts[rank].people for s in told.stretches) for rank in (0, 1)] == entered(period)[:2]
        if length <= 3:
            assert [s.counts[0].people for s in told.stretches] == [24] * length
            assert told.stretches[0].words.startswith("Mar 1") or "1 Mar" in told.stretches[0].words
        for stretch in told.stretches:
            start, end = map(int, re.findall(r"=(\d{6,})", stretch.counts[0].address))
            assert [count.people for count in stretch.counts] == entered(Period("", start, end))


def test_a_period_of_thousands_of_years_is_drawn_where_something_is_recorded() -> None:
    people()
    told = weeks(chosen({"from": "1900-01-01", "to": "9000-12-31"}, live.now()))
    assert len(told.stretches) < 15
    assert sum(stretch.counts[1].people for stretch in told.stretches) == 7


def test_nothing_recorded_draws_nothing_that_fails() -> None:
    assert weeks(chosen({"period": "all"}, live.now())).stretches == []
    midnight = live.now() // DAY * DAY
    (within_a_day,) = weeks(Period("", midnight + 1, midnight + 2)).stretches
    assert not any(count.people for count in within_a_day.counts)


def test_the_page_holds_every_chart_and_its_table_and_the_live_part_none(seen: Seen, client: Client) -> None:
    people()
    page = seen("/")
    assert page.count('data-chart="weeks-') == 7
    assert "Week by week" in page
    assert f"{reverse('leads:people')}?reached=lead&amp;from=" in page.split('id="weeks-title"')[1]
    assert "data-chart" not in client.get("/", headers={"HX-Request": "true"}).content.decode()
