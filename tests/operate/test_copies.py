"""Copies of tables and tail, whatever the data folder is called and however little room /tmp has."""

import sqlite3
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from embudo.collector.lag import lag_of
from embudo.config import Config
from embudo.eventlog import open_log
from embudo.operate.archive import writing
from embudo.operate.copies import copy_postgresql, copy_sqlite
from tests.postgres import Cluster

ODD = ["a #1", "what?", "50%", "a&b=c", "ñandú"]


@pytest.mark.parametrize("name", ODD)
def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    (folder := tmp_path / name).mkdir()
    with closing(sqlite3.connect(folder / "tables.sqlite3")) as tables:
        tables.execute("CREATE TABLE leads_followcursor AS SELECT 0 AS shard, 0 AS 'offset'")
        tables.commit()
    copy_sqlite(folder / "tables.sqlite3", tmp_path / "copy")
    with closing(sqlite3.connect(tmp_path / "copy")) as copy:
        assert copy.execute("SELECT count(*) FROM leads_followcursor").fetchone() == (1,)
    config = Config(data=folder)
    log = open_log(config)
    assert lag_of(config) == 0
    assert log.verify() == []
    log.close()


def test_rows_of_postgresql_are_held_beside_the_backup_not_in_the_folder_for_temporary_files(
    tmp_path: Path, config: Config, cluster: Cluster | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if cluster is None:
        pytest.skip("a SQLite file is copied beside the backup anyway")
    import psycopg

    with psycopg.connect(config.database_url) as server:
        server.execute("CREATE TABLE person (name text)")
    held: list[Any] = []
    temporary = tempfile.NamedTemporaryFile
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", lambda **how: held.append(how) or temporary(**how))
    with writing(tmp_path / "all.tar") as archive:
        copy_postgresql(replace(config).database_url, archive, tmp_path)
    assert held == [{"dir": tmp_path}]
