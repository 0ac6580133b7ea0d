"""What the collector is told: the sites and their keys in force, as one file that is replaced whole.

`<data>/sites.json`: {"sites": [{"id", "name", "mode", "domains", "keys": [KEY, ...]}, ...]}, where KEY is
{"key", "door": "public"} or {"key_sha256", "door": "secret"}.
Of a secret key the file holds the SHA-256 in hexadecimal; the collector hashes what it is given and compares.
"""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db.models import Prefetch

from embudo.capture.models import Site, WriteKey
from embudo.config import Config
from embudo.whole_file import replaced

FILE = "sites.json"


def publish(config: Config) -> bool:
    """Write the snapshot when it says something new, and return whether it did.

    Called on each change and at start-up. The tables are read under a lock of the file, so that the last to write has
    seen the latest change. Raises OSError when the disk refuses.
    """
    config.data.mkdir(parents=True, exist_ok=True)
    with _locked(config.data / f"{FILE}.lock"):
        text = json.dumps({"sites": sites()}, ensure_ascii=False, indent=1).encode()
        file = config.data / FILE
        if file.exists() and file.read_bytes() == text:
            return False
        with replaced(file) as out:
            out.write(text)
    return True


def sites() -> list[dict[str, Any]]:
    """Return the sites in use with their keys in force, as the snapshot holds them; two queries."""
    in_force = WriteKey.objects.filter(revoked_at=None).order_by("pk")
    return [
        {
            "id": site.public_id,
            "name": site.name,
            "mode": site.mode,
            "domains": site.domains,
            "keys": [_key(key) for key in site.keys.all()],
        }
        for site in Site.objects.filter(archived_at=None)
        .order_by("pk")
        .prefetch_related(Prefetch("keys", queryset=in_force))
    ]


def _key(key: WriteKey) -> dict[str, str]:
    if key.kind == WriteKey.Kind.PUBLIC:
        return {"key": key.text, "door": "public"}
    return {"key_sha256": key.sha256, "door": "secret"}


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
