"""What every request passes: damaged addresses are refused, fragments stay apart from pages and take toasts along."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils.cache import patch_vary_headers

from embudo.ui.toasts import as_header

Handler = Callable[[HttpRequest], HttpResponse]


def toasts(get_response: Handler) -> Handler:
    """Return the middleware; redirects keep their toasts for the page they lead to."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.headers.get("HX-Request") == "true" and 200 <= response.status_code < 300:
            leads_away = response.has_header("HX-Redirect") or response.has_header("HX-Refresh")
            if not leads_away and not response.has_header("HX-Trigger") and (header := as_header(request)):
                response["HX-Trigger"] = header
        return response

    return handle


def fragments(get_response: Handler) -> Handler:
    """Return the middleware that keeps browsers from showing a fragment where the page of the same address belongs.

    Without it the Back button brings back what htmx fetched last, which has no layout.
    """

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        patch_vary_headers(response, ["HX-Request"])
        if request.headers.get("HX-Request") == "true" and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store"
        return response

    return handle


def whole_cookies(get_response: Handler) -> Handler:
    """Return the middleware that leaves out cookies with a NUL, written as `"\\000"`: PostgreSQL takes none."""

    def handle(request: HttpRequest) -> HttpResponse:
        for name in [name for name, value in request.COOKIES.items() if "\0" in value]:
            del request.COOKIES[name]
        return get_response(request)

    return handle


def whole_addresses(get_response: Handler) -> Handler:
    """Return the middleware that refuses an address with a NUL in it, which no text of PostgreSQL can hold.

    A view with `checks_text` refuses it itself, in the way its readers understand.
    """

    def handle(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def refuse(request: HttpRequest, view: Any, _args: Any, _values: Any) -> None:
        damaged = "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", "")
        if damaged and not getattr(view, "checks_text", False):
            raise BadRequest

    handle.process_view = refuse  # type: ignore[attr-defined]
    return handle


def sent_only(get_response: Handler) -> Handler:
    """Return the middleware that shows a page where somebody goes to an address which takes only what forms send.

    It says so and leads to the page above: a browser brings people there by its address bar after an error.
    """

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or request.method not in ("GET", "HEAD"):
            return response
        page = render(request, "405.html", {"above": _above(request.path_info)}, status=405)
        page["Allow"] = response["Allow"]
        return page

    return handle


def _above(path: str) -> str:
    """The nearest address above this one that there is."""
    while path.strip("/"):
        path = path.rstrip("/").rpartition("/")[0] + "/"
        try:
            resolve(path)
        except Resolver404:
            continue
        return path
    return "/"
