"""How bodies are read: strict JSON of a limited size and depth, with texts that every storage can hold."""

from typing import Any

import msgspec
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.request import UnreadablePostError
from ninja.parser import Parser

from embudo.doors.api.problem import Problem

DEEPEST = 12
_decode = msgspec.json.Decoder().decode


class StrictParser(Parser):
    """Reads a body; raises Problem, which says what is wrong with it."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the object that a body holds."""
        body = body_of(request)
        try:
            content = _decode(body)
        except (msgspec.DecodeError, RecursionError, ValueError) as error:
            raise Problem("not_json", f"It is no JSON: {str(error)[:200]}") from error
        if not isinstance(content, dict):
            raise Problem("not_json", "The body is not a JSON object.")
        _check(content, DEEPEST)
        return content


def body_of(request: HttpRequest) -> bytes:
    """Return the bytes of a body; raises Problem on one that is too large or was cut off."""
    try:
        return bytes(request.body)
    except (RequestDataTooBig, UnreadablePostError) as error:
        raise unread(error) from error


def unread(error: Exception) -> Problem:
    """Return the problem of a body that could not be read."""
    if isinstance(error, RequestDataTooBig):
        return Problem("too_large", "The body is larger than 2.5 MB.")
    return Problem("not_json", "The body ended too early.")


def _check(value: Any, depth: int) -> None:
    if depth == 0:
        raise Problem("not_json", f"It is nested more than {DEEPEST} levels deep.")
    match value:
        case str():
            check_text(value)
        case dict():
            for name, each in value.items():
                check_text(name)
                _check(each, depth - 1)
        case list():
            for each in value:
                _check(each, depth - 1)
        case int() if not -(2**63) <= value < 2**63:
            raise Problem("not_json", "It holds a whole number beyond 64 bits.")


def check_text(text: str) -> None:
    """Raise Problem on a text that no storage holds."""
    if "\0" in text:
        raise Problem("not_json", "A text of the request holds the sign NUL, which cannot be kept.")
    if not text.isascii() and any("\ud800" <= sign <= "\udfff" for sign in text):
        raise Problem("not_json", "A text of the request holds half a sign (a lone surrogate), which cannot be kept.")
