"""A running door for tests: the real process, its sites, and a plain HTTP client."""

import gzip
import http.client
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from embudo.config import Config
from embudo.core.event import Event
from embudo.eventlog import Cursor, Ledger, Log, open_log
from tests.install import BROWSER, Install, on_own_ports

PUBLIC, SECRET = "pub-norte", "sec-norte"
WAIT_S = 60.0  # for an answer: a body that never ends has one after SLOWEST_BODY_S
SITES = [
    {
        "id": "site-norte", "name": "Norte", "mode": "implied", "domains": ["norte.example"],
        "keys": [{"key": PUBLIC, "door": "public"}, {"key": SECRET, "door": "secret"}],
    },
    {"id": "site-strict", "name": "Strict", "mode": "required", "keys": [{"key": "pub-strict", "door": "public"}]},
    {"id": "site-light", "name": "Light", "mode": "cookieless", "keys": [{"key": "pub-light", "door": "public"}]},
]  # fmt: skip


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class RunningDoor:
    """A collector that runs, and its log."""

    install: Install

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.install.config.collector_port}"

    @property
    def log(self) -> Log:
        """Its log, read from here."""
        return open_log(self.install.config)

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Send a request and return the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.install.config.collector_port, timeout=WAIT_S)
        try:
            connection.request(method, path, body, {"User-Agent": BROWSER, **(headers or {})})
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def post(
        self, path: str, message: Any, *, key: str = SECRET, zipped: bool = False, headers: dict[str, str] | None = None
    ) -> Answer:
        """Post a message; bytes go as they are, anything else as JSON."""
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        sent = {"Content-Type": "application/json", **(headers or {})}
        if key:
            sent["Authorization"] = "Basic " + b64encode(f"{key}:".encode()).decode()
        if zipped:
            body, sent["Content-Encoding"] = gzip.compress(body), "gzip"
        return self.request("POST", path, body, sent)

    def with_lines(self, path: str, message: Any, lines: list[tuple[str, str]], *, key: str = SECRET) -> Answer:
        """Post a message with header lines as they are, also two of one name."""
        connection = http.client.HTTPConnection("127.0.0.1", self.install.config.collector_port, timeout=WAIT_S)
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        basic = ("Authorization", "Basic " + b64encode(f"{key}:".encode()).decode())
        try:
            connection.putrequest("POST", path)
            for name, value in [("User-Agent", BROWSER), *([basic] if key else []), *lines]:
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def events(self) -> list[Event]:
        """Return every event of the log, in its order."""
        return [row.event for row in self.log.read(Cursor(), 100_000)[0]]

    def ledger(self) -> Ledger:
        """Return the log's ledger."""
        return self.log.ledger()

    def publish(self, sites: list[dict[str, Any]]) -> None:
        """Publish other sites as `capture` does: written beside, then moved."""
        publish(self.install.config, sites)


def publish(config: Config, sites: list[dict[str, Any]]) -> None:
    """Publish sites as `capture` does: written beside, then moved."""
    (config.data / "log").mkdir(parents=True, exist_ok=True)  # what makes a folder an install
    new = config.data / "sites.json.new"
    new.write_text(json.dumps({"sites": sites}))
    new.replace(config.data / "sites.json")


@contextmanager
def door_of(config: Config, logs: Path, **settings: Any) -> Iterator[RunningDoor]:
    """Run a collector on fresh ports until the block ends."""
    install = Install(replace(on_own_ports(config), **settings), logs)
    publish(install.config, SITES)
    try:
        install.start("collector")
        install.wait_for_collector()
        yield RunningDoor(install)
    finally:
        install.stop()


@pytest.fixture
def door(config: Config, tmp_path: Path) -> Iterator[RunningDoor]:
    """A running collector without limits of rate."""
    with door_of(config, tmp_path) as running:
        yield running


@pytest.fixture
def track() -> Callable[..., dict[str, Any]]:
    """Make a track message with an id of its own."""
    count = iter(range(1_000_000))

    def make(event: str = "Demo Requested", **more: Any) -> dict[str, Any]:
        return {
            "type": "track",
            "event": event,
            "messageId": f"m{next(count)}",
            "anonymousId": "browser-of-ana",
            **more,
        }

    return make
