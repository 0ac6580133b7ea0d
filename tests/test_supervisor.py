"""`embudo up`: real processes that start, are restarted, and stop."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from embudo import __version__, supervisor
from embudo.config import Config
from embudo.processes import RUN
from tests.install import Install, Running


def process_of(running: Running, name: str) -> psutil.Process:
    """Return the process of that name below the supervisor."""
    children = psutil.Process(running.process.pid).children()
    return next(child for child in children if child.cmdline()[-1] == name)


def below(running: Running) -> list[psutil.Process]:
    """Return every process below the supervisor."""
    return psutil.Process(running.process.pid).children(recursive=True)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Return those that still run; one that ended and that nobody has asked for its exit code does not."""
    return [each for each in processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.slow
def test_up_runs_the_install_and_stops_all_of_it_within_seconds(install: Install) -> None:
    with install.up() as running:
        said = running.says("Embudo is ready")
        assert "/set-up/?token=" in said
        assert running.get("/healthz") == 200
        assert {child.cmdline()[-1] for child in psutil.Process(running.process.pid).children()} == set(RUN)
        processes = below(running)
        began = time.monotonic()
        assert running.stop() == 0
        assert time.monotonic() - began < supervisor.STOP_S + 2
        assert alive(processes) == []
        assert "did not stop" not in running.said()


@pytest.mark.slow
@pytest.mark.crash
def test_a_process_that_is_killed_is_started_again(install: Install) -> None:
    with install.up("--only", "web") as running:
        running.says("Embudo is ready")
        first = process_of(running, "web")
        workers = first.children()
        first.send_signal(signal.SIGKILL)
        running.says("web ended (killed by SIGKILL); starting it again in 0.5 s")
        deadline = time.monotonic() + 20
        while not _answers(running) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert running.get("/healthz") == 200
        assert process_of(running, "web").pid != first.pid
        assert alive(workers) == []


@pytest.mark.slow
@pytest.mark.crash
def test_the_processes_end_when_their_supervisor_is_killed(install: Install) -> None:
    with install.up() as running:
        running.says("Embudo is ready")
        processes = below(running)
        running.process.kill()
        running.process.wait()
        psutil.wait_procs(processes, timeout=60)
        assert alive(processes) == []


def _answers(running: Running) -> bool:
    try:
        return running.get("/healthz") == 200
    except OSError:
        return False


IMPATIENT = """
import sys
from embudo import pulse, supervisor
pulse.SILENT_S, supervisor.LOOK_S = 4.0, 0.5
sys.exit(supervisor.main(["--only", sys.argv[1]]))
"""


@pytest.mark.slow
@pytest.mark.crash
@pytest.mark.parametrize("name", ["web", "follow"])
def test_a_process_that_no_longer_answers_is_ended_and_started_again(install: Install, name: str) -> None:
    with install.up(name, command=[sys.executable, "-c", IMPATIENT]) as running:
        _wait_for_process(running, install, name)
        first = process_of(running, name)
        time.sleep(2)
        first.send_signal(signal.SIGSTOP)
        running.says(f"{name} has not answered for")
        running.says(f"{name} ended (killed by SIGKILL); starting it again")
        deadline = time.monotonic() + 30
        while not _is_new(running, name, first.pid) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert _is_new(running, name, first.pid)


def _wait_for_process(running: Running, install: Install, name: str) -> None:
    if name == "web":
        running.says("Embudo is ready")
        return
    running.says("following from")


def _is_new(running: Running, name: str, pid: int) -> bool:
    children = psutil.Process(running.process.pid).children()
    return any(child.cmdline()[-1:] == [name] and child.pid != pid for child in children)


def test_a_taken_port_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        config = Config(web_port=port, collector_port=_free())
        words = supervisor.ports_taken(config, ["web", "collector"])
        monkeypatch.setenv("EMBUDO_CALLED", "bin/run")
        (by_run,) = supervisor.ports_taken(config, ["web", "collector"])
    assert len(words) == 1
    assert f"Port {port} on 127.0.0.1 is taken" in words[0]
    assert f"EMBUDO_WEB_PORT={port + 10} embudo up --data {config.data}" in words[0]
    assert by_run.endswith(f"EMBUDO_WEB_PORT={port + 10} bin/run")


def test_up_refuses_to_start_when_a_port_is_taken(install: Install) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", install.config.web_port))
        other.listen()
        assert "is taken" in install.embudo("up", code=1)
    assert not install.config.tables.exists()


def test_waits_between_restarts_double_up_to_a_limit_and_begin_anew_after_a_healthy_life() -> None:
    child = supervisor.Child("web")
    waits = []
    for _ in range(9):
        child.process, child.started = _dead(), time.monotonic()
        child.look_after(time.monotonic())
        waits.append(child.due)
    assert child.wait_s == supervisor.LONGEST_WAIT_S
    child.process, child.started = _dead(), time.monotonic() - supervisor.HEALTHY_S
    child.look_after(time.monotonic())
    assert child.due - time.monotonic() == pytest.approx(supervisor.FIRST_WAIT_S, abs=0.2)


def _dead() -> "supervisor.subprocess.Popen[bytes]":
    process = supervisor.subprocess.Popen(["true"], start_new_session=True)
    process.wait()
    return process


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_reasons_of_an_end_are_told_in_words() -> None:
    assert supervisor._reason(-signal.SIGKILL) == "killed by SIGKILL"
    assert supervisor._reason(3) == "exit code 3"


def test_what_lies_in_the_working_folder_plays_no_part(tmp_path: Path) -> None:
    (tmp_path / "embudo").mkdir()
    (tmp_path / "json.py").write_text("raise SystemExit('shadowed')")
    done = subprocess.run([*supervisor.EMBUDO, "--version"], cwd=tmp_path, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, __version__)


SLOW = """
import sys
from unittest.mock import patch
from embudo import supervisor
real = supervisor.subprocess.Popen
words = "import time; print('step one of a long upgrade'); time.sleep(60)"
def slow(command, **how):
    return real([sys.executable, "-u", "-c", words], **how)
with patch.object(supervisor.subprocess, "Popen", slow):
    sys.exit(supervisor.main(["--only", "follow"]))
"""


@pytest.mark.slow
def test_a_long_upgrade_tells_each_step_as_it_comes_and_ends_when_told(install: Install) -> None:
    with install.up(command=[sys.executable, "-c", SLOW]) as running:
        running.says("step one of a long upgrade")
        processes = below(running)
        began = time.monotonic()
        assert running.stop() == 0
        assert time.monotonic() - began < 5
        assert "stopping" in running.said()
        assert alive(processes) == [] and processes
