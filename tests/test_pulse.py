"""Which processes run here and turn."""

import errno
import os
from pathlib import Path
from unittest.mock import Mock

import pytest

from embudo import pulse
from embudo.config import Config
from embudo.health import Health


def test_a_process_is_there_while_it_runs_and_its_beat_moves(config: Config) -> None:
    with pulse.running(config, "follow"):
        (found,) = pulse.processes(config)
        assert (found.name, found.lives, found.stopped()) == ("follow", True, [])
        before = found.beaten_at()
        pulse._beaten = 0.0
        pulse.beat()
        assert found.beaten_at() > before
    assert pulse.processes(config) == []
    assert found.beaten_at() == 0


def test_who_was_killed_is_forgotten_when_its_like_starts(config: Config) -> None:
    with pulse.running(config, "web"):
        (own,) = pulse.processes(config)
        dead = own.file.with_name(own.file.name.rpartition(".")[0] + ".4194304")
        dead.touch()
        assert [each.lives for each in pulse.processes(config)].count(False) == 1
    with pulse.running(config, "web"):
        assert not dead.exists()


def test_nothing_beats_where_no_process_of_an_install_runs(config: Config) -> None:
    pulse._beaten = 0.0
    pulse.beat()
    assert not (config.data / pulse.FOLDER).exists()


def test_a_process_that_began_on_a_full_disk_is_seen_as_soon_as_there_is_room_and_not_ended_before(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    health = Health("follow", os.getpid())
    with monkeypatch.context() as full:
        full.setattr(Path, "touch", Mock(side_effect=OSError(errno.ENOSPC, "No space left on device")))
        begun = pulse.running(config, "follow")
        begun.__enter__()
        pulse._beaten = 0.0
        pulse.beat()
        assert pulse.processes(config) == []
        assert health.answers(config)
    pulse._beaten = 0.0
    pulse.beat()
    assert [each.name for each in pulse.processes(config)] == ["follow"]
    assert health.answers(config)
    assert not health.answers(config)  # there is room, and it has not turned since
    begun.__exit__(None, None, None)
    assert pulse.processes(config) == []


def test_one_that_never_shows_itself_though_there_is_room_does_not_answer(config: Config) -> None:
    assert not Health("follow", os.getpid()).answers(config)
    assert list((config.data / pulse.FOLDER).iterdir()) == []
