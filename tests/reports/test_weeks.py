"""The bars of each stage count exactly whom the funnel of those days counts, and lead to them."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from embudo.core.event import DAY
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


def test_nothing_recorded_draws_nothing_that_fails() -> None:
    assert weeks(chosen({"period": "all"}, live.now())).stretches == []
    midnight = live.now() // DAY * DAY
    assert weeks(Period("", midnight + 1, midnight + 2)).stretches == []


def test_the_page_holds_every_chart_and_its_table_and_the_live_part_none(seen: Seen, client: Client) -> None:
    people()
    page = seen("/")
    assert page.count('data-chart="weeks-') == 7
    assert "Week by week" in page
    assert f"{reverse('leads:people')}?reached=lead&amp;from=" in page.split('id="weeks-title"')[1]
    assert "data-chart" not in client.get("/", headers={"HX-Request": "true"}).content.decode()
