"""A site whose log is followed, software that holds a key of it, and a receiver of webhooks on loopback."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.test import Client

from embudo.accounts.models import User
from embudo.doors.api import saying
from embudo.doors.models import ApiKey
from embudo.doors.scopes import offered
from embudo.leads import record
from embudo.leads.views import applying
from tests.leads.conftest import Following, following, log  # noqa: F401 - fixtures


@pytest.fixture
def site(following: Following, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Following]:  # noqa: F811
    """The site reads and writes the log of `following`; the tables follow as soon as somebody waits for them."""
    settings.EMBUDO = replace(following.config, api_rate=0, webhook_networks="127.0.0.0/8")
    waits = record.wait_until_followed

    def follow_and_wait(receipt: Any, timeout_s: float = 1.0) -> bool:
        following.follower.catch_up()
        return waits(receipt, timeout_s)

    for module in (saying, applying):
        monkeypatch.setattr(module, "wait_until_followed", follow_and_wait)
    yield following
    record.the_log().close()


def user_of(role: str) -> User:
    """Somebody of a role."""
    email = f"{role}@norte.example"
    found = User.objects.filter(email=email).first()
    return found or User.objects.create_user(email, "a long password", name=role.title(), role=role)


@dataclass
class Software:
    """Other software with a key: it asks, and reads what it is answered."""

    text: str
    key: ApiKey
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Ask for an address below /api/v1/ and return the response."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {"Authorization": f"Bearer {self.text}", **named}
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.client.generic(method, f"/api/v1/{path}", data, "application/json", headers=given)

    def get(self, path: str, **headers: str) -> Any:
        """Read."""
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        """Write."""
        return self.ask("POST", path, body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        """Change."""
        return self.ask("PATCH", path, body, **headers)


Holding = Callable[..., Software]


@pytest.fixture
def software(site: Following) -> Holding:
    """Makes software whose key was made by somebody of a role, with some scopes or all the role has."""

    def holding(role: str = "admin", *scopes: str, name: str = "sync", expires_at: Any = None) -> Software:
        maker = user_of(role)
        wanted = list(scopes) or [each.name for each in offered(role)]
        key, text = ApiKey.make(name=name, scopes=wanted, maker=maker, expires_at=expires_at)
        return Software(text, key)

    return holding


@dataclass
class Receiver:
    """A server on loopback that takes webhooks and answers as it is told."""

    port: int = 0
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"thanks"
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def told(self) -> list[Any]:
        """What it was told, read."""
        return [json.loads(body) for _headers, body in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that runs."""
    here = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            here.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(here.status)
            for name, value in here.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(here.body)))
            self.end_headers()
            self.wfile.write(here.body)

        def log_message(self, *_args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield here
    server.shutdown()
    server.server_close()
    thread.join(5)
