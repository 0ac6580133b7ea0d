"""The command `embudo`."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from embudo import cli
from embudo.processes import RUN
from tests.install import Install

DOCS = Path(__file__).resolve().parent.parent / "docs" / "commands.md"


def test_usage_names_every_command_and_process() -> None:
    words = cli.usage()
    assert all(f"  {name} " in words for name in [*cli.COMMANDS, *RUN, "manage"])


def test_every_command_is_documented() -> None:
    told = DOCS.read_text()
    assert [name for name in [*cli.COMMANDS, *RUN, "manage"] if f"`embudo {name}" not in told] == []


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_its_module(name: str) -> None:
    assert find_spec(cli.COMMANDS[name].module)


def test_the_data_folder_may_stand_anywhere_and_becomes_absolute(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for words in (["--data", "x", "up"], ["up", "--data", "x"], ["up", "--data=x"]):
        monkeypatch.setenv("EMBUDO_DATA", "elsewhere")
        assert cli._take_data(words) == ["up"]
        assert cli.os.environ["EMBUDO_DATA"] == str(tmp_path / "x")


def test_an_unknown_command_is_answered_with_the_list(install: Install) -> None:
    assert "There is no command 'upp'" in install.embudo("upp", code=2)


def test_a_setting_that_cannot_be_read_is_named(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Install, "environ", {**install.environ, "EMBUDO_WEB_PORT": "many"})
    assert "EMBUDO_WEB_PORT is 'many'" in install.embudo("up", code=2)


def test_what_an_install_keeps_is_its_owners_alone(install: Install) -> None:
    install.embudo("prepare")
    files = [file for file in install.config.data.rglob("*") if file.is_file()]
    assert files
    assert [file.name for file in files if file.stat().st_mode & 0o077] == []
