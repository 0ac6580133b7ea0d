import os
import time
from dataclasses import replace
from itertools import pairwise

import pytest

from embudo.config import Config
from embudo.eventlog import Log
from embudo.leads import advance, upkeep
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


def test_upkeep_that_fails_is_tried_again_after_longer_and_longer_waits_and_told_once(
    config: Config, log: Log, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    codes, started, time_s = [1] * 12 + [0, 0], [], [0.0]
    monkeypatch.setattr(upkeep, "due", lambda *_of: True)
    monkeypatch.setattr(upkeep, "start", lambda _config: started.append(time_s[0]) or Ended(codes.pop(0)))
    monkeypatch.setattr(advance.time, "monotonic", lambda: time_s[0])
    clockwork = advance.Clockwork(config, log, online=None)  # type: ignore[arg-type]
    while codes:
        clockwork._keep_up(0)
        time_s[0] += advance.LOOK_S
    waits = [round(later - earlier, 2) for earlier, later in pairwise(started)]
    assert waits[:4] == [0.75, 1.25, 2.25, 4.25]  # one look to see that it has failed, then 0.5, 1, 2, 4 s
    assert max(waits) == advance.LONGEST_WAIT_S + advance.LOOK_S
    assert waits[-1] == advance.LOOK_S  # it went well
    assert [each.levelname for each in caplog.records if "upkeep" in each.message] == ["ERROR", "INFO"]


class Ended:
    """A child process that has ended."""

    def __init__(self, code: int) -> None:
        self.code = code

    def poll(self) -> int:
        return self.code
