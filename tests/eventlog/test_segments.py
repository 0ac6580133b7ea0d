from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from embudo.core.event import Event
from embudo.eventlog.columns import COLUMNS, HOT, PLAIN, packed, props_json, unpacked
from embudo.eventlog.position import position
from embudo.eventlog.segments import Archive, events_of, in_order, table_of
from tests.eventlog.facts import fact, facts

pytestmark = pytest.mark.usefixtures("tiny")


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path)


def rows(events: list[Event]) -> list[tuple[object, ...]]:
    return [(position(0, place), *unpacked(packed(event, props_json(event)))) for place, event in enumerate(events, 1)]


def sealed(archive: Archive, events: list[Event], portions: int = 1):
    table = in_order(table_of(rows(events)))
    writer = archive.writer(0, 1, len(events))
    step = -(-table.num_rows // portions)
    for start in range(0, table.num_rows, step):
        writer.add(table.slice(start, step))
    return writer.finish()


@pytest.mark.parametrize("portions", [1, 2, 3, 7, 25])
def test_a_segment_is_the_same_however_it_was_portioned(archive: Archive, portions: int) -> None:
    events = facts(0, 25)
    Random(1).shuffle(events)
    segment = sealed(archive, events, portions)
    table = pa.concat_tables(archive.tables(segment))
    assert segment.rows == table.num_rows == 25
    assert (segment.min_at, segment.max_at) == (fact(0).at, fact(24).at)
    key = [(event.subject, event.at) for event in events_of(table.select(PLAIN))]
    assert key == sorted(key)
    for who in range(7):
        mine = sorted((e for e in events if e.subject == fact(who).subject), key=lambda event: event.at)
        assert list(archive.history(segment, [fact(who).subject])) == mine


def test_the_file_has_the_columns_of_the_log_with_hot_properties_typed(archive: Archive) -> None:
    segment = sealed(archive, facts(0, 9))
    schema = pq.read_schema(archive.path(segment.file))
    assert tuple(schema.names) == COLUMNS
    assert {str(schema.field(name).type) for name in HOT} == {"string", "double"}
    assert str(schema.field("subject").type) == "int64"


def test_offsets_of_a_span_come_in_order(archive: Archive) -> None:
    events = facts(0, 30)
    segment = sealed(archive, events)
    table = archive.offsets_between(segment, 11, 17)
    assert table["offset"].to_pylist() == list(range(11, 18))
    assert events_of(table.select(PLAIN)) == events[10:17]


def test_columns_that_an_older_segment_lacks_are_lifted_from_its_rows(archive: Archive) -> None:
    segment = sealed(archive, facts(0, 9))
    path = archive.path(segment.file)
    whole = pq.read_table(path)
    pq.write_table(whole.drop_columns(["dwell_s", "path", COLUMNS[-1]]), path)
    assert pa.concat_tables(archive.tables(segment)).equals(whole)
    assert pa.concat_tables(archive.tables(segment, ("id", "dwell_s"))).equals(whole.select(["id", "dwell_s"]))


def test_a_segment_without_rows_has_no_file(archive: Archive) -> None:
    segment = archive.writer(0, 1, 5).finish()
    assert (segment.file, segment.rows, segment.last) == ("", 0, 5)
    assert list(archive.folder.iterdir()) == []
    assert list(archive.tables(segment)) == []


def test_files_the_manifest_does_not_know_are_orphans(archive: Archive) -> None:
    segment = sealed(archive, facts(0, 3))
    assert len(archive.orphans()) == 2
    archive.save(archive.manifest().replaced((), [segment], at=None))
    assert archive.orphans() == []
