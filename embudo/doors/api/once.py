"""Requests that are done once however often they are sent: the Idempotency-Key header, after the IETF's draft.

The answer is kept for a day and given again. The facts of a request have ids that follow from its key, so that a
request whose process died is done again without counting twice. What was refused did nothing and keeps no key.
"""

import secrets
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from hashlib import blake2b, sha256
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from embudo.doors.api.body import body_of
from embudo.doors.api.problem import Problem
from embudo.doors.models import Answer

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
DIED = timedelta(seconds=60)  # a request that takes longer is taken over: its process has died
KEPT = ("ETag", "Location", "Content-Location")
LONGEST = 255

PARAMETER = {
    "name": HEADER, "in": "header", "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": "^[!-~]+$"},
    "description": "A text of your choice that is new for each request: sent again with it, the request is done once.",
}  # fmt: skip

Operation = Callable[..., HttpResponse]


def once(operation: Operation) -> Operation:
    """Return an operation that honours the header; it must answer with a whole response."""

    @wraps(operation)
    def kept(request: HttpRequest, *args: Any, **values: Any) -> HttpResponse:
        text = _text(request)
        if not text:
            return operation(request, *args, **values)
        turn = secrets.token_hex(16)
        before = _begin(request, text, turn)
        if before is not None:
            return before
        return _done(request, text, turn, lambda: operation(request, *args, **values))

    return kept


def fact_id(request: HttpRequest, place: int = 0) -> str:
    """Return the id of the fact at a place of a request: with an Idempotency-Key the same in every attempt."""
    text = _text(request)
    if not text:
        return str(uuid4())
    said = f"{request.auth.pk}\0{text}\0{place}"  # type: ignore[attr-defined]
    return blake2b(said.encode(), digest_size=20).hexdigest()


def _text(request: HttpRequest) -> str:
    given = request.headers.get(HEADER)
    if given is None:
        return ""
    text = given.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':  # a structured header's text stands in quotes
        text = text[1:-1]
    if not 0 < len(text) <= LONGEST or not text.isascii() or not all("!" <= each <= "~" for each in text):
        raise Problem("bad_idempotency_key", "It is empty, too long, or holds other signs than visible ASCII.")
    return text


def _hash(request: HttpRequest) -> str:
    head = f"{request.method}\0{request.get_full_path()}\0".encode()
    return sha256(head + body_of(request)).hexdigest()


def _begin(request: HttpRequest, text: str, turn: str) -> HttpResponse | None:
    """Note that the request is being done; return the kept answer when it was done before."""
    wanted = _hash(request)
    found, new = Answer.objects.get_or_create(
        key=request.auth, text=text, defaults={"request": wanted, "turn": turn}  # type: ignore[attr-defined]
    )  # fmt: skip
    if new:
        return None
    if found.request != wanted:
        raise Problem("key_reused", "This Idempotency-Key came before with another method, address or body.")
    if found.status is not None and found.body is None:
        raise Problem("conflict", "It was done, but the install's key has changed since: its answer cannot be read.")
    if found.status is not None:
        headers = {**found.headers, REPLAYED: "true"}
        content_type = headers.pop("Content-Type", "application/json")
        return HttpResponse(found.body, status=found.status, headers=headers, content_type=content_type)
    mine = Answer.objects.filter(pk=found.pk, turn=found.turn, status=None, begun_at__lt=timezone.now() - DIED)
    if mine.update(turn=turn, begun_at=timezone.now()) == 1:
        return None
    words = "A request with this Idempotency-Key is being done at this moment."
    raise Problem("in_progress", words, headers={"Retry-After": "1"})


def _done(request: HttpRequest, text: str, turn: str, act: Callable[[], HttpResponse]) -> HttpResponse:
    mine = Answer.objects.filter(key=request.auth, text=text, turn=turn)  # type: ignore[attr-defined]
    try:
        response = act()
    except BaseException:
        with transaction.atomic():
            mine.delete()
        raise
    if response.status_code >= 400:
        mine.delete()
        return response
    headers = {name: response[name] for name in (*KEPT, "Content-Type") if name in response}
    mine.update(status=response.status_code, headers=headers, body=response.content.decode())
    return response
