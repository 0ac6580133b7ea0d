"""From a parcel to events: opens the envelope, takes each message, and sorts what fails from what is refused."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from embudo.collector.daily import Salts
from embudo.collector.failure import body_of, failure_of
from embudo.collector.field import instant_of, part
from embudo.collector.message import event_of
from embudo.collector.message_id import id_without_one
from embudo.collector.phone import complete
from embudo.collector.place import Places
from embudo.collector.routes import HISTORY, ROUTES
from embudo.collector.sites import Key
from embudo.collector.suspicion import HeadersOf, Visitors, marks_of
from embudo.collector.wire import Parcel, Piece
from embudo.core.consent import ConsentMode
from embudo.core.event import Door, Event
from embudo.core.intake import Drop, Envelope, Reason, refusal
from embudo.eventlog import Failure, Outcome, Receipt

_OF_THE_LOG = {Outcome.CONFLICT: Reason.ID_REUSED, Outcome.FAILED: Reason.UNSTORABLE}


@dataclass(slots=True)
class Sorted:
    """What became of a parcel's messages."""

    events: list[Event] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    drops: list[tuple[int, Drop]] = field(default_factory=list)  # by the message's index, failed and refused ones
    size_bytes: int = 0

    @property
    def refused(self) -> list[Reason]:
        """The reasons of the messages that are only counted."""
        return [drop.reason for _, drop in self.drops if not drop.reason.kept]

    def turned_down(self, receipts: Sequence[Receipt]) -> list[tuple[int, Drop]]:
        """Return what the log kept as failed instead of as events, by the message's index."""
        dropped = {index for index, _ in self.drops}
        places = [index for index in range(len(receipts) + len(dropped)) if index not in dropped]
        kept = zip(places, receipts, strict=True)
        return [(place, Drop(_OF_THE_LOG[each.outcome])) for place, each in kept if each.outcome in _OF_THE_LOG]


class Sorter:
    """Sorts parcels; remembers for some seconds what each visitor did."""

    def __init__(self, salts: Salts, visitors: Visitors, places: Places, now: Callable[[], int]) -> None:
        self._salts, self._visitors, self._places, self._now = salts, visitors, places, now

    def of_server(self, parcel: Parcel, key: Key, path: str) -> Sorted:
        """Sort what a server sent with a secret key to an address."""
        history = path == HISTORY
        envelope = Envelope(key.site.id, key.door, self._now(), _sent_at(parcel), key.site.mode, history=history)
        return self._sort(parcel, key, path, envelope)

    def of_browser(self, parcel: Parcel, key: Key, path: str, headers: HeadersOf, address: str) -> Sorted:
        """Sort what a browser sent with a public key to an address; `address` is its own on the network."""
        return self._sort(parcel, key, path, self._envelope(key, headers, _sent_at(parcel), address))

    def _sort(self, parcel: Parcel, key: Key, path: str, envelope: Envelope) -> Sorted:
        result, alone = Sorted(size_bytes=parcel.size_bytes), bool(ROUTES[path])
        for index, piece in enumerate(parcel.pieces):
            taken = self._take(piece, envelope)
            if isinstance(taken, Event):
                result.events.append(taken)
                continue
            result.drops.append((index, taken))
            if taken.reason.kept:
                body = piece.raw if alone else body_of(piece, parcel)
                result.failures.append(failure_of(key, path, taken, body, envelope.received_at))
        return result

    def _envelope(self, key: Key, headers: HeadersOf, sent_at: int | None, address: str) -> Envelope:
        user_agent = headers.get("user-agent") or ""
        received_at = self._now()
        daily = ""
        if key.site.mode is ConsentMode.COOKIELESS:
            daily = self._salts.visitor(key.site.id, address, user_agent, at=received_at)
        return Envelope(
            key.site.id,
            key.door,
            received_at,
            sent_at,
            key.site.mode,
            objects=_objects(headers),
            daily=daily,
            marks=marks_of(headers, user_agent),
            user_agent=user_agent[:512],
            place=self._places.of(address),
        )

    def _take(self, piece: Piece, envelope: Envelope) -> Event | Drop:
        message, raw = piece.message, piece.raw
        if not isinstance(message, dict):
            unread = Drop(Reason.NOT_JSON if message is None and raw != b"null" else Reason.NOT_AN_OBJECT)
            return refusal(envelope) or unread
        if message.get("messageId") is None:
            message["messageId"] = id_without_one(message)
        if b"hone" in raw or b"mobile" in raw:
            complete(message)
        if envelope.door is Door.PUBLIC and (marks := self._behaviour(message, envelope)):
            envelope = envelope._replace(marks=envelope.marks + marks)
        return event_of(message, envelope, size_bytes=piece.size_bytes, nesting=piece.nesting)

    def _behaviour(self, message: dict[str, Any], envelope: Envelope) -> tuple[str, ...]:
        visitor = envelope.daily or message.get("anonymousId") or message.get("userId")
        marks = self._visitors.marks(f"{envelope.site} {visitor}"[:200], message)
        return (*marks, "webdriver") if part(message, "context").get("webdriver") is True else marks


def _sent_at(parcel: Parcel) -> int | None:
    return None if parcel.sent_at is None else instant_of(parcel.sent_at)


def refusal_unread(key: Key, headers: HeadersOf) -> Drop | None:
    """Return the Drop of a body that nobody can read and that may not be kept, either."""
    return refusal(Envelope(key.site.id, key.door, 0, mode=key.site.mode, objects=_objects(headers)))


def _objects(headers: HeadersOf) -> bool:
    return "1" in (headers.get("sec-gpc"), headers.get("dnt"))
