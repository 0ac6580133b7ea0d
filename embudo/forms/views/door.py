"""What all open doors of forms have in common: any page may ask, no cookie counts, and trouble is said in words.

Nobody signs in here, so a post of another site can do nothing that a stranger could not do too.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import Error as TablesRefuse
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from embudo.collector.sites import may_ask as lists
from embudo.core.intake import Reason
from embudo.eventlog import LogUnavailable
from embudo.forms.models import Form
from embudo.leads.record import the_log

RETRY_S = "2"
OPEN = {"Access-Control-Allow-Origin": "*", "Access-Control-Max-Age": "86400", "Access-Control-Allow-Headers": "accept"}
View = Callable[..., HttpResponse]


def open_door(*methods: str) -> Callable[[View], View]:
    """A view anybody may ask from any page; where tables or log refuse it answers 503, and nothing is kept."""

    def decorate(view: View) -> View:
        @csrf_exempt
        @require_http_methods([*methods, "OPTIONS"])
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **words: Any) -> HttpResponse:
            if request.method == "OPTIONS":
                response = HttpResponse(status=204)
                response["Access-Control-Allow-Methods"] = ", ".join(methods)
            else:
                try:
                    response = view(request, *args, **words)
                except (TablesRefuse, LogUnavailable):
                    response = _unavailable(request)
            for name, value in OPEN.items():
                response[name] = value
            if not response.has_header("Cache-Control"):
                response["Cache-Control"] = "no-store"
            return response

        return answer

    return decorate


def wants_json(request: HttpRequest) -> bool:
    """Return whether the script asks, and not a browser that opens a page."""
    return "application/json" in request.headers.get("accept", "")


def in_words(request: HttpRequest, words: str, status: int) -> HttpResponse:
    """Return an answer that says one thing."""
    if wants_json(request):
        return JsonResponse({"words": words}, status=status)
    return render(request, "forms/words.html", {"words": words}, status=status)


def may_ask(request: HttpRequest, form: Form) -> bool:
    """Return whether the page that asks is one of ours or of the form's site."""
    origin = request.headers.get("origin", "")
    own = {urlsplit(settings.EMBUDO.site_address).netloc, request.get_host()}
    try:
        return urlsplit(origin).netloc in own or lists(form.site, origin)
    except ValueError:
        return False


def length_of(request: HttpRequest) -> int:
    """Return how long the body says it is, a vast number where it says nonsense."""
    said = request.headers.get("content-length", "") or "0"
    return int(said) if said.isdecimal() and len(said) < 10 else 1 << 40


def count(reason: Reason) -> None:
    """Count what is refused; where the log is down nothing can be counted, either."""
    try:
        the_log().commit(refused={reason.value: 1})
    except LogUnavailable:
        return


def _unavailable(request: HttpRequest) -> HttpResponse:
    words = _("This does not work just now. Go back, what you wrote is still there, and try again.")
    response = in_words(request, words, 503)
    response["Retry-After"] = RETRY_S
    return response
