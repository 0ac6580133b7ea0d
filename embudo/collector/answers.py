"""What the door answers: each answer once, ready to send."""

from typing import Any, NamedTuple

import msgspec

from embudo.collector.reasons import sentences_of
from embudo.core.intake import Reason

Headers = list[tuple[str, str]]

_OPEN = [("access-control-allow-origin", "*")]  # no cookie ever comes or goes, so any page may ask
_JSON: Headers = [("content-type", "application/json"), *_OPEN]
_TEXT: Headers = [("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-store")]
_LATER: Headers = [*_JSON, ("retry-after", "1")]
_PREFLIGHT: Headers = [
    *_OPEN,
    ("access-control-allow-methods", "GET, POST, OPTIONS"),
    ("access-control-allow-headers", "authorization, content-type, content-encoding, anonymousid, x-retry-count"),
    ("access-control-max-age", "86400"),
]


class Answer(NamedTuple):
    """A status, headers and a body."""

    status: int
    headers: Headers
    body: bytes


STATUS = {
    Reason.UNKNOWN_KEY: 401,
    Reason.WRONG_DOMAIN: 403,
    Reason.TOO_LARGE: 413,
    Reason.TOO_SLOW: 408,
    Reason.RATE_LIMITED: 429,
    Reason.CONSENT_MISSING: 200,  # the sender did nothing wrong, and need not know
    Reason.CONSENT_REFUSED: 200,
    Reason.ERASED: 200,
}
SUCCESS = Answer(200, _JSON, b'{"success":true}')
PREFLIGHT = Answer(204, _PREFLIGHT, b"")
NOT_FOUND = Answer(404, _JSON, b'{"success":false,"code":"not_found","message":"There is nothing at this address."}')
NOT_ALLOWED = Answer(
    405, [*_JSON, ("allow", "POST, OPTIONS")], b'{"success":false,"code":"method_not_allowed","message":"Use POST."}'
)
UNAVAILABLE = Answer(
    503, _LATER, b'{"success":false,"code":"unavailable","message":"Nothing was kept. Send it again in a moment."}'
)


def because(reason: Reason, detail: str = "") -> Answer:
    """Return the answer to a request that failed or was refused as a whole, in words."""
    status = STATUS.get(reason, 400)
    if status == 200:
        return SUCCESS
    said = {"success": False, "code": reason.value, "message": sentences_of(reason)}
    body = msgspec.json.encode({**said, "detail": detail} if detail else said)
    return Answer(status, _LATER if reason is Reason.RATE_LIMITED else _JSON, body)


def partly(failed: list[tuple[int, Reason]]) -> Answer:
    """Return the answer to a batch of which these messages, by index, failed; the rest is kept."""
    listed = [{"index": index, "code": reason.value} for index, reason in failed]
    words = {reason.value: sentences_of(reason) for _, reason in failed}
    return json({"success": True, "failed": listed, "reasons": words})


def json(value: Any) -> Answer:
    """Return something as JSON."""
    return Answer(200, _JSON, msgspec.json.encode(value))


def text(status: int, words: str) -> Answer:
    """Return a page of plain text that nobody may keep."""
    return Answer(status, _TEXT, words.encode())
