"""Facts as the batch engine reads them, made from events: the tail as a table, segments as real files."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from embudo.core.event import Event, Verdict
from embudo.engines.on_duckdb import Facts
from embudo.eventlog.columns import packed, props_json, unpacked
from embudo.eventlog.segments import in_order, table_of
from tests.parity.strategies import Grouping

WORDS = {"source": pa.string(), "id": pa.string(), "verdict": pa.string()}


def rows_of(events: Sequence[Event]) -> pa.Table:
    """The rows of the log for these events, as tail and segments show them."""
    return table_of(
        [(offset, *unpacked(packed(event, props_json(event)))) for offset, event in enumerate(events, start=1)]
    )


def identity_of(events: Sequence[Event], grouping: Grouping) -> pa.Table:
    """Subjects whose person is another."""
    pairs = [(each, grouping.person_of(each)) for each in sorted({event.subject for event in events})]
    moved = [pair for pair in pairs if pair[0] != pair[1]]
    columns = {"subject": [subject for subject, _ in moved], "person": [person for _, person in moved]}
    return pa.table(columns, schema=pa.schema({"subject": pa.int64(), "person": pa.int64()}))


def revised_of(events: Sequence[Event], revisions: Mapping[tuple[str, str], Verdict]) -> pa.Table:
    """The facts whose verdict was revised."""
    found = [(e.subject, *e.key, revisions[e.key].value) for e in events if e.key in revisions]
    schema = pa.schema({"subject": pa.int64(), **WORDS})
    return pa.table([pa.array([row[n] for row in found], each.type) for n, each in enumerate(schema)], schema=schema)


def facts_of(parts: Sequence[Sequence[Event]], folder: Path, grouping: Grouping) -> Facts:
    """The first part as the tail, each further part as a segment of its own."""
    segments = []
    for number, part in enumerate(parts[1:]):
        segments.append(folder / f"{number}.parquet")
        pq.write_table(in_order(rows_of(part)), segments[-1])
    everything = [event for part in parts for event in part]
    return Facts(segments, rows_of(parts[0]), identity_of(everything, grouping))
