"""The load of benches: real segments, dealt out from the generator's own facts."""

from collections import Counter
from itertools import pairwise

import pyarrow.parquet as pq
import pytest

from embudo.core.event import DAY, Verdict, is_anonymous, subject_of
from embudo.demo.load import DAYS, UNTIL, segments
from embudo.eventlog.columns import COLUMNS, PLAIN
from embudo.eventlog.segments import Archive, events_of
from embudo.eventlog.subjects import index_of
from tests.demo.conftest import definition

PEOPLE, EVENTS = 300, 12_000


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    folder = tmp_path_factory.mktemp("load")
    return folder, segments(PEOPLE, EVENTS, 3, folder, definition=definition(), workers=1)


@pytest.fixture(scope="module")
def table(load):
    folder, written = load
    return pq.read_table(Archive(folder).path(written.segments[0].file))


def test_as_many_events_as_asked_for_are_in_the_manifest(load):
    folder, written = load
    assert Archive(folder).manifest().segments == written.segments
    assert sum(each.rows for each in written.segments) == EVENTS


def test_rows_have_the_columns_of_the_log_and_its_order(table):
    assert tuple(table.column_names) == COLUMNS
    places = list(zip(table["subject"].to_pylist(), table["at"].to_pylist(), strict=True))
    assert places == sorted(places)


def test_every_row_reads_back_as_an_event_with_its_own_id_and_subject(table):
    events = events_of(table.select(PLAIN))
    assert len({event.key for event in events}) == EVENTS
    assert all(event.subject == subject_of(event.identifier) for event in events)
    assert all(UNTIL - DAYS * DAY <= event.at <= event.received_at <= UNTIL for event in events)
    assert all(
        is_anonymous(event.identifier) != named for event, named in zip(events, table["named"].to_pylist(), strict=True)
    )


def test_offsets_are_the_numbers_of_the_segment_each_once(load, table):
    segment = load[1].segments[0]
    assert sorted(table["offset"].to_pylist()) == list(range(segment.first, segment.last + 1))


def test_the_index_finds_each_subject(load, table):
    folder, written = load
    index = index_of(Archive(folder).path(written.segments[0].file))
    counts = Counter(table["subject"].to_pylist())
    spans = {subject: index.span(subject) for subject in counts}
    assert all(end - first == counts[subject] for subject, (first, end) in spans.items())


def test_nobody_s_own_data_is_dealt_to_others(table):
    bodies = table["body"].to_pylist()
    assert not any('"email"' in body or '"first_name"' in body for body in bodies)


def test_the_load_has_people_of_every_kind_of_activity(table):
    kinds = Counter(table["kind"].to_pylist())
    assert kinds["page_viewed"] > kinds["page_read"] > kinds["form_submitted"] > 0
    assert set(table["verdict"].to_pylist()) == {Verdict.HUMAN.value, Verdict.MACHINE.value}


def test_linked_browsers_belong_to_the_person_of_a_mail_address(load, table):
    identity = dict(zip(*(load[1].identity[name].to_pylist() for name in ("subject", "person")), strict=True))
    named = {subject_of(each) for each in table["identifier"].to_pylist() if each.startswith("mail:")}
    assert identity
    assert named <= set(identity.values())
    assert not named & identity.keys()


def test_the_same_seed_gives_the_same_rows(load, table, tmp_path):
    again = segments(PEOPLE, EVENTS, 3, tmp_path, definition=definition(), workers=1)
    assert pq.read_table(Archive(tmp_path).path(again.segments[0].file)).equals(table)


def test_several_segments_follow_each_other_in_time(tmp_path, monkeypatch):
    monkeypatch.setattr("embudo.demo.load.ROWS_IN_SEGMENT", 3_000)
    written = segments(PEOPLE, EVENTS, 3, tmp_path, definition=definition(), workers=2)
    assert len(written.segments) == 4
    for one, other in pairwise(written.segments):
        assert one.last + 1 == other.first
        assert one.max_at <= other.min_at
