"""Periods: what an address asks for, and the span before."""

import pytest
from django.utils import timezone, translation

from embudo.core.event import DAY
from embudo.reports.period import DEFAULT, chosen

NOW = 1_780_000_000_000_000


@pytest.mark.parametrize("days", [7, 30, 90, 365])
def test_a_rolling_period_ends_now_and_has_as_much_before(days: int) -> None:
    period = chosen({"period": str(days)}, NOW)
    assert (period.start, period.end) == (NOW - days * DAY, NOW)
    assert period.before is not None
    assert (period.before.start, period.before.end) == (NOW - 2 * days * DAY, NOW - days * DAY)


@pytest.mark.parametrize("text", ["", "8", "x", "-7", "9" * 40, "..", "2026-01-01..", "2026-13-01..2026-14-01", "²"])
def test_what_cannot_be_read_gives_the_default(text: str) -> None:
    assert chosen({"period": text}, NOW).days == DEFAULT


@pytest.mark.parametrize("dates", [("2026-01-01", "9999-12-31"), ("0001-01-01", "0001-01-02")])
def test_dates_no_fact_can_have_give_the_default(dates: tuple[str, str]) -> None:
    assert chosen({"from": dates[0], "to": dates[1]}, NOW).days == DEFAULT
    assert chosen({"period": "9" * 5000}, NOW).days == DEFAULT


def test_all_time_has_nothing_before() -> None:
    period = chosen({"period": "all"}, NOW)
    assert (period.start, period.before, period.before_words) == (0, None, "")


def test_own_dates_include_the_last_day_in_the_readers_zone() -> None:
    with timezone.override("America/Mexico_City"), translation.override("en"):
        period = chosen({"from": "2026-03-01", "to": "2026-03-02"}, NOW)
        assert period.end - period.start == 2 * DAY
        assert (period.first_on, period.last_on) == ("2026-03-01", "2026-03-02")
        assert period == chosen({"period": period.key}, NOW)
        assert period.words


def test_dates_the_wrong_way_round_give_the_default() -> None:
    assert chosen({"from": "2026-03-02", "to": "2026-03-01"}, NOW).days == DEFAULT
