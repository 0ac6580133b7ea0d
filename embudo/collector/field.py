"""One field of a message: an object inside it, an id, an instant, and None where it is no such thing."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

MAX_ID = 256  # characters in an event id, an anonymous id or a user id

Message = Mapping[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOTHING: Message = {}


def part(of: Message, name: str) -> Message:
    """Return an object inside an object, empty where there is none."""
    value = of.get(name)
    return value if isinstance(value, dict) else _NOTHING


def id_of(given: object) -> str | None:
    """Return an id as text of 1 to MAX_ID characters (numbers are ids, too), else None."""
    if isinstance(given, str):
        text = given.strip()
        return text if 0 < len(text) <= MAX_ID else None
    whole = isinstance(given, int) and not isinstance(given, bool) and abs(given) < 1 << 63
    return str(given) if whole else None


def instant_of(given: object) -> int | None:
    """Return a client's timestamp (ISO 8601 text, or seconds or milliseconds since 1970) in microseconds, else None."""
    if isinstance(given, str):
        try:
            moment = datetime.fromisoformat(given)
        except ValueError:
            return None
        gone = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
        return (gone.days * 86_400 + gone.seconds) * 1_000_000 + gone.microseconds
    if isinstance(given, int | float) and not isinstance(given, bool) and 0 <= given < 1e14:
        return int(given * (1_000 if given >= 1e11 else 1_000_000))
    return None
