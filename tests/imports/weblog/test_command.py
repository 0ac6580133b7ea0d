from collections.abc import Iterator
from pathlib import Path

import pytest

from embudo.capture.models import Site
from embudo.config import Config
from embudo.imports import command
from embudo.leads.models import ImportRun, Person
from tests.imports.weblog.conftest import ANA, line


@pytest.fixture
def here(config: Config, settings: object, transactional_db: None) -> Iterator[Config]:
    settings.EMBUDO = config  # type: ignore[attr-defined]
    site = Site(name="Norte", domains=["norte.example"])
    site.open(by=None)
    yield config


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "access.log"
    path.write_text(f"{line('/')}\n{line('/style.css')}\n")
    return str(path)


def test_a_log_comes_in_by_command_and_the_figures_are_told(
    here: Config, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["visits", file, "--site", "norte", "--dry-run"]) == 0
    assert "2 lines, 1 visits: 1 would be recorded, 0 are known already" in capsys.readouterr().out
    assert not Person.objects.exists()
    assert command.main(["visits", file, "--site", "norte"]) == 0
    assert "1 recorded" in capsys.readouterr().out
    assert Person.objects.count() == 1
    assert command.main(["visits", file, "--site", "Norte"]) == 0
    assert "0 recorded, 1 known already" in capsys.readouterr().out


def test_damaged_lines_are_told_by_the_exit_code_and_the_report(
    here: Config, file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open(file, "a") as more:
        more.write(f"{ANA} damaged\n")
    report = tmp_path / "report.csv"
    assert command.main(["visits", file, "--site", "norte", "--report", str(report)]) == 3
    assert "3,failed,format" in report.read_text()
    assert ANA not in report.read_text() + capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--site", "sur"], "no site “sur”; the sites are: Norte"),
        (["--site", "norte", "--domain", "nothing"], "--domain"),
    ],
)
def test_what_cannot_be_used_is_told_in_a_sentence(
    here: Config, file: str, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["visits", file, *arguments]) == 2
    assert words in capsys.readouterr().err
    assert not ImportRun.objects.exists()


def test_a_missing_file_and_one_that_is_no_log_are_told(
    here: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["visits", str(tmp_path / "none.log"), "--site", "norte"]) == 2
    assert "there is no such file" in capsys.readouterr().err
    (tmp_path / "x.csv").write_text("a,b\n")
    assert command.main(["visits", str(tmp_path / "x.csv"), "--site", "norte"]) == 2
    assert "no access log in combined format" in capsys.readouterr().err
