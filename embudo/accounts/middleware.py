"""Puts each request into the reader's language and time zone, and notes where people are signed in."""

from collections.abc import Callable
from urllib.parse import unquote
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from embudo.accounts import attempts
from embudo.accounts.device import device_of
from embudo.accounts.models import UserSession
from embudo.accounts.models.session import SEEN_EVERY
from embudo.collector.place import Places

SEEN = "seen"  # in the session: the key it had when it was noted last, and when
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


def sessions(get_response: Handler) -> Handler:
    """Return the middleware that keeps the list of a person's sessions: one write at the start, then one per 5 min."""
    places = Places(settings.EMBUDO.places)

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.user.is_authenticated and request.session.session_key:
            _note(request, places)
        return response

    return handle


def _note(request: HttpRequest, places: Places) -> None:
    now, key = timezone.now(), request.session.session_key
    noted_key, noted_at = request.session.get(SEEN, ("", 0))
    if noted_key == key and now.timestamp() - noted_at < SEEN_EVERY.total_seconds():
        return
    request.session[SEEN] = [key, int(now.timestamp())]
    known = {
        "user": request.user,
        "device": device_of(request.headers.get("User-Agent", "")),
        "place": dict(places.of(attempts.address_of(request))),
        "seen_at": now,
    }
    if noted_key != key:  # the key changes with every sign-in and every change of the password
        UserSession.objects.filter(key=noted_key).delete()
        UserSession.of(request.user)  # what ended by itself is forgotten
    UserSession.objects.update_or_create(key=key, defaults=known)
