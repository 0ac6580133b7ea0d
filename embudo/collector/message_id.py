"""The id of a message whose sender gives it none."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any
from uuid import uuid4

import msgspec

_NOT_CONTENT = frozenset({"messageId", "sentAt", "writeKey"})  # a retry says these anew


def states_time(message: Mapping[str, Any]) -> bool:
    """Return whether a message says when it happened."""
    return bool(message.get("timestamp") or message.get("originalTimestamp"))


def id_without_one(message: Mapping[str, Any]) -> str:
    """Return the id of a message that carries none.

    One that states its time gets the hash of all it says, so that sending it again counts once. One that does not is
    like any other of its kind: a second demo request next month is no retry, hence it gets an id of its own.
    """
    if not states_time(message):
        return uuid4().hex
    said = {name: value for name, value in message.items() if name not in _NOT_CONTENT}
    try:
        content = msgspec.json.encode(said, order="sorted")
    except (ValueError, OverflowError, RecursionError):
        return uuid4().hex  # an event that fails for its depth or its numbers anyway
    return f"of-{blake2b(content, digest_size=16).hexdigest()}"
