import os
import time
from dataclasses import replace

import pytest

from embudo.config import Config
from embudo.eventlog import Log
from embudo.leads import upkeep
from tests.cast import ada


def test_a_full_tail_is_sealed_by_a_child_process(config: Config, log: Log) -> None:
    few = replace(config, seal_rows=3)
    log.append(list(ada.visits("/a").visits("/b")))
    assert not upkeep.due(few, log, time.time_ns() // 1000)

    log.append(list(ada.visits("/a").visits("/b").visits("/c"))[2:])
    assert upkeep.due(few, log, time.time_ns() // 1000)
    assert upkeep.start(few).wait() == 0
    assert log.unsealed() == 0
    assert len(log.history([ada.visitor])) == 3


def test_the_newest_keys_are_indexed_when_there_are_many(
    config: Config, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append(list(ada.visits("/a").visits("/b")))
    upkeep.due(config, log, time.time_ns() // 1000)
    assert not upkeep.due(config, log, time.time_ns() // 1000)
    monkeypatch.setattr(upkeep, "INDEX_AT", 2)
    assert upkeep.due(config, log, time.time_ns() // 1000)
    monkeypatch.setattr(upkeep.settings, "read", lambda: config)
    upkeep.main()
    assert log.unindexed() == 0


def test_retention_runs_once_a_day(config: Config, log: Log) -> None:
    now = time.time_ns() // 1000
    assert not upkeep.due(config, log, now)
    os.utime(config.data / upkeep.LAST_RETAINED, (1, 1))
    assert upkeep.due(config, log, now)
    assert upkeep.start(config).wait() == 0
    assert not upkeep.due(config, log, time.time_ns() // 1000)
