"""A filled tail of an older layout is lifted when it is opened, on both storages."""

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec
import psycopg
import pytest

from embudo.config import Config
from embudo.core.event import Event
from embudo.eventlog import Cursor, Log, open_log
from embudo.eventlog.append import digest
from embudo.eventlog.columns import PLAIN, packed, props_json, repacked, unpacked
from embudo.eventlog.position import key_hash, position
from embudo.eventlog.tail_schema import OLD_SCHEMA
from tests.eventlog.facts import PEOPLE, fact, facts

# The other tables as layout 1 had them.
OLD_KEYS = "CREATE TABLE eventlog_keys (key {bytes} PRIMARY KEY, digest BIGINT NOT NULL, position BIGINT NOT NULL, received_at BIGINT NOT NULL)"  # noqa: E501
OLD_SHARDS = "CREATE TABLE eventlog_shards (shard INTEGER PRIMARY KEY, last BIGINT NOT NULL, sealed BIGINT NOT NULL)"
OLD_COUNTERS = "CREATE TABLE eventlog_counters (shard INTEGER NOT NULL, name TEXT NOT NULL, value BIGINT NOT NULL, PRIMARY KEY (shard, name))"  # noqa: E501
OLD_INDEX = "CREATE INDEX eventlog_tail_subject ON eventlog_tail (subject)"


def old_rows(events: list[Event]) -> list[tuple[Any, ...]]:
    return [(position(0, place), *unpacked(packed(event, props_json(event)))) for place, event in enumerate(events, 1)]


def old_keys(events: list[Event]) -> list[tuple[Any, ...]]:
    return [
        (key_hash(each.source, each.id), digest(each, props_json(each)), position(0, offset), each.received_at)
        for offset, each in enumerate(events, 1)
    ]


@pytest.fixture
def old(config: Config) -> list[Event]:
    """An install whose tail holds twenty rows of layout 1."""
    return filled(config, (OLD_SCHEMA, OLD_KEYS, OLD_SHARDS, OLD_COUNTERS, OLD_INDEX))


def filled(config: Config, statements: Sequence[str]) -> list[Event]:
    events = [*facts(0, 19), fact(19, id="a \\u0000 \\ b", props={"note": 'a "\\" b\n'})]
    (config.data / "log").mkdir(parents=True, exist_ok=True)
    connection: Any = (
        psycopg.connect(config.database_url)
        if config.database_url
        else sqlite3.connect(config.data / "log" / "tail.sqlite")
    )
    mark = "%s" if config.database_url else "?"
    cursor = connection.cursor()
    for statement in statements:
        cursor.execute(statement.format(bytes="BYTEA" if config.database_url else "BLOB"))
    cursor.executemany(f"INSERT INTO eventlog_tail VALUES ({', '.join([mark] * (1 + len(PLAIN)))})", old_rows(events))
    cursor.executemany(f"INSERT INTO eventlog_keys VALUES ({', '.join([mark] * 4)})", old_keys(events))
    cursor.execute("INSERT INTO eventlog_shards (shard, last, sealed) VALUES (0, 20, 0)")
    cursor.execute("INSERT INTO eventlog_counters VALUES (0, 'received', 20), (0, 'kept', 20)")
    connection.commit()
    connection.close()
    return events


def test_an_older_tail_is_lifted_with_all_it_holds(old: list[Event], log: Log) -> None:
    assert [row.event for row in log.read(Cursor(), 100)[0]] == old
    histories = [log.history([fact(0, who=who).subject]) for who in range(PEOPLE)]
    assert sorted(each.id for found in histories for each in found) == sorted(each.id for each in old)
    assert {receipt.outcome for receipt in log.append(old)} == {"duplicate"}
    assert log.append([fact(20)])[0][:2] == (0, 21)
    assert log.verify() == []


def test_a_backup_of_an_older_tail_is_lifted_after_it_was_pasted(config: Config, server: None) -> None:
    log = open_log(config)
    log._tail.admit_older()
    events = filled(config, ("TRUNCATE eventlog_shards",))
    log.close()
    log = open_log(config)
    assert [row.event for row in log.read(Cursor(), 100)[0]] == events
    assert {receipt.outcome for receipt in log.append(events)} == {"duplicate"}
    assert (log.end(), log.unindexed(), log.verify()) == ({0: 20}, 0, [])
    log.close()


def test_it_is_lifted_once(old: list[Event], config: Config) -> None:
    for _ in range(2):
        log = open_log(config)
        assert log.end() == {0: 20}
        log.close()


def test_a_lifted_tail_seals_erases_and_forgets_like_any_other(old: list[Event], log: Log) -> None:
    gone = fact(0).subject
    assert log.erase([gone], by="clara", why="asked", at=fact(100).at).tail_rows == 3
    log.seal()
    kept = [event for event in old if event.subject != gone]
    assert sorted(row.event.id for row in log.read(Cursor(), 100)[0]) == sorted(each.id for each in kept)
    assert log.verify() == []


def test_a_row_packed_from_values_reads_as_the_event_does() -> None:
    event = fact(1, props={"b": [1, {"c": None}], "a": 0.5}, context={"url": "https://norte.example/?q=ñ"})
    content = packed(event, props_json(event))
    assert unpacked(repacked(unpacked(content))) == unpacked(content)
    assert msgspec.json.decode(content)[2] == event.id
