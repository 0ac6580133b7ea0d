"""Whose key is it: the sites and keys as `capture` last published them."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from embudo.core.consent import ConsentMode
from embudo.core.event import Door

LOOK_EVERY_S = 0.5
_HOME = ("localhost", "127.0.0.1", "::1")  # pages in the making, on somebody's own machine


class Site(NamedTuple):
    """A site: its public id, what it asks of visitors, and where its pages are."""

    id: str
    name: str
    mode: ConsentMode
    domains: tuple[str, ...]


class Key(NamedTuple):
    """A write key: its site and the door it opens."""

    text: str
    site: Site
    door: Door


class _KeyText(msgspec.Struct):
    door: str
    key: str = ""
    key_sha256: str = ""  # of a secret key, in hexadecimal: the snapshot does not hold its text

    @property
    def text(self) -> str:
        if not (self.key or self.key_sha256):
            raise ValueError("a key has neither its text nor its hash")
        return self.key or _HASHED + self.key_sha256


class _SiteText(msgspec.Struct):
    id: str
    name: str = ""
    mode: ConsentMode = ConsentMode.REQUIRED
    domains: list[str] = []
    keys: list[_KeyText] = []


class _Snapshot(msgspec.Struct):
    sites: list[_SiteText]


_HASHED = "sha256:"
_decode = msgspec.json.Decoder(_Snapshot).decode


@dataclass(slots=True)
class Sites:
    """The keys of the snapshot file, read again within a second of a change; a damaged one changes nothing."""

    path: Path
    clock: Callable[[], float] = time.monotonic
    keys: Mapping[str, Key] = field(default_factory=dict)
    problem: str = "not read yet"
    _found: dict[str, Key] = field(default_factory=dict)  # keys in use, by their text
    _seen: tuple[int, int, int] = (0, 0, 0)
    _look_at: float = -1.0

    def find(self, key: str) -> Key | None:
        """Return the key of this text, or None."""
        now = self.clock()
        if now >= self._look_at:
            self._look_at = now + LOOK_EVERY_S
            self._read_when_changed()
        return self._found.get(key) or self._search(key)

    @property
    def published(self) -> bool:
        """Whether a snapshot has been read and is still there; before that nobody can say that a key is unknown."""
        return self._seen != (0, 0, 0)

    def _search(self, key: str) -> Key | None:
        if key.startswith(_HASHED):  # a hash is no key: whoever read the snapshot cannot write by it
            return None
        found = self.keys.get(key) or self.keys.get(_HASHED + sha256(key.encode(errors="replace")).hexdigest())
        if found is not None:
            self._found[key] = found
        return found

    def _read_when_changed(self) -> None:
        try:
            stat = self.path.stat()
            seen = (stat.st_mtime_ns, stat.st_ino, stat.st_size)
            if seen != self._seen:
                self.keys = keys_of(self.path.read_bytes())
                self._seen, self.problem, self._found = seen, "", {}
        except FileNotFoundError:
            self.keys, self._found, self._seen = {}, {}, (0, 0, 0)
            self.problem = "no sites are published yet"
        except (OSError, msgspec.DecodeError, ValueError) as error:
            self.problem = f"{self.path.name}: {error}"


def keys_of(text: bytes) -> dict[str, Key]:
    """Return the keys of a snapshot by their text or "sha256:<its hash>"; raises msgspec.DecodeError or ValueError."""
    keys = {}
    for each in _decode(text).sites:
        site = Site(each.id, each.name, each.mode, tuple(domain.lower().lstrip(".") for domain in each.domains))
        for key in each.keys:
            door = Door(key.door)
            if door not in (Door.PUBLIC, Door.SECRET):
                raise ValueError(f"a key's door is {key.door!r}; public or secret is expected")
            keys[key.text] = Key(key.text, site, door)
    return keys


def may_ask(site: Site, origin: str) -> bool:
    """Return whether a page of this origin may use the site's public key; one's own machine always may."""
    if not site.domains or not origin or origin == "null":
        return True
    try:
        host = (urlsplit(origin).hostname or "").lower()
    except ValueError:
        return False
    return host in _HOME or any(host == each or host.endswith(f".{each}") for each in site.domains)
