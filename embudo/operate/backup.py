"""`embudo backup`: tables, tail, segments, in that order, as of instants that fit together, while the install runs.

A cursor in the tables never lies ahead of the tail, because the tables are copied first; nobody seals meanwhile,
so each fact is in the tail or in a segment, and in one of them only.
"""

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils.translation import gettext as _

from embudo import __version__
from embudo.config import Config
from embudo.eventlog import Log, open_log
from embudo.install import told
from embudo.leads.files import FOLDER
from embudo.operate.archive import Writer, writing
from embudo.operate.copies import copy_postgresql, copy_sqlite

TABLES, TAIL = "tables.sqlite3", "log/tail.sqlite"
BESIDE = ("secret_key", "sites.json", "retention.json")  # not the salts of cookieless visitors: they die after 48 hours
NOT_COPIED = ("tail.sqlite", "sealing.lock", "indexing.lock")  # beginnings of names below data/log
SEALING_WAIT_S = 300.0


class SealingGoesOn(Exception):
    """Segments were being rewritten for too long; try again later."""


class NoPlace(Exception):
    """A backup cannot be written there; the message says why."""


def main(arguments: list[str]) -> int:
    """Write a backup and print where it is."""
    parser = argparse.ArgumentParser(prog="embudo backup", description="Write everything to one file.")
    parser.add_argument("file", type=Path, nargs="?", help="where to (.tar or .tar.gz); default: in this folder")
    file: Path = parser.parse_args(arguments).file or Path(f"embudo-{datetime.now(UTC):%Y%m%d-%H%M%S}.tar")
    try:
        if file.exists():
            raise NoPlace(_("%(file)s exists already; choose another name") % {"file": file})
        if not file.parent.is_dir():
            raise NoPlace(_("there is no folder %(folder)s; make it first, or name another") % {"folder": file.parent})
        backup(settings.EMBUDO, file)
    except (OSError, NoPlace, SealingGoesOn) as error:
        print(_("No backup was made: %(error)s") % {"error": told(error) if isinstance(error, OSError) else error})
        return 1
    print(_("%(file)s: %(size).1f MB") % {"file": file, "size": file.stat().st_size / 1e6})
    return 0


def backup(config: Config, file: Path) -> None:
    """Write everything the install keeps to `file`."""
    record = open_log(config)
    with writing(file) as archive, _nobody_seals(record):
        (_embedded if config.embedded else _server)(config, archive, file.parent)
        for part in _segment_files(config.data / "log"):
            archive.file(str(Path("log") / part), config.data / "log" / part)
        _attached(config, archive)
        for name in BESIDE:
            if (config.data / name).exists():
                archive.file(name, config.data / name)
        archive.listing(_facts(config))


def _embedded(config: Config, archive: Writer, folder: Path) -> None:
    for name in (TABLES, TAIL):
        with TemporaryDirectory(dir=folder) as held:
            copy = Path(held) / "copy"
            copy_sqlite(config.data / name, copy)
            archive.file(name, copy)


def _server(config: Config, archive: Writer, folder: Path) -> None:
    copy_postgresql(config.database_url, archive, folder)


def _attached(config: Config, archive: Writer) -> None:
    """The files of people; one that was removed meanwhile is left out."""
    for file in sorted((config.data / FOLDER).rglob("*")):
        if file.is_file():
            with suppress(FileNotFoundError):
                archive.file(str(file.relative_to(config.data)), file)


def _segment_files(folder: Path) -> list[Path]:
    """Everything below the log's folder that is not the live tail."""
    files = (file.relative_to(folder) for file in sorted(folder.rglob("*")) if file.is_file())
    return [file for file in files if not file.name.startswith(NOT_COPIED) and file.suffix != ".unfinished"]


@contextmanager
def _nobody_seals(record: Log) -> Iterator[None]:
    deadline = time.monotonic() + SEALING_WAIT_S
    while time.monotonic() < deadline:
        with record.sealing() as ours:
            if ours:
                yield
                return
        time.sleep(0.2)
    raise SealingGoesOn(_("the log's segments were being rewritten for %(s)d s") % {"s": SEALING_WAIT_S})


def _facts(config: Config) -> dict[str, object]:
    applied = sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())
    return {
        "version": __version__,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "shape": "embedded" if config.embedded else "server",
        "migrations": applied,
    }
