"""How the API records facts: as the app does, for the user who made the key, waiting until the tables show them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from embudo.core.event import Event
from embudo.doors.api.once import fact_id
from embudo.doors.api.problem import Problem
from embudo.doors.models import ApiKey
from embudo.eventlog import LogUnavailable, Outcome, Receipt
from embudo.leads.record import APP, Saying, record_all, the_log, wait_until_followed
from embudo.leads.story import history_of

FOLLOWED_S = 1.0  # for one fact
ALL_FOLLOWED_S = 5.0  # for many


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who a fact says to have recorded it: the user, by which key."""

    pk: int
    name: str

    def __str__(self) -> str:
        return self.name

    @classmethod
    def of(cls, key: ApiKey) -> "Speaker":
        """Return who speaks by a key."""
        return cls(key.maker.pk, f"{key.maker} · {key.name} (API)")


def record(request: HttpRequest, sayings: Sequence[Saying]) -> list[Receipt]:
    """Record facts for the key that asks; raises Problem when the log takes nothing."""
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    try:
        return record_all(sayings, by=Speaker.of(key))
    except LogUnavailable as error:
        words = "The log cannot be written just now."
        raise Problem("not_now", words, headers={"Retry-After": "5"}) from error


def say(request: HttpRequest, kind: str, person: int, props: dict[str, Any], *, id: str, at: int | None = None) -> bool:
    """Record one fact about a person; return whether the tables show it already."""
    (receipt,) = record(request, [Saying(kind, props, id, person, at=at)])
    if receipt.outcome is Outcome.ERASED:
        raise Problem("not_found", "This person was erased.")
    if receipt.outcome not in (Outcome.ACCEPTED, Outcome.DUPLICATE):
        raise Problem("conflict", "The log holds another fact by this Idempotency-Key.")
    return wait_until_followed(receipt, FOLLOWED_S)


def require_followed() -> None:
    """A condition is only worth something against tables that show all that was said before; raises Problem."""
    if not shown_all():
        words = "The tables are behind the log, so it cannot be told whether it was changed."
        raise Problem("not_now", words, headers={"Retry-After": "2"})


def shown_all() -> bool:
    """Return whether the tables show all that the log holds by now, waiting for a while."""
    ends = [Receipt(shard, offset, Outcome.ACCEPTED) for shard, offset in the_log().end().items()]
    return all(wait_until_followed(each, FOLLOWED_S) for each in ends)


def said_before(request: HttpRequest, kind: str, history: Iterable[Event]) -> bool:
    """Whether an earlier attempt at this request, which died before it answered, has recorded its fact in a history."""
    key = (APP, fact_id(request))
    return any(event.key == key and event.kind == kind for event in history)


def history_after(person: int) -> list[Event]:
    """Return somebody's facts to answer with after one was kept; none when the log cannot be read just then."""
    try:
        return history_of(person)
    except LogUnavailable:
        return []


def all_followed(receipts: Sequence[Receipt]) -> bool:
    """Return whether the tables show all these facts, waiting for a while."""
    last: dict[int, Receipt] = {}
    for each in receipts:
        if each.offset and (each.shard not in last or last[each.shard].offset < each.offset):
            last[each.shard] = each
    return all(wait_until_followed(each, ALL_FOLLOWED_S) for each in last.values())
