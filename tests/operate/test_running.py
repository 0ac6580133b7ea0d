"""The doctor sees a process that hangs, by its name, and says what to do."""

import signal
import time
from dataclasses import replace

import psutil
import pytest
from django.utils import timezone

from embudo import pulse
from embudo.config import Config
from embudo.core.event import Event, subject_of
from embudo.eventlog import Log
from embudo.operate import running
from embudo.operate.finding import Grade
from embudo.processes import RUN
from embudo.work.models import STALE, Job
from tests.install import Install

pytestmark = pytest.mark.slow


def test_an_install_that_does_not_run_is_a_note(here: Config, db: None) -> None:
    assert [each.grade for each in running.running(here)] == [Grade.NOTE]


@pytest.mark.crash
def test_each_process_that_was_stopped_is_named_with_what_to_do(install: Install) -> None:
    with install.up() as up:
        up.says("Embudo is ready")
        install.wait_for_collector()
        of = {child.cmdline()[-1]: child for child in psutil.Process(up.process.pid).children()}
        assert set(of) == set(RUN)
        _wait_for_all(install)
        assert "BAD" not in install.embudo("doctor")
        for name, process in of.items():
            process.send_signal(signal.SIGSTOP)
            said = install.embudo("doctor", code=1)
            assert f"BAD   Process {name} ({process.pid}): it was stopped" in said
            assert f"kill -CONT {process.pid}" in said
            process.send_signal(signal.SIGCONT)
        worker = of["web"].children()[-1]
        worker.send_signal(signal.SIGSTOP)
        assert f"kill -CONT {worker.pid}" in install.embudo("doctor", code=1)
        worker.send_signal(signal.SIGCONT)
        of["follow"].send_signal(signal.SIGKILL)


def _wait_for_all(install: Install) -> None:
    deadline = time.monotonic() + 120
    while {each.name for each in pulse.processes(install.config)} != set(RUN) and time.monotonic() < deadline:
        time.sleep(0.1)


def test_a_loop_that_does_not_turn_is_bad_and_one_that_turns_is_not(
    here: Config, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "QUIET_S", 0.05)
    monkeypatch.setattr(running, "LOOK_AGAIN_S", 0.1)
    with pulse.running(here, "follow"):
        (process,) = pulse.processes(here)
        time.sleep(0.1)
        found = running._hangs(process, here)
        assert found and found.grade is Grade.BAD
        assert f"follow ({process.pid}): it does not answer" in found.what
        assert f"kill -KILL {process.pid}" in found.mend
        pulse._beaten = 0.0
        pulse.beat()
        assert running._hangs(process, here) is None
    assert pulse.processes(here) == []


def test_a_process_that_serves_must_answer(here: Config, db: None) -> None:
    with pulse.running(here, "web"):
        found = running._hangs(pulse.processes(here)[0], here)
    assert found and "Process web" in found.what


def test_what_does_not_run_while_others_do_is_bad(here: Config, db: None, shape: str) -> None:
    with pulse.running(here, "advance"):
        named = {each.what.split()[1].rstrip(":") for each in running.running(here) if each.grade is Grade.BAD}
    assert named == (set(RUN) - {"advance"} if shape == "embedded" else set())


def test_events_that_wait_while_the_cursor_stands_still_are_bad(
    here: Config, db: None, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "LOOK_AGAIN_S", 0.01)
    assert running._falls_behind(here) == []
    log.append([Event("site", "1", "page_viewed", 1, 1, 1, "anon:a", subject_of("anon:a"))])
    (found,) = running._falls_behind(here)
    assert "Process follow: 1 event waits" in found.what


def test_long_work_that_waits_while_nobody_does_any_is_bad(here: Config, db: None) -> None:
    assert running._left_lying() == []
    Job.objects.create(kind="replay")
    assert running._left_lying() == []  # asked for just now
    Job.objects.update(created_at=timezone.now() - 2 * STALE)
    (found,) = running._left_lying()
    assert found.grade is Grade.BAD and "1 piece of long work waits" in found.what
    Job.objects.create(kind="replay", state="running", beat_at=timezone.now())
    assert running._left_lying() == []


def test_a_process_is_asked_at_the_port_it_was_started_with(
    here: Config, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(running, "serves", lambda config, name: not asked.append(config.web_port))
    with pulse.running(replace(here, web_port=8040), "web"):
        assert running._hangs(pulse.processes(here)[0], here) is None
    assert asked == [8040]
