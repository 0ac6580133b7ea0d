"""Backup and restore, with the commands as people run them, on both shapes."""

import gzip
import json
import random
import tarfile
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from embudo.config import Config
from embudo.core.event import Door, Event, subject_of
from embudo.eventlog import Cursor, open_log
from embudo.operate import backup, restore
from embudo.operate.archive import BadArchive, unpack, writing
from tests.install import Install, install_of
from tests.postgres import Cluster

NOW = 1_780_000_000_000_000


def visit(number: int) -> Event:
    """A page view of one of ten visitors."""
    identifier = f"anon:{number % 10}"
    return Event(
        source="site", id=f"visit-{number}", kind="page_viewed", at=NOW + number, received_at=NOW + number,
        known_at=NOW + number, identifier=identifier, subject=subject_of(identifier), door=Door.PUBLIC,
        props={"path": f"/{number}"},
    )  # fmt: skip


def facts_of(config: Config) -> list[str]:
    """The ids of everything in the log, in its order."""
    log, cursor, ids = open_log(config), Cursor(), []
    while True:
        rows, cursor = log.read(cursor, 10_000)
        if not rows:
            return ids
        ids += [row.event.id for row in rows]


@pytest.fixture
def filled(install: Install) -> Install:
    """An install with a user, 200 sealed facts and 100 in the tail."""
    install.embudo("prepare")
    install.embudo("manage", "createsuperuser", "--noinput", "--email", "ana@norte.example", "--name", "Ana")
    log = open_log(install.config)
    log.append([visit(number) for number in range(200)])
    log.seal()
    log.append([visit(number) for number in range(200, 300)])
    return install


@pytest.fixture
def empty(tmp_path: Path, cluster: Cluster | None, config: Config) -> Install:
    """Another install, with nothing in it."""
    (tmp_path / "other").mkdir()
    fresh = replace(config, data=tmp_path / "other")
    return install_of(replace(fresh, database_url=cluster.url(cluster.new_database())) if cluster else fresh)


def test_everything_comes_back(filled: Install, empty: Install, tmp_path: Path) -> None:
    file = tmp_path / "all.tar"
    assert "MB" in filled.embudo("backup", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    empty.embudo("restore", str(file))
    assert facts_of(empty.config) == [f"visit-{number}" for number in range(300)]
    assert open_log(empty.config).verify() == []
    assert open_log(empty.config).ledger() == open_log(filled.config).ledger()
    assert (empty.config.data / "secret_key").read_bytes() == (filled.config.data / "secret_key").read_bytes()
    users = "from embudo.accounts.models import User; print(list(User.objects.values_list('email', flat=True)))"
    assert "ana@norte.example" in empty.embudo("manage", "shell", "--no-imports", "-c", users)
    assert "ok    Tables: sound" in empty.embudo("doctor")


def test_a_restored_install_goes_on_where_it_was(filled: Install, empty: Install, tmp_path: Path) -> None:
    filled.embudo("backup", str(tmp_path / "all.tar.gz"))
    empty.embudo("restore", str(tmp_path / "all.tar.gz"))
    outcomes = [receipt.outcome for receipt in open_log(empty.config).append([visit(299), visit(0), visit(300)])]
    assert outcomes == ["duplicate", "duplicate", "accepted"]
    empty.embudo("manage", "createsuperuser", "--noinput", "--email", "luis@norte.example", "--name", "Luis")
    assert facts_of(empty.config)[-1] == "visit-300"


def test_a_backup_while_events_arrive_and_segments_are_sealed_is_a_moment_of_the_log(
    filled: Install, empty: Install, tmp_path: Path
) -> None:
    stop, log = threading.Event(), open_log(filled.config)

    def arrive() -> None:
        number = 300
        while not stop.is_set() and number < 100_000:
            log.append([visit(each) for each in range(number, number + 20)])
            number += 20
            if number % 400 == 0:
                log.seal()

    writer = threading.Thread(target=arrive)
    writer.start()
    try:
        filled.embudo("backup", str(tmp_path / "busy.tar"))
    finally:
        stop.set()
        writer.join()
    empty.embudo("restore", str(tmp_path / "busy.tar"))
    facts, everything = facts_of(empty.config), facts_of(filled.config)
    assert 300 <= len(facts) <= len(everything)
    assert facts == everything[: len(facts)]
    assert open_log(empty.config).verify() == []


def test_restore_never_overwrites(filled: Install, tmp_path: Path) -> None:
    filled.embudo("backup", str(tmp_path / "all.tar"))
    before = facts_of(filled.config)
    assert "already" in filled.embudo("restore", str(tmp_path / "all.tar"), code=1)
    assert facts_of(filled.config) == before


def test_who_was_erased_since_the_backup_stays_erased(filled: Install, empty: Install, tmp_path: Path) -> None:
    filled.embudo("backup", str(tmp_path / "all.tar"))
    open_log(filled.config).erase([subject_of("anon:3")], by="ana", why="asked to")
    said = empty.embudo("restore", str(tmp_path / "all.tar"), "--erased", str(filled.config.data))
    assert "erased from it again" in said
    assert [each for each in facts_of(empty.config) if each.endswith("3")] == []
    assert len(facts_of(empty.config)) == 270


def test_a_damaged_backup_is_told_and_nothing_of_it_is_used(filled: Install, empty: Install, tmp_path: Path) -> None:
    file = tmp_path / "all.tar"
    filled.embudo("backup", str(file))
    with tarfile.open(file) as tar:
        middle = max(tar.getmembers(), key=lambda member: member.size)
    body = bytearray(file.read_bytes())
    body[middle.offset_data + middle.size // 2] ^= 0xFF
    file.write_bytes(body)
    assert f"{middle.name} is not what was written" in empty.embudo("restore", str(file), code=1)
    assert not empty.config.tables.exists()
    assert not (empty.config.data / "log" / "manifest.json").exists()


def test_half_a_backup_is_none(tmp_path: Path) -> None:
    file = tmp_path / "x.tar"
    with writing(file) as archive:
        archive.bytes("a", b"a" * 5000)
        archive.listing({})
    (tmp_path / "half.tar").write_bytes(file.read_bytes()[:3000])
    with pytest.raises(BadArchive, match="is cut short or damaged; copy it again, or take another backup"):
        unpack(tmp_path / "half.tar", tmp_path / "out")
    (tmp_path / "half.tar.gz").write_bytes(gzip.compress(random.Random(1).randbytes(9000))[:3000])
    with pytest.raises(BadArchive, match=r"no backup of Embudo|cut short or damaged"):
        unpack(tmp_path / "half.tar.gz", tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gone.tar", "there is no such file or folder"),
        ("folder", "it is a folder, not a file"),
        ("text.txt", "is no backup of Embudo; give a file that `embudo backup` wrote"),
        ("empty.tar", "is no backup of Embudo"),
    ],
)
def test_what_is_no_backup_is_told_without_internals(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.txt").write_text("hello")
    (tmp_path / "empty.tar").touch()
    with pytest.raises(BadArchive, match=words) as raised:
        unpack(tmp_path / name, tmp_path / "out")
    assert str(raised.value).startswith(str(tmp_path / name)) and "Err" not in str(raised.value)


def test_a_place_where_no_backup_can_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert backup.main([str(tmp_path / "nowhere" / "x.tar")]) == 1
    assert f"No backup was made: there is no folder {tmp_path}/nowhere; make it first" in capsys.readouterr().out
    assert backup.main([str(tmp_path)]) == 1
    assert "exists already; choose another name" in capsys.readouterr().out


def test_nothing_is_restored_where_the_erased_would_come_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: Any
) -> None:
    settings.EMBUDO = Config(data=tmp_path / "new")
    assert restore.main([str(tmp_path / "x.tar"), "--erased", str(tmp_path / "gone")]) == 1
    assert "gone is no data folder; --erased names the one" in capsys.readouterr().out
    assert not (tmp_path / "new").exists()


def test_a_backup_that_fails_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(OSError), writing(tmp_path / "x.tar") as archive:
        archive.bytes("a", b"a")
        raise OSError("disk full")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil"])
def test_names_that_lead_out_of_the_folder_are_not_unpacked(tmp_path: Path, name: str) -> None:
    with writing(tmp_path / "x.tar") as archive:
        archive.bytes(name, b"evil")
        archive.listing({})
    with pytest.raises(BadArchive, match="does not belong"):
        unpack(tmp_path / "x.tar", tmp_path / "out" / "deeper")
    assert list(tmp_path.rglob("evil")) == []


def test_the_listing_names_version_shape_and_migrations(filled: Install, tmp_path: Path, shape: str) -> None:
    filled.embudo("backup", str(tmp_path / "all.tar"))
    with tarfile.open(tmp_path / "all.tar") as tar:
        member = tar.extractfile("embudo-backup.json")
        assert member is not None
        listing = json.load(member)
    assert listing["shape"] == shape
    assert any(each.startswith("accounts.") for each in listing["migrations"])


def test_a_backup_never_overwrites_a_file(filled: Install, tmp_path: Path) -> None:
    (tmp_path / "kept.tar").write_text("mine")
    assert "exists already" in filled.embudo("backup", str(tmp_path / "kept.tar"), code=1)
    assert (tmp_path / "kept.tar").read_text() == "mine"


def test_a_restore_that_fails_leaves_everything_as_it_was(filled: Install, empty: Install, tmp_path: Path) -> None:
    (tmp_path / "no.tar").write_bytes(b"no tar" * 1000)
    filled.embudo("backup", str(tmp_path / "all.tar"))
    for file in ("no.tar", "missing.tar"):
        empty.embudo("restore", str(tmp_path / file), code=1)
        empty.embudo("restore", str(tmp_path / file), "--data", str(tmp_path / "new" / "folder"), code=1)
    assert list(empty.config.data.iterdir()) == []
    assert not (tmp_path / "new").exists()
    empty.embudo("restore", str(tmp_path / "all.tar"))


def test_a_restore_that_fails_in_the_database_leaves_it_empty(
    filled: Install, empty: Install, tmp_path: Path, shape: str
) -> None:
    filled.embudo("backup", str(tmp_path / "all.tar"))
    _with_a_table_nobody_knows(tmp_path / "all.tar", tmp_path / "odd.tar", shape)
    assert "Nothing was restored" in empty.embudo("restore", str(tmp_path / "odd.tar"), code=1)
    empty.embudo("restore", str(tmp_path / "all.tar"))
    assert facts_of(empty.config) == facts_of(filled.config)


def _with_a_table_nobody_knows(source: Path, target: Path, shape: str) -> None:
    """Copy a backup, with one table more on PostgreSQL, of another shape on SQLite."""
    held = source.with_name("held")
    listing = unpack(source, held)
    if shape == "server":
        columns = json.loads((held / "tables.json").read_text())
        (held / "tables.json").write_text(json.dumps({**columns, "nobody": ["id"]}))
    facts = {key: listing[key] for key in ("version", "made_at", "migrations")}
    with writing(target) as archive:
        for name in listing["sha256"]:
            archive.file(name, held / name)
        archive.listing({**facts, "shape": shape if shape == "server" else "server"})


def test_a_backup_of_the_other_shape_is_refused_with_what_to_do(
    filled: Install, empty: Install, tmp_path: Path, shape: str
) -> None:
    filled.embudo("backup", str(tmp_path / "all.tar"))
    other = {"embedded": "postgresql://ana@127.0.0.1:1/x", "server": ""}[shape]
    said = empty.embudo(
        "restore", str(tmp_path / "all.tar"), code=1 if shape == "server" else 2, EMBUDO_DATABASE_URL=other
    )
    assert ("restores only there" in said) if shape == "server" else ("nothing listens there" in said)
