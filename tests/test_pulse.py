"""Which processes run here and turn."""

from embudo import pulse
from embudo.config import Config


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
