"""Set-up: what is done once is not done again."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

HOME = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def setup() -> ModuleType:
    """bin/setup.py as a module."""
    spec = importlib.util.spec_from_file_location("embudo_setup", HOME / "bin" / "setup.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def step(setup: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[ModuleType, list[str]]:
    """The module with its stamps in a folder of the test, and the list of what was done."""
    monkeypatch.setattr(setup, "STAMPS", tmp_path / "stamps")
    return setup, []


def test_a_step_is_done_once_for_each_key(step: tuple[ModuleType, list[str]]) -> None:
    setup, done = step
    keys = ["first"]
    what = setup.Step("wash up", lambda: keys, lambda: done.append(keys[0]))
    setup._do(what, "")
    setup._do(what, "")
    keys[:] = ["second"]
    setup._do(what, "")
    assert done == ["first", "second"]


def test_a_step_that_breaks_is_done_again(step: tuple[ModuleType, list[str]]) -> None:
    setup, done = step

    def work() -> None:
        done.append("tried")
        if len(done) == 1:
            raise setup.Stopped("no network")

    what = setup.Step("fetch", lambda: ["key"], work)
    with pytest.raises(setup.Stopped):
        setup._do(what, "")
    setup._do(what, "")
    assert done == ["tried", "tried"]


def test_what_is_set_up_to_test_can_also_run(step: tuple[ModuleType, list[str]]) -> None:
    setup, done = step
    setup._do(setup.Step("packages", lambda: ["test"], lambda: done.append("test")), "")
    setup._do(setup.Step("packages", lambda: ["run", "test"], lambda: done.append("run")), "")
    assert done == ["test"]


def test_a_digest_changes_with_names_and_bytes(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(setup, "HOME", tmp_path)
    a, b = tmp_path / "a", tmp_path / "b"
    empty = setup.digest([a])
    a.write_text("x")
    b.write_text("x")
    assert len({empty, setup.digest([a]), setup.digest([b]), setup.digest([a, b])}) == 4
    assert setup.digest([a, b]) == setup.digest([b, a])


def test_a_command_that_fails_says_what_it_said(setup: ModuleType) -> None:
    with pytest.raises(setup.Stopped, match="out of luck"):
        setup._run(["sh", "-c", "echo out of luck; exit 3"])


def test_the_second_set_up_does_nothing() -> None:
    command = [sys.executable, "bin/setup.py", "run"]
    subprocess.run(command, cwd=HOME, check=True, capture_output=True)
    done = subprocess.run(command, cwd=HOME, check=True, capture_output=True, text=True)
    assert len(done.stdout.splitlines()) == 1 and done.stdout.startswith("Set up in ")


def test_an_unknown_word_is_answered_with_the_usage() -> None:
    done = subprocess.run(
        [sys.executable, "bin/setup.py", "all"], cwd=HOME, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0 and "run|test" in done.stderr
