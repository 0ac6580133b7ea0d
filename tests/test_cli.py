"""The command `embudo`."""

import os
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

from embudo import cli
from embudo.install import NoInstall
from embudo.processes import RUN
from tests.install import ROOT, Install

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


def test_settings_that_cannot_be_used_are_named_in_one_line_each(install: Install) -> None:
    said = install.embudo("up", code=2, EMBUDO_WEB_PORT="many", EMBUDO_TIME_ZONE="Nowhere")
    assert [line.split()[0] for line in said.splitlines()] == ["EMBUDO_WEB_PORT", "EMBUDO_TIME_ZONE"]


BEGIN = {"up", "demo", "prepare", "restore"}


def test_only_first_starts_may_make_an_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBUDO_DATA", str(tmp_path / "typo"))
    monkeypatch.setenv("EMBUDO_DATABASE_URL", "")
    for name in {*cli.COMMANDS, *RUN, "manage"} - BEGIN:
        with pytest.raises(NoInstall, match="There is no install in"):
            cli._find_install(name, [])
    assert not (tmp_path / "typo").exists()


@pytest.mark.parametrize("name", ["doctor", "web"])
def test_a_command_that_looks_at_an_install_never_makes_one(install: Install, tmp_path: Path, name: str) -> None:
    said = install.embudo(name, "--data", str(tmp_path / "typo"), code=2, EMBUDO_DATABASE_URL="")
    assert f"There is no install in {tmp_path / 'typo'}" in said
    assert f"`embudo up --data {tmp_path / 'typo'}` makes one" in said
    assert not (tmp_path / "typo").exists()


def test_the_install_that_may_be_meant_is_named(install: Install, tmp_path: Path, shape: str) -> None:
    install.embudo("prepare", EMBUDO_DATABASE_URL="")
    said = install.embudo("doctor", "--data", str(tmp_path / "dta"), code=2, EMBUDO_DATABASE_URL="")
    assert f"did you mean --data {install.config.data}?" in said


def test_a_new_install_is_told_once(install: Install, shape: str) -> None:
    assert ("A new install begins" in install.embudo("prepare")) == (shape == "embedded")
    assert "A new install begins" not in install.embudo("prepare")


def test_an_import_makes_an_install_only_when_asked(install: Install, tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("mail\nana@norte.example\n")
    (tmp_path / "m.yaml").write_text("name: crm\nwho: {mail: mail}\n")
    words = ("import", "people", str(tmp_path / "p.csv"), "--map", str(tmp_path / "m.yaml"))
    folder = tmp_path / "new"
    assert "There is no install" in install.embudo(*words, "--data", str(folder), code=2)
    install.embudo(*words, "--create", "--data", str(folder))
    assert folder.exists()


@pytest.mark.parametrize(("name", "folder"), [("up", "/proc/x"), ("doctor", "/dev/null"), ("restore", "/dev/null/x")])
def test_a_place_that_cannot_hold_an_install_is_told_without_a_traceback(
    install: Install, name: str, folder: str
) -> None:
    words = [name, "no-such.tar"] if name == "restore" else [name]
    said = install.embudo(*words, "--data", folder, code=1 if name == "restore" else 2)
    assert folder in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://ana@127.0.0.1:1/embudo", "nothing listens there"),
        ("postgresql://ana@no-such-host.invalid/embudo", "no machine has that name"),
    ],
)
def test_a_database_that_cannot_be_reached_is_told_without_a_traceback(install: Install, url: str, words: str) -> None:
    said = install.embudo("ledger", code=2, EMBUDO_DATABASE_URL=url)
    assert words in said
    assert len(said.splitlines()) == 1


def test_a_database_that_is_not_there_is_told(install: Install, shape: str) -> None:
    if shape == "embedded":
        install.embudo("prepare")
        install.config.tables.write_bytes(b"no database" * 1000)
        assert "is damaged: restore the last backup" in install.embudo("manage", "clearsessions", code=2)
        return
    elsewhere = f"{install.config.database_url}-not"
    assert "there is no such database" in install.embudo(
        "manage", "clearsessions", code=2, EMBUDO_DATABASE_URL=elsewhere
    )


def test_what_an_install_keeps_is_its_owners_alone(install: Install) -> None:
    install.embudo("prepare")
    files = [file for file in install.config.data.rglob("*") if file.is_file()]
    assert files
    assert [file.name for file in files if file.stat().st_mode & 0o077] == []


@pytest.mark.parametrize(
    "words", [["up", "--data", ""], ["up", "--data="], ["up", "--data"], ["--data", "--help", "up"], ["--data= ", "up"]]
)
def test_data_without_a_folder_is_refused_and_touches_no_other_install(
    words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "_run", lambda _rest: pytest.fail("it went on"))
    monkeypatch.setenv("EMBUDO_DATA", "elsewhere")
    assert cli.main(words) == 2
    assert "--data needs a folder behind it" in capsys.readouterr().err
    assert os.environ["EMBUDO_DATA"] == "elsewhere"


@pytest.mark.parametrize(
    "words",
    [
        ("demo", "--people", "many"),
        ("demo", "--nope"),
        ("prepare", "--nope"),
        ("import", "people", "--create"),
        ("import", "people", "gone.csv", "--map", "gone.yaml", "--create"),
    ],
)
def test_a_first_start_that_cannot_be_read_leaves_nothing_behind(
    install: Install, tmp_path: Path, words: tuple[str, ...]
) -> None:
    said = install.embudo(*words, "--data", str(tmp_path / "a" / "b"), code=2)
    assert "Traceback" not in said and "Nothing was made" in said
    assert not (tmp_path / "a").exists()


def test_a_folder_that_was_there_stays_with_what_is_in_it(install: Install, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "secret_key").write_text("k" * 40)
    install.embudo("demo", "--nope", "--data", str(folder), code=2)
    assert [each.name for each in folder.iterdir()] == ["secret_key"]
    assert "Nothing was made" not in install.embudo("ledger", "--nope", "--data", str(folder), code=2)


@pytest.mark.parametrize("name", RUN)
def test_a_process_takes_no_arguments_and_says_so(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli._run([name, "--help"]) == 0
    assert f"{name}: run only this process" in capsys.readouterr().out
    assert cli._run([name, "now"]) == 2
    assert "takes nothing but --data DIR, and was given: now" in capsys.readouterr().err


def test_a_database_that_cannot_be_prepared_is_told_in_one_line(install: Install, tmp_path: Path) -> None:
    url = "postgresql://ana@127.0.0.1:1/embudo"
    said = install.embudo("prepare", "--data", str(tmp_path / "new"), code=2, EMBUDO_DATABASE_URL=url)
    assert "nothing listens there; start PostgreSQL or check host and port." in said and len(said.splitlines()) == 2
    assert not (tmp_path / "new").exists()


def test_the_first_run_has_help_and_names_itself_where_a_port_is_taken() -> None:
    done = subprocess.run([ROOT / "bin" / "run", "--help"], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("bin/run [--people N]") and "Set-up" not in done.stdout
    assert "EMBUDO_CALLED=bin/run exec" in (ROOT / "bin" / "run").read_text()
