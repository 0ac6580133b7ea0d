"""How often a sign-in may fail: by the e-mail typed (in a table) and by the network address (in memory only)."""

import time
from collections import OrderedDict, deque
from datetime import timedelta
from threading import Lock

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from embudo.accounts.models import SignInFailure, normal_email
from embudo.collector.address import Addresses

WINDOW = timedelta(minutes=15)
FAILURES_PER_EMAIL = 20
FAILURES_PER_ADDRESS = 50
TOO_MANY = _("Too many attempts. Wait 15 minutes, or ask an administrator for a password link.")


class Recent:
    """Counts what happened lately under a key, in this process; forgets the keys unused for longest."""

    def __init__(self, window_s: float, keys: int = 10_000) -> None:
        self.window_s = window_s
        self.keys = keys
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = Lock()

    def add(self, key: str, now: float) -> None:
        with self._lock:
            self._seen.setdefault(key, deque(maxlen=1000)).append(now)
            self._seen.move_to_end(key)
            while len(self._seen) > self.keys:
                self._seen.popitem(last=False)

    def count(self, key: str, now: float) -> int:
        with self._lock:
            times = self._seen.get(key, deque())
            while times and times[0] <= now - self.window_s:
                times.popleft()
            return len(times)


_by_address = Recent(WINDOW.total_seconds())


def too_many(request: HttpRequest, email: str) -> bool:
    """Return whether this sign-in must wait, whether or not such a user exists.

    Behind a proxy that is not listed everybody has one address, and by it one stranger would lock all of them out.
    """
    if not _is_shared(request) and _by_address.count(address_of(request), time.monotonic()) >= FAILURES_PER_ADDRESS:
        return True
    since = timezone.now() - WINDOW
    return SignInFailure.objects.filter(key=_key(email), at__gt=since).count() >= FAILURES_PER_EMAIL


def failed(request: HttpRequest, email: str) -> None:
    """Count a failed sign-in and forget those of yesterday."""
    now = timezone.now()
    if not _is_shared(request):
        _by_address.add(address_of(request), time.monotonic())
    SignInFailure.objects.filter(at__lt=now - timedelta(days=1)).delete()
    SignInFailure.objects.create(key=_key(email), at=now)


def succeeded(email: str) -> None:
    """Forget the failures of an address whose password was given."""
    SignInFailure.objects.filter(key=_key(email)).delete()


def address_of(request: HttpRequest) -> str:
    """Return the visitor's network address; X-Forwarded-For counts only when a trusted proxy wrote it."""
    return Addresses(settings.EMBUDO.trusted_proxies).behind(request.META.get("REMOTE_ADDR", ""), request.headers)


def _is_shared(request: HttpRequest) -> bool:
    trusted = Addresses(settings.EMBUDO.trusted_proxies)
    return trusted.is_hidden(request.META.get("REMOTE_ADDR", ""), request.headers)


def _key(email: str) -> str:
    return salted_hmac("embudo.accounts.attempts", normal_email(email), algorithm="sha256").hexdigest()
