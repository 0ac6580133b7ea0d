"""What an event is: one fact, the identifier it came by, and when it was true, received and known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b
from typing import Any

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Verdict(StrEnum):
    """Who is behind an event; only HUMAN counts in a score (DESIGN 4.2)."""

    HUMAN = "human"
    MACHINE = "machine"
    UNVERIFIED = "unverified"


class Door(StrEnum):
    """By which door an event came in; it decides what the event may say (DESIGN 9.5)."""

    PUBLIC = "public"  # a key that stands in a web page: anybody can use it
    SECRET = "secret"  # server to server
    APP = "app"  # a person signed in to Embudo
    IMPORT = "import"
    SYSTEM = "system"  # decisions Embudo itself records


@dataclass(frozen=True, slots=True)
class Event:
    """One fact of the log. Instants are microseconds since 1970 in UTC.

    The key of exactly-once is `(source, id)`. `identifier` is the strongest one the event itself
    carries ("mail:ana@norte.mx", "user:42", "anon:<uuid>", "person:<id>"); `subject` is its hash and
    the column by which the fact finds its person.
    """

    source: str
    id: str
    kind: str
    at: int
    received_at: int
    known_at: int
    identifier: str
    subject: int
    door: Door = Door.SECRET
    verdict: Verdict = Verdict.HUMAN
    reasons: tuple[str, ...] = ()  # why this verdict, e.g. ("user_agent:bot",)
    anonymous_id: str | None = None
    user_id: str | None = None
    site: str = ""
    props: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    consent: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        """The key of exactly-once."""
        return (self.source, self.id)

    @property
    def order(self) -> tuple[int, str, str]:
        """The order of facts in every rule: by event time, then id (then source, to be total)."""
        return (self.at, self.id, self.source)


@lru_cache(maxsize=8192)
def subject_of(identifier: str) -> int:
    """Return the 63-bit subject of an identifier; "person:<n>" is its own subject n."""
    if identifier.startswith("person:"):
        return int(identifier[7:])
    digest = blake2b(identifier.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def is_anonymous(identifier: str) -> bool:
    """Return whether an identifier names only a browser (or one day of it), not somebody."""
    return identifier.startswith(("anon:", "daily:"))
