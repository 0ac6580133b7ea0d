"""What stands on the wire: bodies, compression, keys and messages, read within limits."""

import re
import zlib
from base64 import b64decode
from functools import lru_cache
from typing import Annotated, Any, NamedTuple

import msgspec

from embudo.core.intake import Reason

MAX_BATCH_BYTES = 500 * 1024
MAX_BATCH_MESSAGES = 2_500
MAX_SHARED_BYTES = 8 * MAX_BATCH_BYTES  # of a batch, when what it says once is counted with every message

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError)
# in JSON, in JSON inside a text, in a form; what is left is as good JSON as before
_KEY_SAID = re.compile(rb"""(?i)(write_?key(?:\\*["']?\s*:\s*\\*["']|=))(?:\\?[^\\"'&])*""")
SAID_ONCE = ("anonymousId", "userId", "context")  # a batch may say them once for all its messages


class Unreadable(Exception):
    """A body is no request; `reason` says why."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


class Piece(NamedTuple):
    """One message and the text it came as; size and nesting (an upper bound) count what its batch says for all, too."""

    message: Any
    raw: bytes
    size_bytes: int
    nesting: int


class Parcel(NamedTuple):
    """A request's body, read: its messages, and what it says once for all of them."""

    pieces: list[Piece]
    key: str
    sent_at: Any

    @property
    def size_bytes(self) -> int:
        """The size of all its messages."""
        return sum(piece.size_bytes for piece in self.pieces)


_NOTHING = msgspec.Raw(b"null")


class _Batch(msgspec.Struct):
    batch: Annotated[list[msgspec.Raw], msgspec.Meta(max_length=MAX_BATCH_MESSAGES)]
    writeKey: str = ""
    sentAt: Any = None
    anonymousId: msgspec.Raw = _NOTHING
    userId: msgspec.Raw = _NOTHING
    context: msgspec.Raw = _NOTHING


_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")  # behind an odd number of backslashes it is text
_message = msgspec.json.Decoder().decode
_batch = msgspec.json.Decoder(_Batch).decode


def decompress(body: bytes, encoding: str) -> bytes:
    """Return the body without its compression, at most MAX_BATCH_BYTES of it; raises Unreadable."""
    if encoding not in ("gzip", "deflate", "x-gzip"):
        raise Unreadable(Reason.BAD_COMPRESSION, f"content-encoding {encoding[:40]!r} is not gzip")
    try:
        stream = zlib.decompressobj(wbits=47)  # gzip or zlib, as the bytes themselves say
        plain = stream.decompress(body, MAX_BATCH_BYTES + 1)
    except zlib.error as error:
        raise Unreadable(Reason.BAD_COMPRESSION, str(error)) from error
    if len(plain) > MAX_BATCH_BYTES:
        raise Unreadable(Reason.TOO_LARGE)
    if not stream.eof:
        raise Unreadable(Reason.BAD_COMPRESSION, "the compressed body ends too early")
    return plain


def read_one(body: bytes, kind: str) -> Parcel:
    """Return the parcel of a body that is one message of this type; raises Unreadable."""
    body = _storable(body)
    try:
        message = _message(body)
    except UNREADABLE as error:
        raise Unreadable(Reason.NOT_JSON, _words(error)) from error
    if not isinstance(message, dict):
        raise Unreadable(Reason.NOT_AN_OBJECT)
    message["type"] = kind
    key = message.pop("writeKey", "")
    piece = Piece(message, body, len(body), nesting_of(body))
    return Parcel([piece], key if isinstance(key, str) else "", message.get("sentAt"))


def read_batch(body: bytes) -> Parcel:
    """Return the parcel of a body that is a batch; raises Unreadable."""
    body = _storable(body)
    try:
        batch = _batch(body)
        said = {name: raw for name in SAID_ONCE if (raw := bytes(getattr(batch, name))) != b"null"}
        shared = {name: _message(raw) for name, raw in said.items()}
    except msgspec.ValidationError as error:
        raise Unreadable(Reason.NOT_A_BATCH, _words(error)) from error
    except UNREADABLE as error:
        raise Unreadable(Reason.NOT_JSON, _words(error)) from error
    size_bytes, nesting = sum(map(len, said.values())), sum(map(nesting_of, said.values()))
    if size_bytes * len(batch.batch) > MAX_SHARED_BYTES:
        raise Unreadable(Reason.TOO_LARGE)
    pieces = []
    for each in batch.batch:
        raw = bytes(each)
        message = _read(raw)
        for name, value in shared.items() if isinstance(message, dict) else ():
            _share(message, name, value)
        pieces.append(Piece(message, raw, len(raw) + size_bytes, nesting_of(raw) + nesting))
    return Parcel(pieces, batch.writeKey, batch.sentAt)


@lru_cache(maxsize=1024)
def key_of(authorization: str) -> str:
    """Return the write key of an Authorization header (Basic with the key as name, or Bearer), else ""."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return b64decode(value.strip(), validate=True).decode().partition(":")[0]
    except ValueError:
        return ""


def without_key(body: bytes) -> bytes:
    """Return a body, readable or not, without the write key it may say: it may be a secret one."""
    return _KEY_SAID.sub(rb"\1", body) if b"write" in body.lower() else body


def nesting_of(raw: bytes) -> int:
    """Return an upper bound of how deep a JSON text nests."""
    return raw.count(b"{") + raw.count(b"[")


def deeper_than(value: object, levels: int) -> bool:
    """Return whether lists and objects nest more than `levels` deep."""
    held = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if held is None:
        return False
    return levels == 0 or any(deeper_than(each, levels - 1) for each in held)


def _read(raw: bytes) -> Any:
    try:
        return _message(raw)
    except UNREADABLE:
        return None


def _share(message: dict[str, Any], name: str, shared: Any) -> None:
    own = message.get(name)
    if own is None:
        message[name] = shared
    elif isinstance(own, dict) and isinstance(shared, dict):
        message[name] = shared | own


def _storable(body: bytes) -> bytes:
    """No storage of text holds NUL; what stands for it (U+FFFD) does."""
    return _NUL.sub(rb"\1\\ufffd", body) if b"\\u0000" in body else body


def _words(error: BaseException) -> str:
    return str(error)[:200]
