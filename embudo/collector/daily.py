"""Who came today, without knowing who: a hash of address and browser with a salt that dies after 48 h (DESIGN 9.15)."""

import fcntl
import json
import os
import secrets
from hashlib import blake2b
from pathlib import Path

from embudo.core.event import DAY

KEPT_DAYS = 2


def visitor_of(salt: bytes, site: str, address: str, user_agent: str) -> str:
    """Return the hash of a visitor of a site under a salt; the address is not kept anywhere."""
    words = f"{site}\0{address}\0{user_agent}".encode(errors="replace")
    return blake2b(words, key=salt, digest_size=16).hexdigest()


class Salts:
    """The salts of today and yesterday, in a file that all collectors of a host share."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._day = -1
        self._salt = b""

    def visitor(self, site: str, address: str, user_agent: str, *, at: int) -> str:
        """Return the hash of a visitor of a site for the day of `at`; the address is not kept anywhere."""
        if at // DAY != self._day:
            self._day, self._salt = at // DAY, self._salt_of(at // DAY)
        return visitor_of(self._salt, site, address, user_agent)

    def sweep(self, *, at: int) -> None:
        """Erase what is older than 48 hours, also where nobody came since."""
        try:
            if any(int(day) <= at // DAY - KEPT_DAYS for day in self._read()):
                self._salt_of(at // DAY)
        except OSError:
            return

    def _salt_of(self, day: int) -> bytes:
        """Return the salt of a day, made when it is missing; without a disk it lives in memory only."""
        try:
            with open(self._path.with_suffix(".lock"), "a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                kept = {each: salt for each, salt in self._read().items() if day - KEPT_DAYS < int(each) <= day}
                kept.setdefault(str(day), secrets.token_hex(32))
                self._write(kept)
                return bytes.fromhex(kept[str(day)])
        except OSError:
            return secrets.token_bytes(32)

    def _read(self) -> dict[str, str]:
        try:
            kept = json.loads(self._path.read_text())
            return {day: salt for day, salt in kept.items() if int(day) >= 0 and len(bytes.fromhex(salt)) == 32}
        except (FileNotFoundError, ValueError, AttributeError, TypeError):
            return {}

    def _write(self, kept: dict[str, str]) -> None:
        new = self._path.with_suffix(".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(kept, file)
        os.replace(new, self._path)
