"""A real install for tests: the command `embudo` run as people run it, in a folder and on a database of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from embudo.config import Config

EMBUDO = str(Path(sys.executable).parent / "embudo")


@dataclass(frozen=True)
class Install:
    """An install and how to talk to it."""

    config: Config

    @property
    def environ(self) -> dict[str, str]:
        """The environment its commands run in; nothing of ours but the path."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.config.data),
            "EMBUDO_DATA": str(self.config.data),
            "EMBUDO_DATABASE_URL": self.config.database_url,
            "EMBUDO_WEB_PORT": str(self.config.web_port),
            "EMBUDO_COLLECTOR_PORT": str(self.config.collector_port),
        }

    def embudo(self, *words: str, code: int = 0) -> str:
        """Run a command to its end, check its exit code and return what it printed."""
        done = subprocess.run(
            [EMBUDO, *words],
            env=self.environ,
            cwd=self.config.data,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == code, done.stdout
        return done.stdout

    @contextmanager
    def up(self, *words: str) -> Iterator["Running"]:
        """Run `embudo up` until the block ends, then stop it with SIGTERM."""
        lines = (self.config.data / "up.log").open("w")
        process = subprocess.Popen(
            [EMBUDO, "up", *words],
            env=self.environ,
            cwd=self.config.data,
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


@dataclass(frozen=True)
class Running:
    """A supervisor that runs."""

    install: Install
    process: "subprocess.Popen[bytes]"

    def said(self) -> str:
        """Return what it has printed so far."""
        return (self.install.config.data / "up.log").read_text()

    def says(self, words: str, *, within_s: float = 30.0) -> str:
        """Wait until it has printed these words; return all it printed."""
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
    """Return an install of these settings on ports that are free now."""
    web, collector = _free_ports(2)
    return Install(replace(config, web_port=web, collector_port=collector, secret_key=""))


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()
