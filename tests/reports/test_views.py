"""The funnel as somebody sees it."""

from collections.abc import Callable

import pytest
from django.test import Client

from embudo.core.event import DAY
from embudo.leads import passages
from embudo.leads.models import StageChange
from embudo.reports import live

Seen = Callable[[str], str]


@pytest.fixture
def seen(client: Client, django_user_model: type, db: None) -> Seen:
    user = django_user_model.objects.create_user("ana@norte.example", "a long password", name="Ana", role="manager")
    client.force_login(user)
    return lambda address: client.get(address).content.decode()


def moved(person: int, *stages: tuple[str, int], dated: bool = True) -> None:
    """Somebody went through these stages, each entered so many seconds after the first."""
    was, first = "", live.now() - DAY
    for stage, after_s in stages:
        at = first + after_s * 1_000_000
        StageChange.objects.create(person_id=person, from_stage=was, to_stage=stage, at=at, recorded_at=at, dated=dated)
        was = stage
    passages.count_all()


@pytest.mark.parametrize("query", ["from=banana", "from=2026-13-01&to=2026-14-01", "period=fortnight", "period=9..8"])
def test_a_period_that_cannot_be_read_is_said(seen: Seen, query: str) -> None:
    page = seen(f"/?{query}")
    assert 'id="period-unread"' in page
    assert "Shown instead: Last 90 days." in page


@pytest.mark.parametrize("query", ["", "?period=90", "?period=all", "?from=2026-01-01&to=2026-01-31", "?from=&to="])
def test_a_period_that_can_be_read_is_shown_without_a_word(seen: Seen, query: str) -> None:
    assert 'id="period-unread"' not in seen(f"/{query}")


def test_a_median_below_a_minute_says_so(seen: Seen) -> None:
    moved(1, ("visitor", 0), ("lead", 1), ("qualified", 2 * 3600 + 1))
    page = seen("/")
    assert "under a minute" in page
    assert "2\N{NO-BREAK SPACE}h" in page


def test_times_nobody_knows_have_no_median(seen: Seen) -> None:
    moved(1, ("visitor", 0), ("lead", 7200), dated=False)
    page = seen("/")
    assert "2\N{NO-BREAK SPACE}h" not in page
    assert 'next stage, of those who entered both">—</span>' in page


def test_a_move_is_in_the_numbers_of_the_next_look(seen: Seen) -> None:
    moved(1, ("visitor", 0), ("lead", 60))
    assert '<a class="funnel-number" id="n-qualified" data-figure href' in seen("/")
    assert 'title="Open these people">1</a>' in seen("/")
    moved(2, ("visitor", 0), ("lead", 60))
    assert 'title="Open these people">2</a>' in seen("/")


def test_days_on_which_nobody_came_are_no_empty_install(seen: Seen) -> None:
    assert "Nobody has come yet" in seen("/")
    moved(1, ("visitor", 0), ("lead", 1))
    page = seen("/?from=2001-01-01&to=2001-01-31")
    assert "Nobody came in these days" in page and 'href="/?period=all"' in page
    assert "Nobody has come yet" not in page
