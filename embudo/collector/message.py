"""What a message of the Segment wire means in our words: the tracking API's fields, read into what core judges.

A message is type, messageId, anonymousId, userId, event, properties, traits, context, timestamp and sentAt.
"""

from typing import Any

from embudo.collector.context import context_of
from embudo.collector.field import MAX_ID, Message, id_of, instant_of, part
from embudo.collector.kind import KIND_OF_TYPE, kind_of
from embudo.collector.props import props_of
from embudo.collector.spelling import snake_case
from embudo.collector.wire import deeper_than
from embudo.core.consent import Answer, Consent
from embudo.core.event import Event
from embudo.core.intake import Drop, Envelope, Reason, Told, refusal, take

MAX_EVENT_BYTES = 32 * 1024
MAX_DEPTH = 16

_BAD_ID = Drop(Reason.BAD_ID, f"messageId must be a text of 1 to {MAX_ID} characters")
_BAD_IDENTIFIER = Drop(Reason.BAD_IDENTIFIER, f"an id is a text of at most {MAX_ID} characters")


def event_of(message: object, envelope: Envelope, *, size_bytes: int = 0, nesting: int = 1 << 30) -> Event | Drop:
    """Return the event a message stands for, or the Drop that says why there is none.

    `message` is what the JSON text holds, `size_bytes` that text's length, `nesting` an upper bound of its depth.
    """
    told = told_by(message, size_bytes=size_bytes, nesting=nesting)
    return _refusal_of(message, envelope) or told if isinstance(told, Drop) else take(told, envelope)


def told_by(message: object, *, size_bytes: int = 0, nesting: int = 1 << 30) -> Told | Drop:
    """Return what a message says, or the Drop of one that is too large, too deep, or has no id or kind."""
    if not isinstance(message, dict):
        return Drop(Reason.NOT_AN_OBJECT)
    if size_bytes > MAX_EVENT_BYTES:
        return Drop(Reason.EVENT_TOO_LARGE, f"{size_bytes} bytes, the limit is {MAX_EVENT_BYTES}")
    if nesting > MAX_DEPTH and deeper_than(message, MAX_DEPTH):
        return Drop(Reason.TOO_DEEP, f"nested deeper than {MAX_DEPTH} levels")
    own_id = id_of(message.get("messageId"))
    if own_id is None:
        return _BAD_ID
    kind = _kind_of(message)
    if isinstance(kind, Drop):
        return kind
    context = context_of(message)
    return Told(
        own_id,
        kind,
        _identifier_of(message.get("userId")),
        _identifier_of(message.get("anonymousId")),
        _time_of(message),
        instant_of(message["sentAt"]) if "sentAt" in message else None,
        props_of(message, context),
        context,
        _consent_of(message),
    )


def _refusal_of(message: object, envelope: Envelope) -> Drop | None:
    """Whether what says too little to be an event says enough, or the door knows enough, not to keep it."""
    if not isinstance(message, dict):
        return refusal(envelope)
    kind = _kind_of(message)
    return refusal(envelope, _consent_of(message), kind if isinstance(kind, str) else "")


def _consent_of(message: Message) -> Answer | None:
    return _answer_of(part(message, "context").get("consent"))


def _kind_of(message: Message) -> str | Drop:
    type_, name = message.get("type"), message.get("event")
    if type_ == "track":
        kind = kind_of(name) if isinstance(name, str) else ""
        return kind or Drop(Reason.NO_EVENT_NAME, "a track message needs its event's name")
    kind = KIND_OF_TYPE.get(type_, "") if isinstance(type_, str) else ""
    return kind or Drop(Reason.UNKNOWN_TYPE, str(type_)[:80])


def _identifier_of(given: object) -> str | Drop | None:
    if given is None:
        return None
    found = id_of(given)
    return _BAD_IDENTIFIER if found is None and given else found


def _time_of(message: Message) -> int | Drop | None:
    given = message.get("timestamp") or message.get("originalTimestamp")
    if given is None:
        return None
    at = instant_of(given)
    return Drop(Reason.BAD_TIME, str(given)[:80]) if at is None else at


def _answer_of(given: Any) -> Answer | None:
    """Understood: {"state": "given"} and Segment's {"categoryPreferences": {"analytics": true}}."""
    if not given:
        return None
    if not isinstance(given, dict):
        return Answer(Consent.UNASKED)
    state, preferences = given.get("state"), given.get("categoryPreferences")
    if state == "given" or state == "refused":
        consent = Consent.GIVEN if state == "given" else Consent.REFUSED
    elif isinstance(preferences, dict) and preferences:
        consent = Consent.GIVEN if any(each is True for each in preferences.values()) else Consent.REFUSED
    else:
        consent = Consent.UNASKED
    purposes = given.get("purposes") or preferences
    if not isinstance(purposes, dict):
        return Answer(consent)
    return Answer(consent, {snake_case(key): value is True for key, value in purposes.items()})
