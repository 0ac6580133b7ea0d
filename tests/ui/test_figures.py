"""Numbers, shares, durations and instants as people read them, in three languages."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from embudo.ui import figures

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SPACE = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("language", "count", "decimal", "share"),
    [
        ("en", "48,210", "1,412.5", "2.9%"),
        ("es", f"48{SPACE}210", f"1{SPACE}412,5", f"2,9{SPACE}%"),
        ("pt-br", "48.210", "1.412,5", "2,9%"),
    ],
)
def test_numbers_are_written_as_the_language_does(language: str, count: str, decimal: str, share: str) -> None:
    with translation.override(language):
        assert figures.number(48_210) == count
        assert figures.number(1412.5, 1) == decimal
        assert figures.pct(0.029) == share


@pytest.mark.parametrize(("value", "text"), [(3, "+3"), (-3, "−3"), (0, "0"), (0.2, "0"), (-0.2, "0"), (None, "—")])
def test_a_difference_has_its_sign_and_nothing_has_none(value: float | None, text: str) -> None:
    assert figures.signed(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(14_100, "+14.1"), (50_000, "+50"), (-5_900, "−5.9"), (0, "0"), (None, "—"), (40, "0")]
)
def test_points_are_kept_as_thousandths(value: int | None, text: str) -> None:
    assert figures.points(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0%"), (0.22, "22%"), (0.0994, "9.9%"), (0.0996, "10%"), (1, "100%"), (0.0001, "0.0%"), (None, "—")],
)
def test_small_shares_have_a_decimal(share: float | None, text: str) -> None:
    assert figures.pct(share) == text


def test_a_change_has_its_sign() -> None:
    assert [figures.change(share) for share in (0.12, -0.03, 0, None)] == ["+12%", "−3%", "0%", "—"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (45, "45 s"), (59.4, "59 s"), (59.6, "1 min"), (720, "12 min"), (3599, "1 h"), (9000, "2.5 h"),
     (7200, "2 h"), (34_560, "9.6 h"), (86_399, "1 d"), (12 * 86_400, "12 d"), (1.5 * 86_400, "1.5 d"),
     (-720, "−12 min")],
)  # fmt: skip
def test_a_duration_takes_its_largest_fitting_unit(seconds: float, text: str) -> None:
    assert figures.duration(seconds * figures.SECOND) == text.replace(" ", SPACE)


@pytest.mark.parametrize(
    ("seconds", "text"), [(45, "45 s"), (252, "4:12 min"), (3840, "1:04 h"), (0, "0 s"), (59.6, "1:00 min")]
)
def test_reading_time_reads_like_a_clock(seconds: float, text: str) -> None:
    assert figures.clock(seconds) == text.replace(" ", SPACE)


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (timedelta(seconds=3), "just now"),
        (timedelta(seconds=42), "42 s ago"),
        (timedelta(minutes=12), "12 min ago"),
        (timedelta(hours=23), "23 h ago"),
        (timedelta(hours=25), "yesterday 11:00"),
        (timedelta(days=3), "3 days ago"),
        (timedelta(days=19), "3 Nov"),
        (timedelta(days=400), "18 Oct 2025"),
        (timedelta(seconds=-30), "just now"),
        (timedelta(days=-27), "19 Dec 12:00"),
    ],
)
def test_an_instant_is_told_by_its_age(age: timedelta, text: str) -> None:
    with timezone.override("UTC"):
        assert figures.relative(figures.moment_of(NOW - age), NOW) == text


def test_ages_are_told_in_every_language() -> None:
    told = {}
    for language in ("es", "pt-br"):
        with translation.override(language), timezone.override("UTC"):
            told[language] = [figures.relative(NOW - timedelta(days=days), NOW) for days in (1, 2, 19)]
    assert told["es"] == ["ayer 12:00", "hace 2 días", "3 nov"]
    assert told["pt-br"][:2] == ["ontem 12:00", "há 2 dias"]


def test_yesterday_is_the_readers_yesterday() -> None:
    moment = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
    with timezone.override(ZoneInfo("America/Monterrey")):
        assert figures.relative(figures.moment_of(moment), NOW) == "2 days ago"


def test_microseconds_and_datetimes_are_the_same_instant() -> None:
    at = int(NOW.timestamp()) * 1_000_000 + 123_456
    assert figures.moment_of(at) == NOW + timedelta(microseconds=123_456)
    with timezone.override(ZoneInfo("America/Monterrey")):
        assert figures.exact(figures.moment_of(NOW)) == "Sun 22 Nov 2026, 06:00:00 CST"
