"""How the API's addresses are served: in English, never kept by caches, each error a problem."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, URLResolver, path, re_path
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET

from embudo.doors.api.body import check_text
from embudo.doors.api.build import api
from embudo.doors.api.guard import KeyAuth, no_key
from embudo.doors.api.problem import Problem

View = Callable[..., HttpResponse]


def served(view: View) -> View:
    """Return a view of the API as it is served; it asks for a key itself (embudo/doors/api/guard.py)."""

    @csrf_exempt
    @wraps(view)
    def door(request: HttpRequest, *args: Any, **values: Any) -> HttpResponse:
        with translation.override("en"):
            try:
                _check_address(request)
                response = view(request, *args, **values)
            except Problem as problem:
                response = problem.response
            except Http404:
                response = Problem("not_found", "There is nothing at this address.").response
        if response.status_code == 405:
            response = Problem("no_such_method", f"{request.method} is not offered here.",
                               headers={"Allow": response.get("Allow", "")}).response  # fmt: skip
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    door.checks_text = True  # type: ignore[attr-defined]
    door.permission = ""  # type: ignore[attr-defined]  # read by the matrix test: keys, not roles
    return door


def _check_address(request: HttpRequest) -> None:
    """Raise Problem on an address that holds a text no storage can hold."""
    check_text(request.path_info)
    for name, values in request.GET.lists():
        for text in (name, *values):
            check_text(text)


def nothing(request: HttpRequest, **_values: Any) -> HttpResponse:
    """Any other address below /api/v1/."""
    raise Problem("not_found", "There is nothing at this address.")


@require_GET
def document(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document, for whoever is signed in and for every key."""
    if not request.user.is_authenticated and KeyAuth("")(request) is None:
        raise no_key("Sign in, or send an API key.")
    return JsonResponse(api().get_openapi_schema(path_prefix="/api/v1"))


def addresses() -> list[URLPattern | URLResolver]:
    """Return the addresses below /api/v1/."""
    patterns, _app, _namespace = api().urls
    kept = [each for each in patterns if isinstance(each, URLPattern) and each.name != "api-root"]
    for each in kept:
        each.callback = served(each.callback)
    own = path("openapi.json", served(document), name="openapi")
    return [own, *kept, re_path(r"^.*$", served(nothing), name="nothing")]
