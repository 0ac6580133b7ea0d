"""The tables of a tail, and how one of an older layout is lifted to today's when it is opened."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from embudo.eventlog.columns import PLAIN, repacked
from embudo.eventlog.tail import Packed

# {serial}, {position}, {bytes}, {text}, {clustered} are the words in which the storages differ.
SCHEMA = (
    "CREATE TABLE IF NOT EXISTS eventlog_events (position {position} PRIMARY KEY, event {text} NOT NULL)",
    # what finds the newest rows, a piece for each commit and shard (recent.py), until it is in the two tables below
    "CREATE TABLE IF NOT EXISTS eventlog_recent (position {position} PRIMARY KEY, entries {bytes} NOT NULL)",
    """CREATE TABLE IF NOT EXISTS eventlog_keys (
        key {bytes} PRIMARY KEY, digest BIGINT NOT NULL, position BIGINT NOT NULL, received_at BIGINT NOT NULL
        ) {clustered}""",
    """CREATE TABLE IF NOT EXISTS eventlog_subjects (
        subject BIGINT NOT NULL, position BIGINT NOT NULL, PRIMARY KEY (subject, position)) {clustered}""",
    """CREATE TABLE IF NOT EXISTS eventlog_failed (
        number {serial}, source TEXT NOT NULL, reason TEXT NOT NULL, body {bytes} NOT NULL,
        received_at BIGINT NOT NULL, detail TEXT NOT NULL, state TEXT NOT NULL, settled_at BIGINT,
        settled_by TEXT NOT NULL DEFAULT '')""",
    """CREATE TABLE IF NOT EXISTS eventlog_counters (
        shard INTEGER NOT NULL, name TEXT NOT NULL, value BIGINT NOT NULL, PRIMARY KEY (shard, name))""",
    """CREATE TABLE IF NOT EXISTS eventlog_shards (
        shard INTEGER PRIMARY KEY, last BIGINT NOT NULL, sealed BIGINT NOT NULL,
        indexed BIGINT NOT NULL DEFAULT 0)""",
)
TABLES = tuple(f"eventlog_{name}" for name in "events recent keys subjects failed counters shards".split())

# Layout 1 kept a row's values in columns and its subject in an index of the same table.
OLD_TAIL = "eventlog_tail"
OLD_SCHEMA = f"""CREATE TABLE IF NOT EXISTS {OLD_TAIL} (
    position BIGINT PRIMARY KEY, layout INTEGER NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL,
    kind TEXT NOT NULL, at BIGINT NOT NULL, received_at BIGINT NOT NULL, known_at BIGINT NOT NULL,
    identifier TEXT NOT NULL, subject BIGINT NOT NULL, named BOOLEAN NOT NULL, anonymous_id TEXT, user_id TEXT,
    site TEXT NOT NULL, door TEXT NOT NULL, verdict TEXT NOT NULL, body TEXT NOT NULL)"""
_PORTION = 5_000


class _Speaker(Protocol):
    def all(self, sql: str, values: Sequence[Any] = ()) -> list[Any]: ...

    def run(self, sql: str, values: Sequence[Any] = ()) -> int: ...

    def keep(self, rows: Sequence[Packed]) -> None: ...


def create(speaker: _Speaker, words: Mapping[str, str], *, shards: int) -> None:
    """Make what is missing of the tables, inside a transaction; the number of shards is settled the first time."""
    for statement in SCHEMA:
        speaker.run(statement.format(**words))
    if not speaker.all("SELECT count(*) FROM eventlog_shards")[0][0]:
        for shard in range(shards):
            speaker.run("INSERT INTO eventlog_shards (shard, last, sealed) VALUES (?, 0, 0)", (shard,))


def lift(speaker: _Speaker) -> None:
    """Bring the rows of layout 1 over, inside a transaction. Its keys are in the index already."""
    columns, after = ", ".join(PLAIN), 0
    select = f"SELECT position, {columns} FROM {OLD_TAIL} WHERE position > ? ORDER BY position LIMIT ?"
    while rows := speaker.all(select, (after, _PORTION)):
        speaker.keep([(row[0], repacked(row[1:])) for row in rows])
        after = rows[-1][0]
    speaker.run(f"INSERT INTO eventlog_subjects SELECT subject, position FROM {OLD_TAIL} ORDER BY subject, position")
    speaker.run("UPDATE eventlog_shards SET indexed = last")
    speaker.run(f"DROP TABLE {OLD_TAIL}")
