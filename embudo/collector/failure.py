"""What is kept of a message that failed: its body as it came and the way it came, which a replay goes again."""

import re
from typing import Any, NamedTuple

import msgspec

from embudo.collector.sites import Key
from embudo.collector.wire import SAID_ONCE, UNREADABLE, Parcel, Piece, without_key
from embudo.core.event import Door
from embudo.core.intake import Drop
from embudo.eventlog import Failure

_ORIGIN = re.compile(r"(public|secret) key(?:, (/\S*))?: (.*)", re.DOTALL)


class Origin(NamedTuple):
    """By which key and address a failed body came, and what else was said of it."""

    door: Door
    path: str
    detail: str


def failure_of(key: Key, path: str, drop: Drop, body: bytes, received_at: int) -> Failure:
    """Return the failed event of a body; its detail begins with the key's kind and the address."""
    detail = f"{key.door.value} key, {path}: {drop.detail}"
    return Failure(key.site.id, drop.reason.value, without_key(body), received_at, detail)


def origin_of(detail: str) -> Origin:
    """Return what the detail of a failed event says of its way; any doubt means a public key."""
    found = _ORIGIN.fullmatch(detail)
    return Origin(Door(found[1]), found[2] or "", found[3]) if found else Origin(Door.PUBLIC, "", detail)


def body_of(piece: Piece, parcel: Parcel) -> bytes:
    """Return a message of a batch as it came, with what the batch says for all of them, so that a replay is alike."""
    try:
        own = msgspec.json.decode(piece.raw)
    except UNREADABLE:
        return piece.raw
    if not isinstance(own, dict):
        return piece.raw
    said = {**piece.message, "sentAt": parcel.sent_at}
    missing: dict[str, Any] = {name: said[name] for name in SAID_ONCE if said.get(name) != own.get(name)}
    if "sentAt" not in own and parcel.sent_at is not None:
        missing["sentAt"] = parcel.sent_at
    return msgspec.json.encode(own | missing) if missing else piece.raw
