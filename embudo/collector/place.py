"""Roughly where a visitor is, by a file of the operator's in the MaxMind format; no address is kept."""

import logging
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

import maxminddb

from embudo.collector.field import part

LOOK_EVERY_S = 60.0
NOWHERE: Mapping[str, str] = {}

logger = logging.getLogger(__name__)


class Places:
    """Looks addresses up in a .mmdb file, read again within a minute of a change; without a file nobody has a place."""

    def __init__(self, path: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self._clock = path, clock
        self._reader: maxminddb.Reader | None = None
        self._seen, self._look_at = (0, 0), -LOOK_EVERY_S

    def of(self, address: str) -> Mapping[str, str]:
        """Return {"country": "MX", "region": "Jalisco", "city": "Zapopan"}, as much of it as the file knows."""
        if not self._path:
            return NOWHERE
        if self._clock() >= self._look_at:
            self._look_at = self._clock() + LOOK_EVERY_S
            self._read_when_changed()
        try:
            found = self._reader.get(address) if self._reader else None
        except (ValueError, maxminddb.InvalidDatabaseError):
            return NOWHERE
        return _place(found) if isinstance(found, dict) else NOWHERE

    def _read_when_changed(self) -> None:
        """A file that is missing or damaged leaves what was read before, and is told once."""
        try:
            stat = os.stat(self._path)
            seen = (stat.st_mtime_ns, stat.st_ino)
            if seen == self._seen:
                return
            self._seen = seen
            self._reader = maxminddb.open_database(self._path)
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            logger.warning("places are not known: EMBUDO_PLACES=%s: %s", self._path, error)


def _place(found: Mapping[str, Any]) -> Mapping[str, str]:
    """What MaxMind's and DB-IP's files say of a network, in the names of attributes."""
    regions = found.get("subdivisions")
    region = regions[0] if isinstance(regions, list) and regions else NOWHERE
    stated = {
        "country": part(found, "country").get("iso_code"),
        "region": _name(region),
        "city": _name(found.get("city")),
    }
    return {name: value for name, value in stated.items() if isinstance(value, str) and value}


def _name(of: Any) -> Any:
    return part(of, "names").get("en") if isinstance(of, dict) else None
