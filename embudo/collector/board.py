"""Where the workers of one door tell each other what they counted, so that any of them can answer for all."""

import os
import shutil
import socket
from contextlib import suppress
from pathlib import Path

import msgspec

from embudo.collector.metrics import Metrics


class Board:
    """A folder with one small file for each worker, the dead ones of this run included: counters never fall."""

    def __init__(self, data: Path, parent: int) -> None:
        self._folder = data / "run" / f"collector-{socket.gethostname()}-{parent}"
        self._mine = self._folder / f"{os.getpid()}.json"

    def clear(self) -> None:
        """Remove what earlier runs on this host left."""
        for old in self._folder.parent.glob(f"collector-{socket.gethostname()}-*"):
            shutil.rmtree(old, ignore_errors=True)

    def publish(self, metrics: Metrics) -> None:
        """Write this worker's counts; on a full disk the others see the last ones."""
        new = self._mine.with_suffix(f".{os.getpid()}.new")
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            new.write_bytes(msgspec.json.encode(metrics.state()))
            new.replace(self._mine)

    def all(self, mine: Metrics) -> Metrics:
        """Return the counts of all workers: this one's as they are now, the others' as last published."""
        total = mine
        for path in sorted(self._folder.glob("*.json")):
            if path != self._mine:
                with suppress(OSError, msgspec.DecodeError, KeyError, ValueError):
                    total = total.plus(msgspec.json.decode(path.read_bytes()))
        return total
