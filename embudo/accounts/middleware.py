"""Puts each request into the reader's language and time zone."""

from collections.abc import Callable
from urllib.parse import unquote
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

Handler = Callable[[HttpRequest], HttpResponse]


def preferences(get_response: Handler) -> Handler:
    """Return the middleware: the person's own choice, else what the browser tells, else the company's."""
    zones = frozenset(available_timezones())

    def handle(request: HttpRequest) -> HttpResponse:
        user = request.user
        if user.is_authenticated and user.language:
            translation.activate(user.language)
            request.LANGUAGE_CODE = translation.get_language()
        chosen = getattr(user, "time_zone", "") or unquote(request.COOKIES.get("zone", ""))
        zone = chosen if chosen in zones else settings.TIME_ZONE
        with timezone.override(ZoneInfo(zone)):
            return get_response(request)

    return handle
