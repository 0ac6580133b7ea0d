"""What operations answer with: replies with their headers, the errors each may give, ETags."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Schema
from ninja.renderers import JSONRenderer
from ninja.responses import NinjaJSONEncoder

from embudo.doors.api.problem import KINDS, Problem
from embudo.doors.api.schemas import ProblemBody

ALWAYS = (400, 401, 403, 422, 429, 500, 503)


def answers(good: Any, *more: int, status: int = 200, also: Mapping[int, Any] | None = None) -> dict[Any, Any]:
    """Return the answers of an operation: the good ones, and the errors it may give besides those of all."""
    errors = sorted({*ALWAYS, *more})
    assert {kind.status for kind in KINDS.values()} >= set(errors)
    return {status: good, **(also or {}), **dict.fromkeys(errors, ProblemBody)}


class Encoder(NinjaJSONEncoder):
    """Writes an instant as `reply` does: to the microsecond, in UTC with a Z."""

    def default(self, value: Any) -> Any:
        """Return a value as JSON has it."""
        return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else super().default(value)


class Renderer(JSONRenderer):
    """Writes what operations return."""

    encoder_class = Encoder


def reply(content: Schema | None, *, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Return a whole response."""
    body = content.model_dump_json(by_alias=True) if content is not None else ""
    return HttpResponse(body, status=status, content_type="application/json; charset=utf-8", headers=headers)


def etag_of(content: Any) -> str:
    """Return a strong ETag of a content that JSON can hold."""
    text = msgspec.json.encode(content, order="deterministic", enc_hook=str)
    return f'"{blake2b(text, digest_size=12).hexdigest()}"'


def check_match(request: HttpRequest, etag: str) -> None:
    """Raise Problem when If-Match names another state than this one."""
    given = request.headers.get("If-Match")
    if given is None or given.strip() == "*":
        return
    if etag not in [each.strip() for each in given.split(",")]:
        raise Problem("changed", "It is not any more what If-Match says you have read.", headers={"ETag": etag})


def is_known(request: HttpRequest, etag: str) -> bool:
    """Return whether If-None-Match names this state."""
    given = request.headers.get("If-None-Match", "")
    return etag in [each.strip().removeprefix("W/") for each in given.split(",")]
