"""A line that says what is being done and how far it is: a bar on a terminal, now and then a line elsewhere."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

WIDTH = 30


class Progress:
    """One task after the other, each from 0 to 1."""

    def __init__(self, out: TextIO = sys.stderr) -> None:
        self.out = out
        self.live = out.isatty()
        self.words = ""
        self.began = self.said = 0.0
        self.tenth = 0

    def begin(self, words: str) -> None:
        """Say what begins now."""
        self.words, self.began, self.said, self.tenth = words, time.monotonic(), 0.0, 0
        self.at(0.0)

    def at(self, share: float, detail: str = "") -> None:
        """Say how far it is; too soon after the last time it says nothing."""
        now = time.monotonic()
        if self.live and now - self.said >= 0.1:
            self.said = now
            filled = int(WIDTH * min(share, 1.0))
            left = (now - self.began) * (1 - share) / share if share > 0.03 else None
            time_left = "" if left is None else f"{left:4.0f} s left"
            bar = "█" * filled + "░" * (WIDTH - filled)
            self._write(f"\r\033[K{bar} {share:4.0%}  {self.words} {detail} {time_left}")
        elif not self.live and int(share * 4) > self.tenth:
            self.tenth = int(share * 4)
            self._write(f"{self.words}: {share:.0%} {detail}\n")

    @contextmanager
    def busy(self, words: str) -> Iterator[None]:
        """Say what is being done while the block does it, with the time it has taken: nobody knows how much is left."""
        self.begin(words)
        if not self.live:
            self._write(f"{words} ...\n")
        over = threading.Event()
        ticking = threading.Thread(target=self._tick, args=(over,), daemon=True)
        ticking.start()
        try:
            yield
        finally:
            over.set()
            ticking.join()

    def _tick(self, over: threading.Event) -> None:
        while not over.wait(0.2 if self.live else 5.0):
            taken = f"{time.monotonic() - self.began:.0f} s"
            self._write(f"\r\033[K{self.words} ... {taken}" if self.live else f"{self.words}: {taken}\n")

    def _write(self, text: str) -> None:
        self.out.write(text)
        self.out.flush()

    def done(self, detail: str = "") -> None:
        """Say that it is done and how long it took."""
        start = "\r\033[K" if self.live else ""
        told = f"{self.words}: {detail}" if detail else self.words
        self._write(f"{start}{told} ({time.monotonic() - self.began:.1f} s)\n")
