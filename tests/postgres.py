"""A PostgreSQL cluster for one test run: made in a temporary folder, on loopback, stopped at the end.

It leaves it to the kernel when bytes reach the disk: tests kill processes, none of them the machine.
"""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

USER = "embudo"


@dataclass(frozen=True)
class Cluster:
    """A running cluster and where it listens."""

    folder: Path
    programs: Path
    port: int
    free: list[str] = field(default_factory=list)  # empty databases to be used again by this process

    def url(self, database: str) -> str:
        """Return the address of a database of this cluster."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """Return the name of an empty database, one that was given back when there is one."""
        if self.free:
            return self.free.pop()
        name = f"t_{os.getpid()}_{secrets.token_hex(4)}"
        self._command("postgres", f'CREATE DATABASE "{name}"')
        return name

    def drop_database(self, name: str) -> None:
        """Take a database back: end whoever is still connected and empty it, which is quicker than making another."""
        self._command(
            name,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
            "DROP SCHEMA public CASCADE",
            "CREATE SCHEMA public",
        )
        self.free.append(name)

    def stop(self) -> None:
        """Stop the server and remove its files."""
        _as_owner([self.programs / "pg_ctl", "-D", self.folder / "data", "-m", "immediate", "-w", "stop"])
        shutil.rmtree(self.folder, ignore_errors=True)

    def _command(self, database: str, *statements: str) -> None:
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())


def programs() -> Path | None:
    """Return the folder of PostgreSQL's server programs, or None when it is not installed."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def start_cluster() -> Cluster:
    """Make and start a cluster; whoever starts it stops it."""
    where = programs()
    if where is None:
        raise pytest.UsageError("--shape server needs PostgreSQL's server programs: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="embudo-pg-"))
    _give_to_owner(folder)
    _as_owner([where / "initdb", "-D", folder / "data", "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"])
    cluster = Cluster(folder, where, _free_port())
    options = f"-p {cluster.port} -k {folder} -h 127.0.0.1 -c max_connections=200 -c fsync=off -c full_page_writes=off"
    options += " -c shared_buffers=256MB -c max_wal_size=4GB -c checkpoint_timeout=30min"
    _as_owner([where / "pg_ctl", "-D", folder / "data", "-l", folder / "log", "-o", options, "-w", "start"])
    return cluster


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _owner() -> str | None:
    """Return the account the server runs as when we are root (initdb refuses root), else None."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _give_to_owner(folder: Path) -> None:
    if owner := _owner():
        shutil.chown(folder, owner)


def _as_owner(command: list[str | Path]) -> None:
    subprocess.run([str(part) for part in command], check=True, user=_owner(), cwd="/", stdout=subprocess.DEVNULL)
