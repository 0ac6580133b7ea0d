"""Roughly where a visitor is, by a small file in the real format."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from embudo.collector.place import Places
from embudo.config import Config
from tests.collector.conftest import PUBLIC, SECRET, door_of

ZAPOPAN = {
    "country": {"iso_code": "MX", "names": {"en": "Mexico", "es": "México"}},
    "subdivisions": [{"iso_code": "JAL", "names": {"en": "Jalisco"}}],
    "city": {"names": {"en": "Zapopan"}},
    "location": {"latitude": 20.7, "longitude": -103.4},
    "postal": {"code": "45000"},
}


def written(path: Path, *networks: tuple[str, dict[str, Any]]) -> Path:
    """Write a file of places."""
    writer = MMDBWriter(6, "Test-City", ipv4_compatible=True)
    for network, said in networks:
        writer.insert_network(IPSet([network]), said)
    writer.to_db_file(str(path))
    return path


def test_a_place_is_country_region_and_city_and_no_more(tmp_path: Path) -> None:
    file = written(
        tmp_path / "places.mmdb",
        ("203.0.113.0/24", ZAPOPAN),
        ("2001:db8::/32", {"country": {"iso_code": "BR"}, "city": "odd", "subdivisions": []}),
        ("198.51.100.0/24", {"autonomous_system_number": 7}),
    )
    of = Places(str(file)).of
    assert of("203.0.113.7") == {"country": "MX", "region": "Jalisco", "city": "Zapopan"}
    assert of("2001:db8::7") == {"country": "BR"}
    assert of("198.51.100.7") == of("10.0.0.1") == of("not an address") == {}


@pytest.mark.parametrize("content", [None, b"", b"no such format"])
def test_without_a_readable_file_nobody_has_a_place(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "places.mmdb"
    if content is not None:
        file.write_bytes(content)
    assert Places(str(file)).of("203.0.113.7") == Places("").of("203.0.113.7") == {}


def test_a_newer_file_is_read_and_a_damaged_one_changes_nothing(tmp_path: Path) -> None:
    at = [0.0]
    file = written(tmp_path / "places.mmdb", ("203.0.113.0/24", ZAPOPAN))
    places = Places(str(file), clock=lambda: at[0])
    assert places.of("203.0.113.7")["country"] == "MX"
    for content, country in ((written(tmp_path / "new", ("203.0.113.0/24", {"country": {"iso_code": "ES"}})), "ES"),
                             (None, "ES")):  # fmt: skip
        if content is None:
            (tmp_path / "bad").write_bytes(b"damaged")
        os.replace(content or tmp_path / "bad", file)
        at[0] += 61
        assert places.of("203.0.113.7")["country"] == country


def test_a_browsers_event_says_its_place_and_never_its_address(
    config: Config, tmp_path: Path, track: Callable[..., dict[str, Any]]
) -> None:
    file = written(tmp_path / "places.mmdb", ("203.0.113.0/24", ZAPOPAN))
    with door_of(config, tmp_path, places=str(file), trusted_proxies="127.0.0.1") as door:
        for key in (PUBLIC, SECRET):
            assert door.post("/v1/track", track(), key=key, headers={"X-Forwarded-For": "203.0.113.7"}).status == 200
        by_browser, by_server = door.events()
        assert by_browser.context["place"] == {"country": "MX", "region": "Jalisco", "city": "Zapopan"}
        assert "place" not in by_server.context and "203.0.113" not in repr(door.events())
