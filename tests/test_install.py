"""Whether a folder holds an install, and what is said when it does not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from embudo import install
from embudo.config import Config
from embudo.install import nearest


def filled(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "tables.sqlite3").touch()
    return folder


def test_a_new_install_begins_once(tmp_path: Path) -> None:
    config = Config(data=tmp_path / "a" / "b")
    assert install.make(config)
    config.tables.touch()
    assert not install.make(config)
    install.require(config)


def test_the_install_most_like_what_was_typed_is_meant(tmp_path: Path) -> None:
    wanted, other = filled(tmp_path / "var" / "demo"), filled(tmp_path / "backup")
    assert install.nearest(tmp_path / "var" / "dmeo") == wanted
    assert install.nearest(tmp_path / "bckup") == other
    assert install.nearest(tmp_path / "var") == wanted


def test_on_the_server_shape_the_folder_only_has_to_be_there(tmp_path: Path) -> None:
    url = "postgresql://h/d"
    install.require(Config(data=tmp_path, database_url=url))
    with pytest.raises(install.NoInstall):
        install.require(Config(data=tmp_path / "not", database_url=url))


def test_a_file_is_no_data_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(install.NoInstall):
            install.make(Config(data=folder))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_folder_of_somebody_else_is_told(tmp_path: Path) -> None:
    """Another account looks at a folder that is its owner's alone."""
    code = (
        "import os, sys; from embudo import install; from embudo.config import Config; from pathlib import Path\n"
        "os.chdir('/'); os.setuid(65534)\n"
        "try: install.require(Config(data=Path(sys.argv[1])))\n"
        "except install.NoInstall as error: print(error)"
    )
    folder = filled(tmp_path / "private")
    folder.chmod(0o700)
    for parent in folder.parents:
        if parent.stat().st_uid == 0 and parent.is_relative_to(tmp_path.parents[1]):
            parent.chmod(0o755)
    said = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True).stdout
    assert "This account may not read and write" in said or "no permission" in said


def test_a_folder_that_only_has_logs_of_others_is_no_install(tmp_path: Path) -> None:
    (tmp_path / "run" / "log").mkdir(parents=True)
    assert nearest(tmp_path / "rum") is None
