"""From a parcel to events: opens the envelope, takes each message, and sorts what fails from what is refused."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from embudo.collector.daily import Salts
from embudo.collector.field import instant_of, part
from embudo.collector.message import event_of
from embudo.collector.phone import complete
from embudo.collector.sites import Key
from embudo.collector.suspicion import HeadersOf, Visitors, marks_of
from embudo.collector.wire import Parcel, Piece, nesting_of, without_key
from embudo.core.consent import ConsentMode
from embudo.core.event import Door, Event
from embudo.core.intake import Drop, Envelope, Reason, refusal
from embudo.eventlog import Failure


@dataclass(slots=True)
class Sorted:
    """What became of a parcel's messages."""

    events: list[Event] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    drops: list[tuple[int, Drop]] = field(default_factory=list)  # by the message's index, failed and refused ones

    @property
    def refused(self) -> list[Reason]:
        """The reasons of the messages that are only counted."""
        return [drop.reason for _, drop in self.drops if not drop.reason.kept]


class Sorter:
    """Sorts parcels; remembers for some seconds what each visitor did."""

    def __init__(self, salts: Salts, visitors: Visitors, now: Callable[[], int]) -> None:
        self._salts, self._visitors, self._now = salts, visitors, now

    def of_server(self, parcel: Parcel, key: Key, *, history: bool = False) -> Sorted:
        """Sort what a server sent with a secret key."""
        envelope = Envelope(key.site.id, key.door, self._now(), _sent_at(parcel), key.site.mode, history=history)
        return self._sort(parcel, key, envelope)

    def of_browser(self, parcel: Parcel, key: Key, headers: HeadersOf, address: str) -> Sorted:
        """Sort what a browser sent with a public key."""
        return self._sort(parcel, key, self._envelope(key, headers, _sent_at(parcel), address))

    def _sort(self, parcel: Parcel, key: Key, envelope: Envelope) -> Sorted:
        result = Sorted()
        for index, piece in enumerate(parcel.pieces):
            taken = self._take(piece, envelope)
            if isinstance(taken, Event):
                result.events.append(taken)
                continue
            result.drops.append((index, taken))
            if taken.reason.kept:
                body = with_sent_at(piece.raw, parcel.sent_at)
                result.failures.append(failure_of(key, taken, body, envelope.received_at))
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
        )

    def _take(self, piece: Piece, envelope: Envelope) -> Event | Drop:
        message, raw = piece
        if not isinstance(message, dict):
            unread = Drop(Reason.NOT_JSON if message is None and raw != b"null" else Reason.NOT_AN_OBJECT)
            return refusal(envelope) or unread
        if message.get("messageId") is None:
            message["messageId"] = uuid4().hex
        if b"hone" in raw or b"mobile" in raw:
            complete(message)
        if envelope.door is Door.PUBLIC and (marks := self._behaviour(message, envelope)):
            envelope = envelope._replace(marks=envelope.marks + marks)
        return event_of(message, envelope, size_bytes=len(raw), nesting=nesting_of(raw))

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


def failure_of(key: Key, drop: Drop, body: bytes, received_at: int) -> Failure:
    """Return the failed event of a body; its detail starts with the door, which a replay needs."""
    detail = f"{key.door.value} key: {drop.detail}"
    return Failure(key.site.id, drop.reason.value, without_key(body), received_at, detail)


def with_sent_at(raw: bytes, sent_at: Any) -> bytes:
    """Return a message of a batch with the batch's sentAt in it, so that a replay corrects the clock alike."""
    if not isinstance(sent_at, str) or not raw.startswith(b"{") or b'"sentAt"' in raw or not sent_at.isascii():
        return raw
    inside = raw[1:].lstrip()
    comma = b"" if inside.startswith(b"}") else b","
    stamp = sent_at.replace("\\", "").replace('"', "").encode()
    return b'{"sentAt":"' + stamp + b'"' + comma + inside
