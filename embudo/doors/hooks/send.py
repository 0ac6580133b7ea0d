"""How a delivery gets to its webhook: claimed by a conditional update, signed, posted, tried again ever later."""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from standardwebhooks.webhooks import Webhook

from embudo import __version__
from embudo.doors import outbound
from embudo.doors.hooks import notice
from embudo.doors.models import Attempt, Delivery, Endpoint
from embudo.doors.outbound import Answered, NoAnswer, Refused

AT_ONCE = 2  # deliveries one webhook gets from one process at a time
HELD = timedelta(seconds=60)  # longer than any call; then whoever held it has died
# Waits between tries: about two and a half days in all.
WAITS_S = (5, 30, 300, 1800, 7200, 18_000, 36_000, 43_200, 50_400, 57_600)
JITTER_SHARE = 0.2
LONGEST_WAIT_S = 86_400  # that a Retry-After is granted
PAUSE_AFTER, PAUSE_FAILURES = timedelta(hours=24), 8  # failing for so long, and at least so often in a row
SHOWN = 4000  # characters of what was sent and answered that the log of deliveries keeps
GONE = 410
SLICE = 500  # deliveries of one transaction
MUTE = "its secret was sealed under another key of this install; make a new one, or put the key back"

State = Delivery.State


def due(at: datetime, *, under_way: Mapping[int, int] | None = None, after: int = 0) -> list[Delivery]:
    """Return deliveries whose time has come, a few of each webhook so that none keeps others waiting.

    `under_way` are the deliveries being sent, each with its webhook; the webhook behind `after` comes first.
    """
    skip = under_way or {}
    busy = Counter(skip.values())
    found: list[Delivery] = []
    live = Endpoint.objects.filter(paused_at=None, retired_at=None)
    for endpoint in sorted(live.values_list("pk", flat=True), key=lambda pk: (pk <= after, pk)):
        if (room := AT_ONCE - busy[endpoint]) > 0:
            waiting = Delivery.objects.filter(endpoint=endpoint, state=State.WAITING, next_at__lte=at)
            free = waiting.filter(Q(held_until=None) | Q(held_until__lt=at)).exclude(pk__in=list(skip))
            found += free.order_by("next_at")[:room]
    return found


def claim(delivery: Delivery, at: datetime) -> bool:
    """Return whether the delivery is ours to send; of several processes one gets it."""
    free = Delivery.objects.filter(Q(held_until=None) | Q(held_until__lt=at), pk=delivery.pk, state=State.WAITING)
    taken = free.filter(attempts=delivery.attempts).update(
        held_until=at + HELD, attempts=F("attempts") + 1, tries=F("tries") + 1
    )
    if taken:
        delivery.refresh_from_db()
    return taken == 1


def send(delivery: Delivery) -> None:
    """Claim a delivery, post it, and write down what came of it."""
    at = timezone.now()
    if not claim(delivery, at):
        return
    endpoint = Endpoint.objects.get(pk=delivery.endpoint_id)
    if not endpoint.live:
        Delivery.objects.filter(pk=delivery.pk).update(held_until=None, tries=F("tries") - 1)
        return
    settle(delivery, endpoint, _tried(delivery, endpoint, at))


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one try."""

    at: datetime
    took_ms: int
    answered: Answered | None
    trouble: str
    sent: str

    @property
    def well(self) -> bool:
        """Whether the other side took it."""
        return self.answered is not None and 200 <= self.answered.status < 300


def _tried(delivery: Delivery, endpoint: Endpoint, at: datetime) -> Tried:
    answered, trouble, headers = None, "", {}
    try:
        headers = headers_of(delivery, endpoint, at)
        networks = outbound.networks_of(settings.EMBUDO.webhook_networks)
        answered = outbound.post(endpoint.url, delivery.body.encode(), headers, networks=networks)
    except (Refused, NoAnswer) as error:
        trouble = str(error)
    took = round((timezone.now() - at).total_seconds() * 1000)
    told = {name: value for name, value in headers.items() if name != "webhook-signature"}
    sent = "\n".join([*(f"{name}: {value}" for name, value in told.items()), "", delivery.body])[:SHOWN]
    if answered is not None and 300 <= answered.status < 400:
        trouble = "it answered with a redirect, which is not followed; give the webhook the address it leads to"
    return Tried(at, took, answered, trouble, sent)


def headers_of(delivery: Delivery, endpoint: Endpoint, at: datetime) -> dict[str, str]:
    """Return the headers of an attempt, signed after Standard Webhooks; for a day after a change by both secrets.

    Raises Refused when the secret cannot be read: nothing leaves unsigned.
    """
    if not endpoint.secret:
        raise Refused(MUTE)
    signed = [Webhook(secret).sign(delivery.message, at, delivery.body) for secret in endpoint.secrets(at) if secret]
    return {
        "Content-Type": "application/json",
        "User-Agent": f"Embudo/{__version__} (webhooks)",
        "webhook-id": delivery.message,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signed),
    }


def settle(delivery: Delivery, endpoint: Endpoint, tried: Tried) -> None:
    """Write down a try, and what follows for the delivery and its webhook."""
    status = tried.answered.status if tried.answered else None
    body = tried.answered.body.decode("utf-8", "replace").replace("\0", "�") if tried.answered else ""
    with transaction.atomic():
        mine = Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts)
        if mine.update(**_after(delivery, tried)) != 1:
            return  # another process has taken it over since, and tells what became of it
        blank = Delivery.objects.filter(pk=delivery.pk, body="").exists()  # the person was erased meanwhile
        Attempt.objects.create(
            delivery=delivery, at=tried.at, took_ms=tried.took_ms, status=status, trouble=tried.trouble[:300],
            sent="" if blank else tried.sent, answer="" if blank else body[:SHOWN],
        )  # fmt: skip
        _note(endpoint, tried)
    if _is_hopeless(endpoint, status, tried.at):
        _pause(endpoint, status)


def _after(delivery: Delivery, tried: Tried) -> dict[str, object]:
    if tried.well:
        return {"state": State.DELIVERED, "ended_at": tried.at, "held_until": None}
    if delivery.tries > len(WAITS_S):
        return {"state": State.FAILED, "ended_at": tried.at, "held_until": None}
    return {"next_at": timezone.now() + wait(delivery.tries, tried.answered), "held_until": None}


def wait(tries: int, answered: Answered | None = None, *, chance: float | None = None) -> timedelta:
    """Return how long to wait after so many tries; the other side may ask for longer by Retry-After."""
    base = WAITS_S[min(tries, len(WAITS_S)) - 1]
    share = random.random() if chance is None else chance  # noqa: S311 - spreads load, keeps no secret
    seconds = base * (1 + JITTER_SHARE * (2 * share - 1))
    asked = _asked(answered.headers.get("retry-after", "")) if answered else 0.0
    return timedelta(seconds=max(seconds, min(asked, LONGEST_WAIT_S)))


def _asked(text: str) -> float:
    """Seconds that a Retry-After asks for; 0 when it cannot be read."""
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        until = parsedate_to_datetime(text)
        return max(0.0, (until - timezone.now()).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _note(endpoint: Endpoint, tried: Tried) -> None:
    mine = Endpoint.objects.filter(pk=endpoint.pk)
    if tried.well:
        mine.exclude(failures=0, failing_since=None).update(failures=0, failing_since=None)
        return
    mine.update(failures=F("failures") + 1)
    mine.filter(failing_since=None).update(failing_since=tried.at)


def _is_hopeless(endpoint: Endpoint, status: int | None, at: datetime) -> bool:
    endpoint.refresh_from_db()
    long = endpoint.failing_since is not None and at - endpoint.failing_since >= PAUSE_AFTER
    return status == GONE or (long and endpoint.failures >= PAUSE_FAILURES)


def _pause(endpoint: Endpoint, status: int | None) -> None:
    why = Endpoint.Paused.GONE if status == GONE else Endpoint.Paused.FAILING
    if endpoint.pause(why, by=None):
        notice.paused(endpoint)


def again(deliveries: QuerySet[Delivery]) -> int:
    """Let deliveries be sent once more, from the first wait on; return how many: none that waits or is blank.

    However many they are, no transaction is long.
    """
    wanted, count = list(deliveries.order_by("pk").values_list("pk", flat=True)), 0
    for start in range(0, len(wanted), SLICE):
        mine = Delivery.objects.filter(pk__in=wanted[start : start + SLICE]).exclude(body="")
        ended = mine.filter(state__in=(State.DELIVERED, State.FAILED))
        count += ended.update(state=State.WAITING, next_at=timezone.now(), tries=0, ended_at=None, held_until=None)
    return count
