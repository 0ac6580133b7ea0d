"""Brings toasts along with fragments: a page draws them itself, an htmx answer carries them in a header."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

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
