"""`embudo restore`: fills an empty install from a backup; nothing that exists is ever overwritten."""

import argparse
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _

from embudo import install
from embudo.config import Config
from embudo.eventlog import open_log
from embudo.eventlog.tail_postgres import PostgresTail
from embudo.eventlog.tail_schema import OLD_TAIL
from embudo.install import NoInstall
from embudo.leads import erasure
from embudo.operate.archive import LISTING, BadArchive, unpack
from embudo.operate.backup import TABLES, TAIL
from embudo.operate.copies import paste_postgresql

ERASED = "erased"


class NotEmpty(Exception):
    """There is an install already; the message says where."""


def main(arguments: list[str]) -> int:
    """Restore a backup into the data folder, and on the server shape into the database."""
    parser = argparse.ArgumentParser(prog="embudo restore", description="Fill an empty install from a backup.")
    parser.add_argument("file", type=Path, help="a file that `embudo backup` wrote")
    parser.add_argument("--erased", type=Path, metavar="DIR", help="data folder whose erased people stay erased")
    options = parser.parse_args(arguments)
    try:
        _check_erased(options.erased)
        listing = restore(settings.EMBUDO, options.file)
    except (BadArchive, NotEmpty, NoInstall, OSError) as error:
        words = install.told(error) if isinstance(error, OSError) else error
        print(_("Nothing was restored: %(error)s") % {"error": words})
        return 1
    if erase_again(settings.EMBUDO, options.erased):
        print(_("People who were erased since that backup were erased from it again."))
    facts = {"made": listing["made_at"], "folder": settings.EMBUDO.data}
    print(_("Restored the backup of %(made)s into %(folder)s.") % facts)
    return 0


def restore(config: Config, file: Path) -> dict[str, Any]:
    """Check the whole backup, then put it in place; returns its listing. Raises BadArchive and NotEmpty."""
    _check_empty(config)
    with _as_found(config):
        install.make(config)
        held = Path(mkdtemp(prefix=".restoring-", dir=config.data))
        try:
            listing = unpack(file, held)
            _check_shape(config, listing)
            if not config.embedded:
                _fill_database(config, held, listing)
            _move_in(config, held)
        finally:
            shutil.rmtree(held)
    return listing


@contextmanager
def _as_found(config: Config) -> Iterator[None]:
    """Should it fail, take away again the folders and, of a database that was empty, the tables that were made."""
    made = [each for each in (config.data, *config.data.parents) if not each.exists()]
    try:
        yield
    except BaseException:
        with suppress(OSError):
            for each in made:
                each.rmdir()
        if not config.embedded:
            with connection.cursor() as cursor:
                for table in connection.introspection.table_names(cursor):
                    cursor.execute(f"DROP TABLE IF EXISTS {connection.ops.quote_name(table)} CASCADE")
        raise


def erase_again(config: Config, other: Path | None) -> bool:
    """Erase whoever was erased since the backup: tombstones lie outside backups, in the folder `erased`."""
    if other is not None and (other / ERASED).is_dir():
        shutil.copytree(other / ERASED, config.data / ERASED, dirs_exist_ok=True)
    log = open_log(config)
    evidence = log.apply_tombstones(by="restore", why="erased since the backup")
    call_command("migrate", interactive=False, verbosity=0)
    return erasure.erase_again(log) > 0 or evidence is not None


def _check_erased(folder: Path | None) -> None:
    """Refuse what is no data folder before anything is restored: nobody must come back who was erased."""
    if folder is not None and not (folder / ERASED).is_dir() and not install.holds_one(folder):
        words = _("%(folder)s is no data folder; --erased names the one whose erased people stay erased")
        raise NoInstall(words % {"folder": folder})


def _check_empty(config: Config) -> None:
    log = config.data / "log"
    if log.exists() and any(file.suffix == ".parquet" for file in log.rglob("*")):
        words = _("%(folder)s holds an install already; give a new folder with --data")
        raise NotEmpty(words % {"folder": config.data})
    if config.embedded:
        connection.close()
        for name in (TABLES, TAIL):
            if (config.data / name).exists() and (config.data / name).stat().st_size:
                words = _("%(file)s exists already; give a new folder with --data")
                raise NotEmpty(words % {"file": config.data / name})
    elif connection.introspection.table_names():
        raise NotEmpty(_("the database holds tables already; give an empty one in EMBUDO_DATABASE_URL"))


def _check_shape(config: Config, listing: dict[str, Any]) -> None:
    """A backup holds the tables as SQLite or as PostgreSQL keeps them; nothing turns one into the other."""
    if listing["shape"] == ("embedded" if config.embedded else "server"):
        return
    if config.embedded:
        words = _("it was made on PostgreSQL and restores only there: give an empty database in EMBUDO_DATABASE_URL")
    else:
        words = _("it was made on SQLite and restores only there: unset EMBUDO_DATABASE_URL, and restore again")
    raise BadArchive(words)


def _fill_database(config: Config, held: Path, listing: dict[str, Any]) -> None:
    """Make the tables as they were when the backup was made, fill them, then bring them up to date."""
    executor = MigrationExecutor(connection)
    there = {tuple(each.split(".", 1)) for each in listing["migrations"]}
    graph = executor.loader.graph
    if unknown := there - graph.nodes.keys():
        raise BadArchive(_("it comes from a newer version of Embudo (%(name)s)") % {"name": ".".join(min(unknown))})
    newest = [each for each in there if not any(child.key in there for child in graph.node_map[each].children)]
    executor.migrate(sorted(newest))
    open_log(config)
    if OLD_TAIL in json.loads((held / "tables.json").read_text()):
        PostgresTail(config.database_url, shards=config.shards).admit_older()
    paste_postgresql(config.database_url, held)
    PostgresTail(config.database_url, shards=config.shards)  # lifts an older tail; its segments come last
    call_command("migrate", interactive=False, verbosity=0)


def _move_in(config: Config, held: Path) -> None:
    """Move the files into the data folder."""
    for source in sorted(held.rglob("*")):
        place = source.relative_to(held)
        if source.is_file() and place.parts[0] != "tables" and place.name not in (LISTING, "tables.json"):
            target = config.data / place
            target.parent.mkdir(parents=True, exist_ok=True)
            source.replace(target)
