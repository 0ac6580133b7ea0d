"""The snapshot of sites and keys: what it says, when it is read, what a damaged one does."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from embudo.collector.sites import Site, Sites, keys_of, may_ask
from embudo.core.consent import ConsentMode
from embudo.core.event import Door


def snapshot(*keys: dict[str, str], **site: object) -> bytes:
    """A snapshot of one site."""
    return json.dumps({"sites": [{"id": "norte", "keys": list(keys), **site}]}).encode()


def test_a_key_opens_its_door_of_its_site() -> None:
    hashed = sha256(b"sec").hexdigest()
    keys = keys_of(
        snapshot({"key": "pub", "door": "public"}, {"key_sha256": hashed, "door": "secret"}, mode="cookieless")
    )
    assert {key.door for key in keys.values()} == {Door.PUBLIC, Door.SECRET}
    assert keys["pub"].site == Site("norte", "", ConsentMode.COOKIELESS, ())


def test_a_site_that_does_not_say_its_mode_requires_consent() -> None:
    assert keys_of(snapshot({"key": "pub", "door": "public"}))["pub"].site.mode is ConsentMode.REQUIRED


@pytest.mark.parametrize(
    "text",
    [
        b"", b"[]", b"{}", b'{"sites": 7}', snapshot({"key": "a", "door": "app"}), snapshot({"key": "a", "door": "x"}),
        snapshot({"key": "a"}), snapshot({"door": "public"}), snapshot(mode="sometimes"), snapshot(domains="norte.mx"),
    ],
)  # fmt: skip
def test_a_snapshot_that_says_something_else_is_none(text: bytes) -> None:
    with pytest.raises(ValueError):
        keys_of(text)


def test_the_file_is_read_again_when_it_changes_and_only_then(tmp_path: Path) -> None:
    at = [0.0]
    sites = Sites(tmp_path / "sites.json", clock=lambda: at[0])
    assert sites.find("pub") is None and sites.problem == "no sites are published yet"
    assert not sites.published
    sites.path.write_bytes(snapshot({"key": "pub", "door": "public"}))
    assert sites.find("pub") is None  # looked a moment ago
    at[0] = 1.0
    assert sites.find("pub") is not None and sites.problem == "" and sites.published
    sites.path.write_bytes(b"{")
    at[0] = 2.0
    assert sites.find("pub") is not None and "sites.json" in sites.problem and sites.published
    sites.path.unlink()
    at[0] = 3.0
    assert sites.find("pub") is None and not sites.published


def test_a_secret_key_is_known_by_its_hash_and_the_hash_is_no_key(tmp_path: Path) -> None:
    sites = Sites(tmp_path / "sites.json")
    hashed = sha256(b"sec").hexdigest()
    sites.path.write_bytes(snapshot({"key_sha256": hashed, "door": "secret"}))
    found = sites.find("sec")
    assert found is not None and found.door is Door.SECRET and sites.find("sec") == found
    assert sites.find(hashed) is None and sites.find(f"sha256:{hashed}") is None


@pytest.mark.parametrize(
    ("origin", "may"),
    [
        ("", True), ("null", True), ("https://norte.mx", True), ("https://www.NORTE.mx:444", True),
        ("http://localhost:3000", True), ("http://127.0.0.1", True), ("http://[::1]:80", True),
        ("https://norte.mx.evil.test", False), ("https://evilnorte.mx", False), ("http://[", False), ("x", False),
    ],
)  # fmt: skip
def test_a_public_key_is_for_its_sites_domains(origin: str, may: bool) -> None:
    assert may_ask(Site("norte", "", ConsentMode.IMPLIED, ("norte.mx",)), origin) is may
    assert may_ask(Site("norte", "", ConsentMode.IMPLIED, ()), origin)
