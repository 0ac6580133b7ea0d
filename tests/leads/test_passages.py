"""Passages and the sums by day follow every move, and the check finds where they do not."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embudo.core.event import DAY, Event
from embudo.leads.check import check
from embudo.leads.models import MoveDay, Passage, PassageDay, SourceDay
from embudo.leads.passages import BUCKETS, ENDLESS, LARGEST, NEGATIVE, OPEN, bucket_of, count_all, shortest
from tests.cast import MONDAY, ada, bruno
from tests.leads.conftest import Following

LEAD = 1


def sums() -> tuple[set[tuple[int, ...]], set[tuple[object, ...]], set[tuple[object, ...]]]:
    """All that is not zero."""
    return (
        {row for row in PassageDay.objects.values_list("rank", "bucket", "day", "entered", "spans") if any(row[3:])},
        {row for row in SourceDay.objects.values_list("day", "source", "entered", "further") if any(row[2:])},
        {row for row in MoveDay.objects.values_list("day", "from_stage", "to_stage", "moves") if row[3]},
    )


@given(st.integers(0, ENDLESS - 1))
def test_a_bucket_begins_with_its_shortest_span_and_ends_before_the_next(span: int) -> None:
    bucket = bucket_of(span)
    assert bucket in BUCKETS
    assert shortest(bucket) <= span < shortest(bucket + 1)
    assert bucket_of(shortest(bucket)) == bucket
    assert bucket_of(LARGEST) == bucket or shortest(bucket + 1) <= max(shortest(bucket) * 5 // 4, shortest(bucket) + 1)


def test_what_does_not_follow_or_lies_before_has_a_bucket_of_its_own() -> None:
    assert (bucket_of(None), bucket_of(-1), bucket_of(0)) == (OPEN, NEGATIVE, 0)
    assert OPEN not in BUCKETS
    assert NEGATIVE not in BUCKETS
    assert bucket_of(LARGEST * 8) in BUCKETS


def test_counting_everybody_anew_changes_nothing(following: Following) -> None:
    following.hears(ada.visits("/pricing").requests("demo"), bruno.visits("/blog").subscribes())
    following.hears(ada.journey(MONDAY - 30 * DAY).coming_from("google", "cpc").visits("/"))
    kept = sums()
    assert all(kept)
    count_all()
    assert sums() == kept
    following.agrees()


def test_an_earlier_first_touch_moves_a_lead_to_another_source(following: Following) -> None:
    following.hears(ada.visits("/pricing").requests("demo"))
    before = set(SourceDay.objects.filter(entered__gt=0).values_list("source", flat=True))
    following.hears(ada.journey(MONDAY - 30 * DAY).coming_from("podcast", "audio").visits("/"))
    assert set(SourceDay.objects.filter(entered__gt=0).values_list("source", flat=True)) == {"podcast"} != before
    following.agrees()


def test_somebody_who_only_appeared_is_counted_by_day_alone(following: Following) -> None:
    following.hears(ada.visits("/"))
    assert not Passage.objects.exists()
    assert list(MoveDay.objects.values_list("from_stage", "to_stage", "moves")) == [("", "visitor", 1)]


def test_times_nobody_knows_make_no_span(following: Following) -> None:
    def undated(events: list[Event]) -> list[Event]:
        return [replace(event, context={**event.context, "time": "unknown"}) for event in events]

    following.hears(undated(list(ada.visits("/pricing").requests("demo"))), bruno.visits("/blog").requests("demo"))
    passed = set(Passage.objects.filter(next_at__isnull=False).values_list("person", "spans"))
    assert {spans for person, spans in passed if person == ada.subject} == {0}
    assert {spans for person, spans in passed if person == bruno.subject} == {1}
    following.agrees()


@pytest.mark.parametrize(
    ("what", "tamper"),
    [
        ("passage", lambda: Passage.objects.filter(rank=LEAD).delete()),
        ("passages by day", lambda: PassageDay.objects.filter(rank=LEAD).update(entered=7)),
        ("leads by source", lambda: SourceDay.objects.update(further=7)),
        ("moves by day", lambda: MoveDay.objects.filter(from_stage="").update(moves=7)),
    ],
)
def test_the_check_names_sums_that_were_tampered_with(following: Following, what: str, tamper: object) -> None:
    following.hears(ada.visits("/pricing").requests("demo"))
    tamper()
    findings = check(following.log, following.follower.online.definition, following.follower.cursor)
    assert any(each.what.startswith(what) for each in findings.differences)
