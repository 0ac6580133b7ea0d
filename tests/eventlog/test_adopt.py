import re
from collections.abc import Callable
from dataclasses import replace

import psycopg
import pytest

from embudo.config import Config
from embudo.eventlog import Cursor, Log, LogDamaged, adopt_segments, open_log, verify_log
from embudo.eventlog.tail_schema import SCHEMA, TABLES
from embudo.eventlog.tail_writing import Speaker
from tests.eventlog.facts import fact, facts

pytestmark = pytest.mark.usefixtures("tiny")


def lose_the_tail(config: Config) -> None:
    if config.database_url:
        with psycopg.connect(config.database_url, autocommit=True) as connection:
            connection.execute(f"DROP TABLE {', '.join(TABLES)}")
    for path in (config.data / "log").glob("tail.sqlite*"):
        path.unlink()


@pytest.fixture
def lost(fresh: Callable[..., Log]) -> Config:
    """A log of two shards with twenty facts in segments, whose tail with five more was lost."""
    log = fresh(shards=2)
    log.append(facts(0, 20))
    log.seal()
    log.append(facts(20, 25))
    log.close()
    lose_the_tail(log.config)
    return replace(log.config, shards=2)


def test_a_lost_tail_never_gives_the_offsets_of_segments_out_again(lost: Config) -> None:
    for _ in range(2):
        with pytest.raises(LogDamaged, match="older than the segments"):
            open_log(lost)
    assert any("older than its segments" in problem.what for problem in verify_log(lost))


def test_adopted_segments_are_read_and_their_twins_are_duplicates(lost: Config) -> None:
    assert adopt_segments(lost) == 20
    log = open_log(lost)
    receipts = log.append(facts(15, 25))
    assert [receipt.outcome for receipt in receipts] == ["duplicate"] * 5 + ["accepted"] * 5
    rows, cursor = log.read(Cursor(), 100)
    assert sorted(row.event.id for row in rows) == sorted(event.id for event in facts(0, 25))
    assert len({(row.shard, row.offset) for row in rows}) == 25
    assert cursor == log.end()
    assert log.history([fact(3).subject]) == [event for event in facts(0, 25) if event.subject == fact(3).subject]
    assert log.ledger().kept == 25 and log.ledger().balanced
    assert log.verify() == []
    log.close()


def columns_of(speaker: Speaker, table: str) -> list[str]:
    (made,) = (each for each in SCHEMA if f"EXISTS {table} " in each)
    return re.findall(r"(\w+) (?:BIGINT|INTEGER|TEXT|\{\w+\})", made)


def test_a_sound_log_adopts_nothing(log: Log) -> None:
    log.append(facts(0, 9))
    log.seal()
    assert adopt_segments(log.config) == 0
    assert log.ledger().kept == 9


def test_an_older_tail_that_adopts_still_knows_the_keys_it_had_not_indexed(fresh: Callable[..., Log]) -> None:
    log = fresh(shards=2)
    log.append(facts(0, 10))  # their keys wait to be indexed
    with log._tail.speaking() as speaker:
        older = {each: speaker.all(f"SELECT * FROM {each}") for each in TABLES}
        names = {each: columns_of(speaker, each) for each in TABLES}
    log.append(facts(10, 20))
    log.seal()
    with log._tail.transaction((0, 1)) as speaker:
        for table, rows in older.items():
            speaker.run(f"DELETE FROM {table}")
            if rows:
                speaker.insert(table, names[table], rows)
    log.close()
    config = replace(log.config, shards=2)
    assert adopt_segments(config) == 20
    log = open_log(config)
    assert {receipt.outcome for receipt in log.append(facts(0, 20))} == {"duplicate"}
    assert len(log.read(Cursor(), 100)[0]) == 20
    log.close()
