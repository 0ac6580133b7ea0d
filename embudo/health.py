"""Whether a process of the install answers: over HTTP where it serves, else by a loop that turns."""

import time
import urllib.error
import urllib.request
from dataclasses import dataclass

from embudo import pulse
from embudo.config import Config
from embudo.processes import SERVING

WAIT_S = 5.0  # for an answer


@dataclass
class Health:
    """What is known of one process, told by its number and its name."""

    name: str
    pid: int
    answered_at: float = 0.0  # time.monotonic(), which stands still while the machine sleeps; 0: not yet
    _beaten_at: int = 0

    def answers(self, config: Config) -> bool:
        """Return whether it answers now, or has turned since the last call; whoever was stopped does not."""
        well = serves(config, self.name) if self.name in SERVING else self._has_turned(config)
        if well and not pulse.stopped(self.pid):
            self.answered_at = time.monotonic()
            return True
        return False

    def _has_turned(self, config: Config) -> bool:
        found = next((each for each in pulse.processes(config) if (each.name, each.pid) == (self.name, self.pid)), None)
        if found is None and not pulse.is_told(config):
            return True  # the disk is full: that is no reason to end a process that may well turn
        before, self._beaten_at = self._beaten_at, found.beaten_at() if found else 0
        return self._beaten_at > before


def serves(config: Config, name: str) -> bool:
    """Return whether the collector or the site answers at its port."""
    places = {"web": (config.web_host, config.web_port), "collector": (config.collector_host, config.collector_port)}
    host, port = places[name]
    try:
        with urllib.request.urlopen(f"http://{_reachable(host)}:{port}/healthz", timeout=WAIT_S) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False


def _reachable(host: str) -> str:
    plain = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - read, not bound
    return f"[{plain}]" if ":" in plain else plain
