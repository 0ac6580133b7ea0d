"""Requests to inside (SSRF): every door that takes an address, and what happens to a name that changes its mind."""

import ast
import socket
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from embudo.doors.hooks import send
from embudo.doors.hooks.gather import delivery_of
from embudo.doors.hooks.news import News, key_of
from embudo.doors.models import ApiKey, Attempt, Delivery, Endpoint
from tests.attacks.conftest import House
from tests.attacks.test_source import FILES
from tests.attacks.walking import PACKAGE
from tests.doors.conftest import Receiver, receiver, user_of  # noqa: F401 - a fixture
from tests.doors.test_outbound import CLOSED, NO_ADDRESS

PUBLIC = "203.0.114.7"
# Who may know how a connection is opened: besides, what looks at ports of this machine, asks whether its own site is
# well, and catches what the sign-in provider of the settings raises.
OWN = {"doors/outbound.py", "health.py", "ports.py", "accounts/views/providers.py"}
CONNECTING = {"create_connection", "connect_ex", "urlopen", "urlretrieve"}
CALLERS = {"urllib.request", "http.client", "requests", "httpx", "urllib3", "aiohttp", "ftplib", "telnetlib"}


class Names:
    """Who answers for a name: public when it is first asked, then this machine, as rebinding does."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.asked = list(answers), 0

    def __call__(self, host: Any, port: Any, *_given: Any, **_more: Any) -> Any:
        numeric = str(host).replace(".", "").replace(":", "").isdigit()
        address = str(host) if numeric else self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += not numeric
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that are connected to; nobody public answers."""
    seen: list[str] = []
    connect = socket.create_connection

    def connected(address: tuple[str, int], *given: Any, **more: Any) -> socket.socket:
        seen.append(address[0])
        if address[0] == PUBLIC:
            raise ConnectionRefusedError(111, "refused")
        return connect(address, *given, **more)

    monkeypatch.setattr(socket, "create_connection", connected)
    return seen


def test_no_door_takes_an_address_that_leads_inside(house: House, settings: Any, called: list[str]) -> None:
    settings.EMBUDO = replace(settings.EMBUDO, webhook_networks="")
    admin, before = house.browser("admin"), list(Endpoint.objects.values_list("url", flat=True))
    _key, text = ApiKey.make(name="hooks", scopes=["webhooks:manage"], maker=user_of("admin"), expires_at=None)
    told: dict[str, Any] = {"headers": {"Authorization": f"Bearer {text}"}, "content_type": "application/json"}
    pk = house.values["webhook"]
    for url in (*CLOSED, *NO_ADDRESS):
        typed = {"name": "x", "url": url, "kinds": ["stage_changed"]}
        answers = {
            "new": admin.post("/webhooks/new/", typed),
            "settings": admin.post(f"/webhooks/{pk}/settings/", typed),
            "API": admin.post("/api/v1/webhooks", typed, **told),
            "API change": admin.patch(f"/api/v1/webhooks/{pk}", {"url": url}, **told),
        }
        taken = {name: answer.status_code for name, answer in answers.items() if answer.status_code not in (400, 422)}
        assert taken == {}, url
    assert list(Endpoint.objects.values_list("url", flat=True)) == before
    assert called == []


def _opened(url: str) -> Delivery:
    hook = Endpoint.open(name="R", url=url, kinds=["stage_changed"], by=user_of("admin"))
    news = News("stage_changed", key_of("test", 7), 1_772_442_000_000_000, 0, 7, {"to": "lead"})
    delivery_of(news, hook).save()
    return Delivery.objects.get(key=news.key)


@pytest.mark.parametrize(
    "inside", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "100.64.0.1"]
)
def test_a_name_that_was_public_when_it_was_typed_is_looked_at_again_when_it_is_called(
    house: House,
    receiver: Receiver,  # noqa: F811
    called: list[str],
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    inside: str,
) -> None:
    settings.EMBUDO = replace(settings.EMBUDO, webhook_networks="")
    monkeypatch.setattr(socket, "getaddrinfo", Names(PUBLIC, inside))
    url = f"http://rebind.example:{receiver.port}/hook"
    typed = {"name": "Rebinding", "url": url, "kinds": ["stage_changed"]}
    assert house.browser("admin").post("/webhooks/new/", typed).status_code == 302
    Endpoint.objects.filter(name="Rebinding").delete()
    delivery = _opened(url)
    send.send(delivery)
    attempt = Attempt.objects.get(delivery=delivery)
    assert "private or reserved" in attempt.trouble and attempt.status is None
    assert (called, receiver.got) == ([], [])


def test_a_name_that_changes_while_it_is_called_leads_to_what_was_checked(
    house: House,
    receiver: Receiver,  # noqa: F811
    called: list[str],
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.EMBUDO = replace(settings.EMBUDO, webhook_networks="")
    names = Names(PUBLIC, "127.0.0.1")
    monkeypatch.setattr(socket, "getaddrinfo", names)
    send.send(_opened(f"http://rebind.example:{receiver.port}/hook"))
    assert (called, names.asked, receiver.got) == ([PUBLIC], 1, [])


@pytest.mark.parametrize("status", [300, 301, 302, 303, 305, 307, 308])
@pytest.mark.parametrize("header", ["Location", "Refresh", "Content-Location", "Link", "Alt-Svc"])
def test_nothing_that_is_answered_leads_on(
    house: House,
    receiver: Receiver,  # noqa: F811
    called: list[str],
    status: int,
    header: str,
) -> None:
    inside = f"http://127.0.0.1:{receiver.port}/inside"
    receiver.status, receiver.headers = status, {header: {"Refresh": f"0; url={inside}"}.get(header, inside)}
    delivery = _opened(receiver.url)
    send.send(delivery)
    assert len(receiver.got) == len(called) == 1
    assert "redirect" in Attempt.objects.get(delivery=delivery).trouble
    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.WAITING and delivery.next_at > timezone.now()


def test_one_module_alone_calls_addresses_that_people_gave() -> None:
    callers = set()
    for file in FILES:
        nodes = list(ast.walk(ast.parse(file.read_text())))
        imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        imported |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
        named = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        if imported & CALLERS or named & CONNECTING or "socket.socket(" in file.read_text():
            callers.add(str(file.relative_to(PACKAGE)))
    assert callers == OWN
