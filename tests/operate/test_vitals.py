"""How the install is doing."""

import pytest

from embudo.config import Config
from embudo.core.event import Event, subject_of
from embudo.eventlog import Log
from embudo.leads.models import FollowCursor
from embudo.operate import vitals

AT = 1_780_000_000_000_000
SECOND = vitals.SECOND


def visit(number: int) -> Event:
    at = AT + number * SECOND
    return Event("www", str(number), "page_viewed", at, at, at, "anon:a", subject_of("anon:a"))


@pytest.mark.django_db
def test_nothing_waits_in_an_empty_log(log: Log) -> None:
    assert vitals.lag(log, AT) == vitals.Lag(0, 0)


@pytest.mark.django_db
def test_what_the_cursor_has_not_seen_waits_since_the_oldest_was_received(log: Log) -> None:
    log.append([visit(number) for number in range(10)])
    FollowCursor.objects.create(shard=0, offset=4)
    assert vitals.lag(log, AT + 10 * SECOND) == vitals.Lag(6, 6 * SECOND)
    assert vitals.lag(log, AT + 10 * SECOND).late
    assert not vitals.lag(log, AT + 8 * SECOND).late


@pytest.mark.django_db
def test_nothing_waits_when_the_cursor_has_seen_all(log: Log) -> None:
    log.append([visit(number) for number in range(10)])
    FollowCursor.objects.create(shard=0, offset=10)
    assert vitals.lag(log, AT) == vitals.Lag(0, 0)


def test_room_counts_the_log_and_the_tables(here: Config, log: Log) -> None:
    (here.data / "log").mkdir(exist_ok=True)
    before = vitals.room(here)
    here.tables.write_bytes(b"x" * 1000)
    (here.data / "log" / "more").write_bytes(b"x" * 500)
    after = vitals.room(here)
    assert (after.tables, after.log - before.log) == (1000, 500)
    assert 0 < after.used_share < 1 and after.free <= after.total
