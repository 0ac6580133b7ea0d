"""Which processes of an install run on this machine, and whether each still turns: one small file for each of them.

`<data>/running/NAME.HOST.PID`. Its time is the last turn of the process's loop; what takes long beats on its way. Who
serves HTTP answers for itself and does not beat.
"""

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from embudo.config import Config

FOLDER = "running"
EVERY_S = 1.0  # between two beats that reach the disk
PLACES = ("web_host", "web_port", "collector_host", "collector_port")
SILENT_S = 60.0  # so long a loop may take for one turn; whoever needs longer beats on the way

_file: Path | None = None  # of this process
_beaten = 0.0


@contextmanager
def running(config: Config, name: str) -> Iterator[None]:
    """Let the other processes see, inside the block, that this one runs as `name`."""
    global _file
    folder = config.data / FOLDER
    _file = folder / f"{name}.{_host()}.{os.getpid()}"
    with suppress(OSError):  # a full disk must not keep a process from starting; `beat` tries again
        folder.mkdir(exist_ok=True)
        for each in processes(config):
            if each.name == name and not each.lives:
                each.file.unlink(missing_ok=True)
        _file.touch()
        _file.write_text(json.dumps({name: getattr(config, name) for name in PLACES}))
    try:
        yield
    finally:
        if _file is not None:
            with suppress(OSError):
                _file.unlink(missing_ok=True)
        _file = None


def beat() -> None:
    """Note that this process goes on; nothing where it does not run as a process of an install."""
    global _beaten
    if _file is not None and time.monotonic() - _beaten >= EVERY_S:
        _beaten = time.monotonic()
        with suppress(OSError):
            _file.parent.mkdir(exist_ok=True)
            _file.touch()  # makes it where a full disk kept it from being made


def is_told(config: Config) -> bool:
    """Return whether processes can show that they turn: on a full disk no file is made, and nobody can tell."""
    probe = config.data / FOLDER / f"probe.{os.getpid()}"
    try:
        probe.parent.mkdir(exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Process:
    """A process of the install on this machine."""

    name: str
    pid: int
    file: Path

    @property
    def lives(self) -> bool:
        """Whether a process of that number runs and is no zombie."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return _state(self.pid) != "Z"

    def stopped(self) -> list[int]:
        """Return the numbers of those of it and of what it started that do nothing since a SIGSTOP."""
        return stopped(self.pid)

    def placed(self, config: Config) -> Config:
        """Return the settings with the addresses the process was started with, which may be others than ours."""
        try:
            return replace(config, **json.loads(self.file.read_text()))
        except (OSError, ValueError):  # it has ended, or a full disk kept the text out
            return config

    def beaten_at(self) -> int:
        """Return when it last beat, in ns since 1970; 0 when it has ended."""
        try:
            return self.file.stat().st_mtime_ns
        except FileNotFoundError:
            return 0


def stopped(pid: int) -> list[int]:
    """Return which of a process and of those it started do nothing since a SIGSTOP; only Linux tells."""
    return [each for each in (pid, *_below(pid)) if _state(each) == "T"]


def processes(config: Config) -> list[Process]:
    """Return the processes of this machine that have said they run; one that was killed may be among them."""
    found = []
    for file in sorted((config.data / FOLDER).glob(f"*.{_host()}.*")):
        name, _, rest = file.name.partition(".")
        pid = rest.rpartition(".")[2]
        if pid.isdecimal():
            found.append(Process(name, int(pid), file))
    return found


def _host() -> str:
    return socket.gethostname().replace("/", "-") or "localhost"


def _state(pid: int) -> str:
    """Return the letter Linux has for what a process does, "" where nobody tells."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""


def _below(pid: int) -> Iterator[int]:
    """The processes that a process started, and theirs; none where the kernel does not tell."""
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield int(child)
                yield from _below(int(child))
