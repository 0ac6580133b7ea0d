"""Whose address counts, behind proxies that are trusted and proxies that are not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from embudo.collector.address import Addresses
from embudo.config import Config
from tests.collector.conftest import SECRET, door_of

Make = Callable[..., dict[str, Any]]


class Lines:
    """The headers of a request that may say one name twice."""

    def __init__(self, *lines: tuple[str, str]) -> None:
        self._lines = lines

    def get(self, key: str, default: Any = None) -> Any:
        """Return the first line of a name."""
        return next((value for name, value in self._lines if name == key), default)

    def items(self) -> tuple[tuple[str, str], ...]:
        """Return all lines."""
        return self._lines


@pytest.mark.parametrize(
    ("trusted", "client", "forwarded", "address"),
    [
        ("", "203.0.113.7:555", "1.2.3.4", "203.0.113.7"),
        ("10.0.0.0/8", "203.0.113.7:555", "1.2.3.4", "203.0.113.7"),
        ("10.0.0.0/8", "10.0.0.2:555", "1.2.3.4, 10.1.1.1", "1.2.3.4"),
        ("10.0.0.0/8", "10.0.0.2:555", "9.9.9.9, 1.2.3.4", "1.2.3.4"),
        ("10.0.0.2", "10.0.0.2:555", "", "10.0.0.2"),
        ("10.0.0.2,::1", "[::1]:555", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.2", "10.0.0.2:555", "not an address", "10.0.0.2"),
        ("10.0.0.2", "10.0.0.2:555", "1.2.3.4, unknown", "10.0.0.2"),
        ("10.0.0.2", "10.0.0.2:555", "1.2.3.4:8080", "1.2.3.4"),
        ("10.0.0.2", "10.0.0.2:555", "[2001:DB8::7]:8080", "2001:db8::7"),
        ("10.0.0.0/8", "[::ffff:10.0.0.2]:555", "::ffff:1.2.3.4", "1.2.3.4"),
        ("10.0.0.0/8", "10.0.0.2:555", "10.0.0.3, 10.0.0.4", "10.0.0.3"),
    ],
)
def test_a_forwarded_address_is_believed_from_trusted_proxies_only(
    trusted: str, client: str, forwarded: str, address: str
) -> None:
    assert Addresses(trusted).of(client, {"x-forwarded-for": forwarded}) == address


def test_what_a_visitor_wrote_in_a_line_of_its_own_is_not_believed() -> None:
    name = "x-forwarded-for"
    addresses = Addresses("10.0.0.0/8")
    assert addresses.of("10.0.0.2:5", Lines((name, "6.6.6.6"), (name, "1.2.3.4"))) == "1.2.3.4"
    assert addresses.of("10.0.0.2:5", Lines((name, "6.6.6.6"), (name, "1.2.3.4, 10.0.0.9"))) == "1.2.3.4"
    assert addresses.of("10.0.0.2:5", Lines((name, "1.2.3.4"), ("x", "y"), (name, "10.0.0.9"))) == "1.2.3.4"


def test_the_limit_and_the_days_hash_go_by_the_address_that_the_proxy_heard(
    config: Config, tmp_path: Path, track: Make
) -> None:
    with door_of(config, tmp_path, trusted_proxies="127.0.0.1", rate_per_address=3) as door:

        def send(*hops: str, key: str = SECRET) -> int:
            lines = [("X-Forwarded-For", hop) for hop in hops]
            return door.with_lines("/v1/track", track(), lines, key=key).status

        assert [send(f"6.6.6.{n}", "203.0.113.7") for n in range(5)].count(429) >= 1
        assert send("203.0.113.7", "198.51.100.1") == 200
        for first in ("6.6.6.1", "6.6.6.2"):
            assert send(first, "198.51.100.2", key="pub-light") == 200
        assert send("6.6.6.1", "198.51.100.3", key="pub-light") == 200
        *_, one, two, other = [event.identifier for event in door.events()]
        assert one == two != other
