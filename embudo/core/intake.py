"""What a message from outside means: ordered steps that make it an event, or say why it cannot be one.

The wire is the Segment tracking API's message (type, messageId, anonymousId, userId, event, properties, traits,
context, timestamp). The door says in an Envelope what it knows besides: whose key, when, which browser.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from embudo.core.consent import Consent, ConsentMode, allows, consent_of, receipt
from embudo.core.event import MINUTE, Door, Event, Verdict, subject_of
from embudo.core.identity import identifiers
from embudo.core.kind import KIND_OF_TYPE, RESERVED_KINDS, kind_of, needs_trust
from embudo.core.message import MAX_ID, context_of, deeper_than, id_of, instant_of, part, props_of

MAX_EVENT_BYTES = 32 * 1024
MAX_BATCH_BYTES = 500 * 1024
MAX_BATCH_MESSAGES = 2_500
MAX_DEPTH = 16
MAX_AHEAD = 5 * MINUTE  # after correction; what lies further ahead is a failed event
IMPOSSIBLE_VIEWS = 30  # page views of one visitor within ten seconds
UNREAD_VIEWS = 10  # page views of one visitor in a row, none of which was read

MACHINE_MARKS = frozenset({"user_agent:bot", "user_agent:headless", "webdriver", "prefetch", "impossible_rate"})
DOUBT_MARKS = frozenset({"user_agent:missing", "no_reading"})


_NOT_SAID: Mapping[str, Any] = {}
_subject_of = lru_cache(maxsize=65_536)(subject_of)  # a visitor comes with more than one event


class Reason(StrEnum):
    """Why something that arrived is not an event of the log."""

    # refused: counted, the body is not kept
    UNKNOWN_KEY = "unknown_key"
    WRONG_DOMAIN = "wrong_domain"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    RATE_LIMITED = "rate_limited"
    CONSENT_MISSING = "consent_missing"
    CONSENT_REFUSED = "consent_refused"
    # failed: kept with its body, can be replayed
    BAD_COMPRESSION = "bad_compression"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    NOT_A_BATCH = "not_a_batch"
    EVENT_TOO_LARGE = "event_too_large"
    TOO_DEEP = "too_deep"
    BAD_ID = "bad_id"
    UNKNOWN_TYPE = "unknown_type"
    NO_EVENT_NAME = "no_event_name"
    RESERVED_KIND = "reserved_kind"
    KIND_NOT_ALLOWED = "kind_not_allowed"
    BAD_TIME = "bad_time"
    FROM_THE_FUTURE = "from_the_future"
    NO_IDENTIFIER = "no_identifier"
    BAD_IDENTIFIER = "bad_identifier"
    UNSTORABLE = "unstorable"

    @property
    def kept(self) -> bool:
        """Whether the body is kept as a failed event; otherwise it is only counted as refused."""
        return self not in REFUSALS


REFUSALS = frozenset(
    {
        Reason.UNKNOWN_KEY,
        Reason.WRONG_DOMAIN,
        Reason.TOO_LARGE,
        Reason.TOO_SLOW,
        Reason.RATE_LIMITED,
        Reason.CONSENT_MISSING,
        Reason.CONSENT_REFUSED,
    }
)


class Envelope(NamedTuple):
    """What the door knows of a request besides its messages. Instants in microseconds."""

    site: str  # the site's public id; becomes the event's source
    door: Door
    received_at: int
    sent_at: int | None = None  # by the sender's clock
    mode: ConsentMode = ConsentMode.IMPLIED
    objects: bool = False  # the browser sends Global Privacy Control or Do Not Track
    daily: str = ""  # hash of this visitor for today; where given, no other anonymous id is used
    marks: tuple[str, ...] = ()  # what speaks for a machine, e.g. "user_agent:bot"
    user_agent: str = ""
    place: str = ""  # coarse: a country or region
    history: bool = False  # facts of the past sent in bulk: known when they happened (assumed)


@dataclass(frozen=True, slots=True)
class Drop:
    """A message that does not become an event, and why."""

    reason: Reason
    detail: str = ""


class Draft:
    """A message on its way to be an event; the steps fill it in."""

    __slots__ = (
        "anonymous_id", "at", "consent", "context", "envelope", "id", "identifier", "kind", "message", "nesting",
        "props", "reasons", "size_bytes", "user_id", "verdict",
    )  # fmt: skip
    id: str
    kind: str
    at: int
    identifier: str
    anonymous_id: str | None
    user_id: str | None
    props: dict[str, Any]
    context: dict[str, Any]
    consent: Mapping[str, Any]

    def __init__(self, message: dict[str, Any], envelope: Envelope, size_bytes: int, nesting: int) -> None:
        self.message = message
        self.envelope = envelope
        self.size_bytes = size_bytes
        self.nesting = nesting
        self.verdict = Verdict.HUMAN
        self.reasons: tuple[str, ...] = ()

    def event(self) -> Event:
        """Return the event, after the last step."""
        site, door, received_at = self.envelope.site, self.envelope.door, self.envelope.received_at
        known_at, subject = self.at if self.envelope.history else received_at, _subject_of(self.identifier)
        return Event(
            site, self.id, self.kind, self.at, received_at, known_at, self.identifier, subject, door,
            self.verdict, self.reasons, self.anonymous_id, self.user_id, site, self.props, self.context, self.consent,
        )  # fmt: skip


def take(message: object, envelope: Envelope, *, size_bytes: int = 0, nesting: int = 1 << 30) -> Event | Drop:
    """Return the event a message stands for, or the Drop that says why there is none.

    `message` is what the JSON text holds, `size_bytes` that text's length, `nesting` an upper bound of its depth.
    """
    if not isinstance(message, dict):
        return Drop(Reason.NOT_AN_OBJECT)
    draft = Draft(message, envelope, size_bytes, nesting)
    for step in STEPS:
        drop = step(draft)
        if drop is not None:
            return drop
    return draft.event()


def check_limits(draft: Draft) -> Drop | None:
    """Drop what is larger or deeper than an event may be."""
    if draft.size_bytes > MAX_EVENT_BYTES:
        return Drop(Reason.EVENT_TOO_LARGE, f"{draft.size_bytes} bytes, the limit is {MAX_EVENT_BYTES}")
    if draft.nesting > MAX_DEPTH and deeper_than(draft.message, MAX_DEPTH):
        return Drop(Reason.TOO_DEEP, f"nested deeper than {MAX_DEPTH} levels")
    return None


def read_id(draft: Draft) -> Drop | None:
    """Take the client's id: with the site it is the key of exactly-once."""
    given = id_of(draft.message.get("messageId"))
    if given is None:
        return Drop(Reason.BAD_ID, f"messageId must be a text of 1 to {MAX_ID} characters")
    draft.id = given
    return None


def name_kind(draft: Draft) -> Drop | None:
    """Map the message's type and event name to a kind of ours."""
    type_, name = draft.message.get("type"), draft.message.get("event")
    if type_ == "track":
        draft.kind = kind_of(name) if isinstance(name, str) else ""
        return None if draft.kind else Drop(Reason.NO_EVENT_NAME, "a track message needs its event's name")
    draft.kind = KIND_OF_TYPE.get(type_, "") if isinstance(type_, str) else ""
    return None if draft.kind else Drop(Reason.UNKNOWN_TYPE, str(type_)[:80])


def check_door(draft: Draft) -> Drop | None:
    """Drop the kinds that this door may not say."""
    if draft.kind in RESERVED_KINDS:
        return Drop(Reason.RESERVED_KIND, draft.kind)
    if draft.envelope.door is Door.PUBLIC and needs_trust(draft.kind):
        return Drop(Reason.KIND_NOT_ALLOWED, f"{draft.kind} needs a secret key")
    return None


def check_consent(draft: Draft) -> Drop | None:
    """Drop what the visitor did not agree to, as the site's mode asks; a server speaks for itself and is believed."""
    envelope = draft.envelope
    given = part(draft.message, "context").get("consent")
    if given is None and envelope.door is not Door.PUBLIC:
        draft.consent = _NOT_SAID
        return None
    answer = consent_of(given, objects=envelope.objects)
    draft.consent = receipt(envelope.mode, answer, given, objects=envelope.objects)
    if envelope.door is not Door.PUBLIC or draft.kind == "consent_withdrawn" or allows(envelope.mode, answer):
        return None
    return Drop(Reason.CONSENT_REFUSED if answer is Consent.REFUSED else Reason.CONSENT_MISSING)


def set_time(draft: Draft) -> Drop | None:
    """Correct the sender's clock: what it called now when sending (sentAt) is when the message was received."""
    message, received_at = draft.message, draft.envelope.received_at
    given = message.get("timestamp") or message.get("originalTimestamp")
    if given is None:
        draft.at = received_at
        return None
    at = instant_of(given)
    if at is None:
        return Drop(Reason.BAD_TIME, str(given)[:80])
    sent_at = draft.envelope.sent_at
    if sent_at is None:
        sent_at = instant_of(message.get("sentAt"))
    if sent_at is not None:
        at += received_at - sent_at
    if at < 0:
        return Drop(Reason.BAD_TIME, str(given)[:80])
    if at > received_at + MAX_AHEAD:
        return Drop(Reason.FROM_THE_FUTURE, f"{(at - received_at) // 1_000_000} s ahead")
    draft.at = min(at, received_at)
    return None


def describe(draft: Draft) -> Drop | None:
    """Bring context, properties and traits to the names that rules and screens read."""
    envelope = draft.envelope
    context = draft.context = context_of(draft.message)
    if envelope.user_agent and envelope.door is Door.PUBLIC:
        context.setdefault("user_agent", envelope.user_agent)
    if envelope.place:
        context["place"] = envelope.place
    draft.props = props_of(draft.message, context)
    return None


def choose_identifier(draft: Draft) -> Drop | None:
    """Take the strongest identifier the message itself carries (core/identity.py); a company's traits name nobody."""
    message, daily = draft.message, draft.envelope.daily
    user, anonymous = message.get("userId"), None if daily else message.get("anonymousId")
    draft.user_id, draft.anonymous_id = id_of(user), id_of(anonymous)
    if (user and draft.user_id is None) or (anonymous and draft.anonymous_id is None):
        return Drop(Reason.BAD_IDENTIFIER, f"an id is a text of at most {MAX_ID} characters")
    found = identifiers(
        door=draft.envelope.door,
        user_id=draft.user_id,
        anonymous_id=draft.anonymous_id,
        traits={} if draft.kind == "company_changed" else draft.props.get("traits", {}),
    )
    if not found and not daily:
        return Drop(Reason.NO_IDENTIFIER, "neither userId nor anonymousId nor a mail address")
    draft.identifier = found[0] if found else f"daily:{daily}"
    return None


def judge(draft: Draft) -> Drop | None:
    """Say who is behind it. A server is human by source; a browser is human unless something speaks against it."""
    marks = draft.envelope.marks
    if marks and draft.envelope.door is Door.PUBLIC:
        draft.reasons = marks
        if not MACHINE_MARKS.isdisjoint(marks):
            draft.verdict = Verdict.MACHINE
        elif not DOUBT_MARKS.isdisjoint(marks):
            draft.verdict = Verdict.UNVERIFIED
    return None


STEPS: tuple[Callable[[Draft], Drop | None], ...] = (
    check_limits,
    read_id,
    name_kind,
    check_door,
    check_consent,
    set_time,
    describe,
    choose_identifier,
    judge,
)
