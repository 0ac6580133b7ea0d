"""Errors as RFC 9457 has them: what happened, why, and what to do; each has a name that stays."""

import json
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse

MEDIA = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of error: its status, what it is, and what to do about it."""

    code: str
    status: int
    title: str
    mend: str


KINDS = {
    kind.code: kind
    for kind in (
        Kind(
            "not_json", 400, "The request cannot be read", "Send one JSON object in UTF-8, as the reference shows it."
        ),
        Kind("bad_cursor", 400, "The cursor cannot be read", "Leave it out and begin anew; use next_cursor as given."),
        Kind("bad_idempotency_key", 400, "The Idempotency-Key cannot be used", "Send 1 to 255 visible ASCII signs."),
        Kind("no_key", 401, "No API key opens this", "Send Authorization: Bearer ek_… of a key that is in force."),
        Kind("not_allowed", 403, "The key may not do this", "Give the key the scope, or its maker another role."),
        Kind("not_found", 404, "There is nothing here", "Check the address and the id in it."),
        Kind("no_such_method", 405, "This method is not offered here", "Use one of those in the Allow header."),
        Kind("in_progress", 409, "The same request is being done", "Try again after Retry-After; it is done once."),
        Kind("conflict", 409, "It contradicts what is there", "Read it again, decide, and send the request anew."),
        Kind("changed", 412, "It was changed meanwhile", "Read it again and send the change with its new ETag."),
        Kind("too_large", 413, "The body is too large", "Send at most 2.5 MB and 1,000 rows in one request."),
        Kind("not_valid", 422, "Something in the request is not valid", "Mend what `errors` names and send it again."),
        Kind("key_reused", 422, "The Idempotency-Key stands for another request", "Use a new key for a new request."),
        Kind("too_many", 429, "The key asks too often", "Wait as long as Retry-After says."),
        Kind("broken", 500, "Embudo made a mistake", "Try again; if it stays, tell whoever runs this install."),
        Kind("not_now", 503, "It cannot be done just now", "Nothing was kept. Try again after Retry-After."),
    )
}


class Problem(Exception):
    """An answer that is an error; `code` is one of KINDS, `detail` says what happened and why."""

    def __init__(self, code: str, detail: str, *, headers: dict[str, str] | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.headers, self.more = KINDS[code], detail, headers or {}, more

    @property
    def content(self) -> dict[str, Any]:
        """What is said in the body."""
        kind = self.kind
        return {
            "type": f"/api/#{kind.code}", "code": kind.code, "title": kind.title, "status": kind.status,
            "detail": self.detail, "mend": kind.mend, **self.more,
        }  # fmt: skip

    @property
    def response(self) -> HttpResponse:
        """The answer."""
        text = json.dumps(self.content, ensure_ascii=True, default=str)
        return HttpResponse(text, status=self.kind.status, content_type=MEDIA, headers=self.headers)


def invalid(place: str, words: str) -> Problem:
    """Return the problem of one part of a request."""
    return Problem("not_valid", f"{place}: {words}", errors=[{"at": place, "what": words}])
