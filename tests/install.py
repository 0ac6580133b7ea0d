"""A real install for tests: the command `embudo` as people run it, processes that may be killed, ports of its own."""

import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg

from embudo import config as settings
from embudo.config import Config
from embudo.eventlog import Log, open_log
from embudo.processes import RUN

ROOT = Path(__file__).parents[1]
EMBUDO = str(Path(sys.executable).parent / "embudo")
PUBLIC, SECRET = "public-key-of-the-tests", "secret-key-of-the-tests"
START_S = 60.0
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def free_ports(count: int) -> list[int]:
    """Return ports of loopback that nobody uses now."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def on_own_ports(config: Config) -> Config:
    """Return the settings with ports of their own and without limits of rate."""
    web, collector = free_ports(2)
    return replace(config, web_port=web, collector_port=collector, rate_per_key=0, rate_per_address=0)


@dataclass
class Install:
    """An install and its processes. `logs` is the folder of what they print."""

    config: Config
    logs: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)

    @property
    def environ(self) -> dict[str, str]:
        """The environment its commands and processes run in."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("EMBUDO_")}
        return {**own, **settings.environment(self.config), "PYTHONUNBUFFERED": "1"}

    def embudo(self, *words: str, code: int = 0, **environ: str) -> str:
        """Run a command to its end, check its exit code and return what it printed."""
        done = subprocess.run(
            [EMBUDO, *words], env={**self.environ, **environ}, cwd=ROOT, timeout=300, check=False, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert done.returncode == code, f"{words} ended with {done.returncode}:\n{done.stdout}"
        return done.stdout

    @contextmanager
    def up(self, *words: str, command: Sequence[str] = (EMBUDO, "up")) -> Iterator["Running"]:
        """Run `embudo up`, or another supervisor, until the block ends, then stop it with SIGTERM."""
        lines = (self.logs / "up.log").open("w")
        process = subprocess.Popen(
            [*command, *words],
            env=self.environ,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=lines,
            stderr=subprocess.STDOUT,
        )
        try:
            yield Running(self, process)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(timeout=30)
            lines.close()

    def start(self, name: str) -> None:
        """Start one of the processes, in a group of its own."""
        with (self.logs / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [EMBUDO, name], env=self.environ, cwd=ROOT,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Send a process and all it started a signal, and wait for its end."""
        process = self.running.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        process.wait(30)

    def stop(self) -> None:
        """End what still runs."""
        for name in list(self.running):
            with suppress(ProcessLookupError):
                self.running[name].terminate()
        for name in list(self.running):
            with suppress(subprocess.TimeoutExpired):
                self.running[name].wait(10)
            self.kill(name)

    def wait_for_web(self) -> None:
        """Wait until the site answers."""
        self._wait_for(self.config.web_port, "/healthz")

    def wait_for_collector(self) -> None:
        """Wait until the collector takes events."""
        self._wait_for(self.config.collector_port, "/readyz")

    def _wait_for(self, port: int, path: str) -> None:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            with suppress(OSError, http.client.HTTPException):
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                connection.request("GET", path)
                if connection.getresponse().status == 200:
                    return
            time.sleep(0.05)
        raise AssertionError(f"nothing answers on {path}; see\n{self.printed()}")

    def printed(self) -> str:
        """Return the end of what the processes printed."""
        return "\n".join(f"--- {path.name}\n{path.read_text()[-2000:]}" for path in sorted(self.logs.glob("*.log")))

    def send(self, message: dict[str, Any], *, key: str = SECRET, path: str = "/v1/track") -> int:
        """Post one message and return the status; 0 when there was no answer."""
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", self.config.collector_port, timeout=10)
            authorization = "Basic " + b64encode(f"{key}:".encode()).decode()
            headers = {"Authorization": authorization, "Content-Type": "application/json", "User-Agent": BROWSER}
            connection.request("POST", path, json.dumps(message), headers)
            return connection.getresponse().status
        return 0

    @property
    def log(self) -> Log:
        """The install's event log."""
        return open_log(self.config)

    def behind(self) -> int:
        """Return how many facts of the log the tables have not followed yet."""
        with suppress(sqlite3.OperationalError):
            followed = dict(self._query('SELECT shard, "offset" FROM leads_followcursor'))
            return sum(offset - followed.get(shard, 0) for shard, offset in self.log.end().items())
        return -1

    def _query(self, text: str) -> list[Any]:
        if self.config.embedded:
            with closing(sqlite3.connect(self.config.tables, timeout=10)) as connection:
                return connection.execute(text).fetchall()
        with psycopg.connect(self.config.database_url) as server:
            return server.execute(text).fetchall()

    def wait_until_followed(self, seconds: float = 60) -> None:
        """Wait until follow has read everything, what it appends itself included."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.behind() == 0:
                return
            time.sleep(0.1)
        raise AssertionError(f"follow did not catch up; see\n{self.printed()}")


@dataclass(frozen=True)
class Running:
    """A supervisor that runs."""

    install: Install
    process: "subprocess.Popen[bytes]"

    def said(self) -> str:
        """Return what it has printed so far."""
        return (self.install.logs / "up.log").read_text()

    def says(self, words: str, *, within_s: float = 120.0) -> str:
        """Wait until it has printed these words, which takes long on a busy machine; return all it printed."""
        deadline = time.monotonic() + within_s
        while words not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, f"{words!r} is not in:\n{self.said()}"
            time.sleep(0.05)
        return self.said()

    def get(self, path: str) -> int:
        """Return the status of a page of the site."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.install.config.web_port}{path}", timeout=10) as answer:
            return int(answer.status)

    def stop(self) -> int:
        """Stop it as a service manager does and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


def install_of(config: Config) -> Install:
    """Return an install of these settings on ports that are free now, with a secret key of its own making."""
    return Install(replace(on_own_ports(config), secret_key=""), config.data.parent / f"{config.data.name}-logs")


@contextmanager
def installed(config: Config, logs: Path, processes: Sequence[str] = tuple(RUN)) -> Iterator[Install]:
    """Make the tables and one site with a public and a secret key, run the processes, and end them after."""
    install = Install(on_own_ports(config), logs)
    install.embudo("prepare")
    publish_site(install.config)
    try:
        for name in processes:
            install.start(name)
        yield install
    finally:
        install.stop()


def publish_site(config: Config) -> None:
    """Give the collector one site, "tests", with a public and a secret key."""
    keys = [{"key": PUBLIC, "door": "public"}, {"key": SECRET, "door": "secret"}]
    site = {"id": "tests", "name": "Tests", "mode": "implied", "domains": [], "keys": keys}
    (config.data / "sites.json").write_text(json.dumps({"sites": [site]}))
