"""From what happened to deliveries: reads log and moves on from its own places, looks who waits, and makes one row
for each webhook.

A place moves in the very transaction that keeps the deliveries, by a conditional update: several processes may gather,
one that dies loses nothing, and what is read or computed again meets the row that is there already.
"""

import time
from collections.abc import Iterable

from django.db import connection, transaction
from django.db.models import Max

from embudo.core.event import SECOND
from embudo.doors import forgetting
from embudo.doors.hooks import waiting
from embudo.doors.hooks.news import News, erased_by, of_move, of_rows
from embudo.doors.models import Answer, Delivery, Endpoint, Place
from embudo.eventlog import Cursor, Log
from embudo.leads import rebuild
from embudo.leads.clock import now
from embudo.leads.follow import cursor_of_tables
from embudo.leads.models import StageChange

BATCH = 200  # facts or moves of one transaction: far below 50 ms
LOG, MOVES, LATE_MOVES = "log", "moves", "late_moves"
REST_S = 10.0  # between two notes that nobody wanted to know
LATE = 30 * SECOND  # so much later PostgreSQL is asked again: rows may be committed out of their order

_started: dict[str, float] = {}  # when this process noted it last


def gather(log: Log) -> bool:
    """Make deliveries of what happened since; return whether there may be more at once."""
    more = _from_log(log)
    more = _from_moves(MOVES, 0) or more
    more = _from_waiting() or more
    if connection.vendor == "postgresql":
        more = _from_moves(LATE_MOVES, LATE) or more
    return more


def _from_log(log: Log) -> bool:
    place = _place(LOG)
    followed = cursor_of_tables()
    wanted = Endpoint.objects.exists() or Answer.objects.exists()
    if place is None or not wanted:
        return _start(LOG, place, (Cursor() if wanted else log.end()).to_text())
    here = Cursor.from_text(place)
    if followed.passed(log.end()) and here.passed(followed):
        return False
    rows, through = log.read(here, BATCH)
    if through == here or not followed.passed(through):
        return False  # first the tables must know whose these facts are
    news = list(of_rows(rows))
    erased = _erased_since(erased_by(rows), log)
    with transaction.atomic():
        if _move(LOG, place, through.to_text()):
            if erased:
                forgetting.forget(erased)  # of what was told before: who came back since is somebody new
            _keep(news)
    return True


def _from_moves(name: str, late: int) -> bool:
    place = _place(name)
    wanted = Endpoint.objects.exists()
    if place is None or not wanted:
        there = StageChange.objects.none() if wanted else StageChange.objects.filter(recorded_at__lte=now() - late)
        return _start(name, place, str(there.aggregate(last=Max("id"))["last"] or 0))
    moves = list(StageChange.objects.filter(id__gt=int(place)).order_by("id")[:BATCH])
    if late:
        limit = now() - late
        cut = next((index for index, move in enumerate(moves) if move.recorded_at > limit), len(moves))
        moves = moves[:cut]
    if not moves:
        return False
    news = [each for move in moves for each in of_move(move)]
    with transaction.atomic():
        if _move(name, place, str(moves[-1].id)):
            _keep(news)
    return len(moves) == BATCH


def _from_waiting() -> bool:
    """Not during a rebuild, which takes all people away and brings them back."""
    if not Endpoint.objects.exists() or rebuild.running():
        return False
    waiting.let_go()
    news = waiting.news(BATCH)
    if news:
        with transaction.atomic():
            waiting.note([each.person for each in news if each.person is not None])
            _keep(news)
    return len(news) == BATCH


def _place(name: str) -> str | None:
    return Place.objects.filter(name=name).values_list("text", flat=True).first()


def _start(name: str, was: str | None, text: str) -> bool:
    """Begin at the present end: what nobody wanted to know when it happened is not told; return whether to look on.

    Whoever asked before the first look is told all since then, so that look begins at the very beginning.
    """
    if was is None:
        return Place.objects.get_or_create(name=name, defaults={"text": text})[1]
    if was != text and time.monotonic() - _started.get(name, -REST_S) >= REST_S:
        _started[name] = time.monotonic()
        _move(name, was, text)
    return False


def _move(name: str, was: str, text: str) -> bool:
    return Place.objects.filter(name=name, text=was).update(text=text) == 1


def _keep(news: Iterable[News]) -> None:
    wanted = list(news)
    endpoints = list(Endpoint.objects.filter(retired_at=None)) if wanted else []
    Delivery.objects.bulk_create(
        [delivery_of(each, endpoint) for each in wanted for endpoint in endpoints if _is_for(each, endpoint)],
        ignore_conflicts=True,
    )


def delivery_of(news: News, endpoint: Endpoint) -> Delivery:
    """Return the delivery of news to a webhook, not kept yet."""
    return Delivery(
        endpoint=endpoint, key=news.key, message=news.message, kind=news.kind, subject=news.subject, body=news.body
    )


def _is_for(news: News, endpoint: Endpoint) -> bool:
    return news.kind in endpoint.kinds and news.known_at >= endpoint.since_at


def _erased_since(at: int | None, log: Log) -> list[int]:
    """The subjects of deliveries that were erased at this instant or later: what was on its way meanwhile goes, too."""
    if at is None:
        return []
    subjects = Delivery.objects.exclude(subject=None).order_by().values_list("subject", flat=True).distinct()
    erased = log.erased_until([each for each in subjects if each is not None])
    return [subject for subject, until in erased.items() if until >= at]
