"""The API put together: its operations, its errors, its OpenAPI document."""

import logging
from functools import lru_cache
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from embudo import __version__
from embudo.doors.api import companies, facts, opportunities, people, webhooks
from embudo.doors.api.answers import Renderer
from embudo.doors.api.body import StrictParser, unread
from embudo.doors.api.guard import no_key
from embudo.doors.api.problem import MEDIA, Problem
from embudo.eventlog import LogUnavailable
from embudo.leads.company_joins import Untold

logger = logging.getLogger(__name__)
WORDS = "People, their facts, scores, opportunities and companies for other software. See docs/api.md."


class Api(NinjaAPI):
    """Ninja's API with our errors in its document."""

    def get_openapi_operation_id(self, operation: Any) -> str:
        """Name an operation after its function."""
        return str(operation.view_func.__name__)

    def get_openapi_schema(self, **given: Any) -> Any:
        """Return the document; errors are of the type of problems."""
        document = super().get_openapi_schema(**given)
        for operations in document["paths"].values():
            for operation in operations.values():
                for status, answer in operation["responses"].items():
                    if int(status) >= 400 and "content" in answer:
                        answer["content"] = {MEDIA: next(iter(answer["content"].values()))}
        return document


def build() -> Api:
    """Return the API."""
    api = Api(
        title="Embudo", version=__version__, description=WORDS, urls_namespace="api", openapi_url=None, docs_url=None,
        parser=StrictParser(), renderer=Renderer(),
    )  # fmt: skip
    for router in (people.router, facts.router, opportunities.router, companies.router, webhooks.router):
        api.add_router("", router)
    for kind, answer in ERRORS.items():
        api.add_exception_handler(kind, answer)
    return api


def _problem(request: HttpRequest, error: Any) -> HttpResponse:
    return error.response  # type: ignore[no-any-return]


def _unnamed(request: HttpRequest, error: Any) -> HttpResponse:
    words = "Send the API key in the header Authorization: Bearer ek_…; keys are made at /api-keys/."
    return no_key(words).response


def _not_valid(request: HttpRequest, error: Any) -> HttpResponse:
    faults = [{"at": ".".join(map(str, each["loc"]))[:200], "what": each["msg"]} for each in error.errors[:50]]
    first = faults[0] if faults else {"at": "request", "what": "not valid"}
    return Problem("not_valid", f"{first['at']}: {first['what']}", errors=faults).response


def _of_http(request: HttpRequest, error: Any) -> HttpResponse:
    """Ninja wraps what a parser raises."""
    if isinstance(error.__cause__, Problem):
        return error.__cause__.response
    return Problem("not_json", str(error)).response


def _unread(request: HttpRequest, error: Any) -> HttpResponse:
    """Ninja looks at the body before a parser does."""
    return unread(error).response


def _not_found(request: HttpRequest, error: Any) -> HttpResponse:
    return Problem("not_found", "There is nothing at this address.").response


def _log_unavailable(request: HttpRequest, error: Any) -> HttpResponse:
    words = "The log cannot be read or written just now."
    return Problem("not_now", words, headers={"Retry-After": "5"}).response


def _untold(request: HttpRequest, error: Any) -> HttpResponse:
    return Problem("conflict", str(error)).response


def _broken(request: HttpRequest, error: Any) -> HttpResponse:
    logger.error("%s %s broke", request.method, request.path, exc_info=error)
    return Problem("broken", "An error nobody foresaw; the operator finds it in the output of `embudo up`.").response


ERRORS: dict[Any, Any] = {
    Problem: _problem, AuthenticationError: _unnamed, ValidationError: _not_valid, HttpError: _of_http,
    RequestDataTooBig: _unread, UnreadablePostError: _unread, Http404: _not_found, LogUnavailable: _log_unavailable,
    Untold: _untold, Exception: _broken,
}  # fmt: skip


@lru_cache(maxsize=1)
def api() -> Api:
    """Return the API of this process."""
    return build()
