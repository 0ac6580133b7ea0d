"""The tracker as a page loads it: the small build, with the settings of the key's site in front, cacheable."""

import gzip
import json
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from embudo.collector.answers import Answer
from embudo.collector.sites import Key

_HERE = Path(__file__).parent
_CACHE = "public, max-age=300"
_HEADERS = [
    ("content-type", "text/javascript; charset=utf-8"),
    ("access-control-allow-origin", "*"),
    ("cross-origin-resource-policy", "cross-origin"),
    ("x-content-type-options", "nosniff"),
    ("vary", "accept-encoding"),
]
UNKNOWN = Answer(404, [*_HEADERS, ("cache-control", "no-store")], b"/* Embudo: this key belongs to no site. */")


def script_of(key: Key | None, *, accepts_gzip: bool, known_etag: str) -> Answer:
    """Return the script for the site of a key, 304 when the browser has it already."""
    if key is None:
        return UNKNOWN
    plain, packed, etag = _built(key.text, key.site.mode.value)
    headers = [*_HEADERS, ("cache-control", _CACHE), ("etag", etag)]
    if known_etag == etag:
        return Answer(304, headers, b"")
    if accepts_gzip:
        return Answer(200, [*headers, ("content-encoding", "gzip")], packed)
    return Answer(200, headers, plain)


def source() -> bytes:
    """Return the tracker's text: the small build that set-up makes, else (none, or an old one) the readable source."""
    readable, built = _HERE / "tracker.js", _HERE / "build" / "tracker.min.js"
    fresh = built.exists() and built.stat().st_mtime >= readable.stat().st_mtime
    return (built if fresh else readable).read_bytes()


@lru_cache(maxsize=256)
def _built(key: str, mode: str) -> tuple[bytes, bytes, str]:
    settings = json.dumps({"key": key, "mode": mode}, separators=(",", ":"))
    plain = f"window.embudoSite={settings};".encode() + source()
    return plain, gzip.compress(plain, 9, mtime=0), f'"{blake2b(plain, digest_size=12).hexdigest()}"'
