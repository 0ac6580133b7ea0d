"""How often a sign-in may fail: by the e-mail typed, from one network address and from all, and by the address alone.

A stranger who guesses waits; whose account it is signs in from elsewhere meanwhile. What is counted of an account lies
in a table, under keyed hashes; what is counted of an address alone is in memory only.
"""

import time
from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from embudo.accounts.models import SignInFailure, normal_email
from embudo.collector.address import Addresses

WINDOW = timedelta(minutes=15)
FAILURES_HERE = 20  # of one account from one network address: then they wait
FAILURES_PER_EMAIL = 100  # of one account from everywhere: then there is one try in PAUSE
FAILURES_PER_ADDRESS = 50  # of one network address on all accounts: then it waits
PAUSE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a sign-in must wait, in words, and for how long."""

    words: Any
    wait: timedelta

    @property
    def wait_s(self) -> int:
        return int(self.wait.total_seconds())


TOO_MANY = Refusal(_("Too many attempts. Wait 15 minutes, or ask an administrator for a password link."), WINDOW)
TOO_FAST = Refusal(_("Somebody tries many passwords of this account. Try again in 10 seconds."), PAUSE)


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


def refusal(request: HttpRequest, email: str, *, allowed: int | None = None) -> Refusal | None:
    """Return why this sign-in must wait, whether or not such a user exists; None: it need not.

    With `allowed` so many failures may precede it, wherever they came from: for what strangers do not come to.
    Behind a proxy that is not listed everybody has one address. By it one stranger would lock all of them out, so
    there the account alone counts, and nobody waits for long.
    """
    shared = _is_shared(request)
    if not shared and _by_address.count(address_of(request), time.monotonic()) >= FAILURES_PER_ADDRESS:
        return TOO_MANY
    everywhere = _lately(_key(email))
    if allowed is not None:
        return TOO_MANY if everywhere.count() >= allowed else None
    if not shared and _lately(_key(email, address_of(request))).count() >= FAILURES_HERE:
        return TOO_MANY
    if everywhere.count() < (FAILURES_HERE if shared else FAILURES_PER_EMAIL):
        return None
    return TOO_FAST if everywhere.filter(at__gt=timezone.now() - PAUSE).exists() else None


def failed(request: HttpRequest, email: str) -> None:
    """Count a failed sign-in and forget those of yesterday."""
    now = timezone.now()
    failed_here(request)
    SignInFailure.objects.filter(at__lt=now - timedelta(days=1)).delete()
    keys = (_key(email), _key(email, address_of(request)))
    SignInFailure.objects.bulk_create([SignInFailure(key=key, at=now) for key in keys])


def failed_here(request: HttpRequest) -> None:
    """Count a failure that names nobody, by the network address alone."""
    if not _is_shared(request):
        _by_address.add(address_of(request), time.monotonic())


def succeeded(request: HttpRequest, email: str) -> None:
    """Forget the failures of an account whose password was given, but for those from elsewhere."""
    SignInFailure.objects.filter(key__in=(_key(email), _key(email, address_of(request)))).delete()


def address_of(request: HttpRequest) -> str:
    """Return the visitor's network address; X-Forwarded-For counts only when a trusted proxy wrote it."""
    return Addresses(settings.EMBUDO.trusted_proxies).behind(request.META.get("REMOTE_ADDR", ""), request.headers)


def _is_shared(request: HttpRequest) -> bool:
    trusted = Addresses(settings.EMBUDO.trusted_proxies)
    return trusted.is_hidden(request.META.get("REMOTE_ADDR", ""), request.headers)


def _lately(key: str) -> QuerySet[SignInFailure]:
    return SignInFailure.objects.filter(key=key, at__gt=timezone.now() - WINDOW)


def _key(email: str, address: str = "") -> str:
    said = f"{normal_email(email)} {address}".rstrip()
    return salted_hmac("embudo.accounts.attempts", said, algorithm="sha256").hexdigest()
