"""The queue of the group commit: bounded by events and by bytes."""

import asyncio
from collections.abc import Iterator

import pytest

from embudo.collector.batch import MAX_GROUP, MAX_WAITING, UNIT_BYTES, Committer, Unavailable
from embudo.collector.metrics import Metrics
from embudo.eventlog import Failure, Log, LogUnavailable


def no_log() -> Log:
    raise LogUnavailable("the disk is full")


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.close()


@pytest.fixture
def stalled(loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch) -> Committer:
    """A committer whose thread does not run."""
    monkeypatch.setattr("threading.Thread.start", lambda self: None)
    return Committer(no_log, Metrics(), loop)


def load(count: int = 1) -> list[Failure]:
    return [Failure("site", "not_json", b"x", 0)] * count


def test_the_queue_is_bounded_by_events_and_by_bytes(stalled: Committer) -> None:
    stalled.keep([], load(MAX_WAITING - 1), size_bytes=1)
    stalled.keep([], load(), size_bytes=UNIT_BYTES)
    with pytest.raises(Unavailable):
        stalled.keep([], load(), size_bytes=1)


def test_few_large_loads_fill_the_queue_as_many_small_ones_do(stalled: Committer) -> None:
    stalled.keep([], load(), size_bytes=MAX_WAITING * UNIT_BYTES)
    with pytest.raises(Unavailable):
        stalled.keep([], load(), size_bytes=1)


def test_a_group_is_bounded_by_bytes(stalled: Committer) -> None:
    for _ in range(3):
        stalled.keep([], load(), size_bytes=MAX_GROUP * UNIT_BYTES // 2)
    group, _refused = stalled._next_group()
    assert len(group) == 2
    group, _refused = stalled._next_group()
    assert len(group) == 1 and stalled.waiting == 0
