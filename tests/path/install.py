"""A real install for tests: its own processes on ports of their own, which may be killed and start again."""

import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import psycopg

from embudo.config import Config
from embudo.eventlog import Log, open_log
from embudo.processes import RUN

ROOT = Path(__file__).parents[2]
PUBLIC, SECRET = "public-key-of-the-tests", "secret-key-of-the-tests"
START_S = 60.0
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def free_port() -> int:
    """Return a port of loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def on_own_ports(config: Config) -> Config:
    """Return the settings with ports of their own and without limits of rate."""
    return replace(config, web_port=free_port(), collector_port=free_port(), rate_per_key=0, rate_per_address=0)


def environment(config: Config) -> dict[str, str]:
    """Return the environment that makes a process read these settings."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("EMBUDO_")}
    given = {each.metadata["name"]: str(getattr(config, each.name)) for each in fields(Config)}
    return {**own, **given, "PYTHONUNBUFFERED": "1"}


@dataclass
class Install:
    """The processes of one install. `logs` is the folder of what they print."""

    config: Config
    logs: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def embudo(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run an `embudo` command on this install."""
        command = [sys.executable, "-m", "embudo.cli", *arguments]
        done = subprocess.run(
            command, env=environment(self.config), cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
        )
        assert not check or done.returncode == 0, (
            f"{arguments} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        )
        return done

    def start(self, name: str) -> None:
        """Start one of the processes, in a group of its own."""
        with (self.logs / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", "embudo.cli", name], env=environment(self.config), cwd=ROOT,
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


@contextmanager
def installed(config: Config, logs: Path, processes: Sequence[str] = tuple(RUN)) -> Iterator[Install]:
    """Make the tables and one site with a public and a secret key, run the processes, and end them after."""
    logs.mkdir(parents=True, exist_ok=True)
    install = Install(on_own_ports(config), logs)
    install.embudo("manage", "migrate", "--noinput", "--verbosity", "0")
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
