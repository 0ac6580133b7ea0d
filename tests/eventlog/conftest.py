"""What the tests of the log may ask for: an open log, and fresh ones by the dozen."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import psycopg
import pytest

from embudo.config import Config
from embudo.eventlog import Log, compact, open_log, read, seal, segments
from embudo.eventlog.tail_schema import TABLES


@pytest.fixture
def log(config: Config) -> Iterator[Log]:
    """An empty log of the session's shape."""
    opened = open_log(config)
    yield opened
    opened.close()


@pytest.fixture
def fresh(config: Config, tmp_path: Path) -> Iterator[Callable[..., Log]]:
    """Return an empty log each time it is called, as Hypothesis needs one for every example."""
    numbers, opened = count(), list[Log]()

    def make(**settings: object) -> Log:
        for each in opened:
            each.close()
        if config.database_url:
            with psycopg.connect(config.database_url, autocommit=True) as connection:
                connection.execute(f"DROP TABLE IF EXISTS {', '.join(TABLES)}")
        opened[:] = [open_log(replace(config, data=tmp_path / f"log-{next(numbers)}", **settings))]
        return opened[0]

    yield make
    for each in opened:
        each.close()


@pytest.fixture(scope="module")
def tiny() -> Iterator[None]:
    """Make every portion so small that a few rows cross all the seams."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segments, "ROW_GROUP", 4)
        patch.setattr(read, "WINDOW", 5)
        patch.setattr(read, "_PORTION", 3)
        patch.setattr(seal, "SEGMENT_ROWS", 9)
        patch.setattr(seal, "_PORTION", 4)
        patch.setattr(seal, "_DROP", 3)
        patch.setattr(compact, "COMPACT_ROWS", 40)
        patch.setattr(compact, "_RANGE_ROWS", 5)
        yield


@pytest.fixture
def embedded(shape: str) -> None:
    """Skip a test of the embedded shape on the other."""
    if shape != "embedded":
        pytest.skip("a test of the embedded shape")


@pytest.fixture
def server(shape: str) -> None:
    """Skip a test of the server shape on the other."""
    if shape != "server":
        pytest.skip("a test of the server shape: run with --shape server")
