"""What is told from outside means: ordered steps that make it an event, or say why it cannot be one.

Told is what the sender says, in our words (collector/message.py reads it from the wire); the door says in an
Envelope what it knows besides: whose key, when, which browser.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from embudo.core.consent import Answer, Consent, ConsentMode, allows, consent_of, receipt
from embudo.core.event import MINUTE, Door, Event, Verdict, subject_of
from embudo.core.funnel import DISCARDED, STAGES
from embudo.core.identity import identifiers
from embudo.core.kind import RESERVED_KINDS, needs_trust
from embudo.core.money import read_money

MAX_AHEAD = 5 * MINUTE  # after correction; what lies further ahead is a failed event
IMPOSSIBLE_VIEWS = 30  # page views of one visitor within ten seconds
UNREAD_VIEWS = 10  # page views of one visitor in a row, none of which was read

MACHINE_MARKS = frozenset(
    "user_agent:bot user_agent:headless webdriver prefetch impossible_rate robots_txt feed_reader".split()
)
REPLAYED = "replayed"  # a failed event taken in again: what its door knew is forgotten
DOUBT_MARKS = frozenset({"user_agent:missing", "no_reading", "no_assets", REPLAYED})

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
    FAILED_QUOTA = "failed_quota"  # it failed, and there is no room for its body
    ERASED = "erased"  # of a person who was erased, from before the erasure
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
    UNKNOWN_STAGE = "unknown_stage"
    BAD_TIME = "bad_time"
    FROM_THE_FUTURE = "from_the_future"
    NO_IDENTIFIER = "no_identifier"
    BAD_IDENTIFIER = "bad_identifier"
    UNSTORABLE = "unstorable"
    ID_REUSED = "id_reused"  # the log has another event by this key
    SUBJECT_COLLISION = "subject_collision"  # in the log, and counted for nobody (decisions/0001)
    NOT_FOLLOWED = "not_followed"  # in the log, and its person could not be computed

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
        Reason.FAILED_QUOTA,
        Reason.ERASED,
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
    place: Mapping[str, str] = {}  # coarse: country (ISO 3166), region and city, as far as known
    history: bool = False  # facts of the past sent in bulk: known when they happened (assumed)


@dataclass(frozen=True, slots=True)
class Drop:
    """A message that does not become an event, and why."""

    reason: Reason
    detail: str = ""


class Told(NamedTuple):
    """What one message says, in our words. Where it says what nobody can use stands the Drop its step returns."""

    id: str  # the sender's; with the site it is the key of exactly-once
    kind: str
    user_id: str | Drop | None = None
    anonymous_id: str | Drop | None = None
    at: int | Drop | None = None  # when it happened, by the sender's clock
    sent_at: int | None = None  # when it was sent, by the same clock
    props: Mapping[str, Any] = _NOT_SAID
    context: Mapping[str, Any] = _NOT_SAID
    consent: Answer | None = None


class Draft:
    """What is told on its way to be an event; the steps fill it in."""

    __slots__ = ("anonymous_id", "at", "consent", "context", "envelope", "identifier", "reasons", "told", "user_id",
                 "verdict")  # fmt: skip
    at: int
    identifier: str
    anonymous_id: str | None
    user_id: str | None
    context: Mapping[str, Any]
    consent: Mapping[str, Any]

    def __init__(self, told: Told, envelope: Envelope) -> None:
        self.told = told
        self.envelope = envelope
        self.verdict = Verdict.HUMAN
        self.reasons: tuple[str, ...] = ()

    def event(self) -> Event:
        """Return the event, after the last step."""
        told, site, received_at = self.told, self.envelope.site, self.envelope.received_at
        known_at, subject = self.at if self.envelope.history else received_at, _subject_of(self.identifier)
        return Event(
            site, told.id, told.kind, self.at, received_at, known_at, self.identifier, subject, self.envelope.door,
            self.verdict, self.reasons, self.anonymous_id, self.user_id, site, told.props, self.context, self.consent,
        )  # fmt: skip


def take(told: Told, envelope: Envelope) -> Event | Drop:
    """Return the event that what is told stands for, or the Drop that says why there is none."""
    draft = Draft(told, envelope)
    for step in STEPS:
        drop = step(draft)
        if drop is not None:
            return drop
    return draft.event()


def check_door(draft: Draft) -> Drop | None:
    """Drop the kinds that this door may not say."""
    kind = draft.told.kind
    if kind in RESERVED_KINDS:
        return Drop(Reason.RESERVED_KIND, kind)
    if draft.envelope.door is Door.PUBLIC and needs_trust(kind):
        return Drop(Reason.KIND_NOT_ALLOWED, f"{kind} needs a secret key")
    return None


def check_stage(draft: Draft) -> Drop | None:
    """Drop a stage set by a server that no definition knows; it can be taken in again once one does."""
    stage = draft.told.props.get("stage")
    if draft.told.kind != "stage_set" or stage in (*STAGES, DISCARDED):
        return None
    return Drop(Reason.UNKNOWN_STAGE, f"{str(stage)[:80]!r} is none of {', '.join((*STAGES, DISCARDED))}")


def read_amount(draft: Draft) -> Drop | None:
    """Set an amount or a currency aside that is none: what was bought stays bought, for a price that is not known."""
    told = draft.told
    props, unusable = read_money(told.kind, told.props)
    if unusable:
        props = {**props, "unusable": {**props.get("unusable", _NOT_SAID), **unusable}}
    if props is not told.props:
        draft.told = told._replace(props=props)
    return None


def check_consent(draft: Draft) -> Drop | None:
    """Drop what the visitor did not agree to, before any other fault of it could keep its body."""
    envelope, answer = draft.envelope, draft.told.consent
    if answer is None and envelope.door is not Door.PUBLIC:
        draft.consent = _NOT_SAID
        return None
    consent = consent_of(answer, objects=envelope.objects)
    draft.consent = receipt(envelope.mode, consent, answer, objects=envelope.objects)
    return refusal(envelope, answer, draft.told.kind)


def refusal(envelope: Envelope, answer: Answer | None = None, kind: str = "") -> Drop | None:
    """Return the Drop of what the visitor did not agree to: by the site's mode, of a server only what it says itself.

    Taking consent back is always recorded. Call this also where nothing could be read: no body is kept without consent.
    """
    consent = consent_of(answer, objects=envelope.objects)
    if kind == "consent_withdrawn" or allows(envelope.mode, consent):
        return None
    if consent is Consent.REFUSED:
        return Drop(Reason.CONSENT_REFUSED)
    return Drop(Reason.CONSENT_MISSING) if envelope.door is Door.PUBLIC else None


def set_time(draft: Draft) -> Drop | None:
    """Correct the sender's clock: what it called now when sending is when the message was received."""
    at, sent_at, received_at = draft.told.at, draft.envelope.sent_at, draft.envelope.received_at
    if at is None:
        draft.at = received_at
        return None
    if isinstance(at, Drop):
        return at
    if sent_at is None:
        sent_at = draft.told.sent_at
    if sent_at is not None:
        at += received_at - sent_at
    if at < 0:
        return Drop(Reason.BAD_TIME, "it lies before 1970")
    if at > received_at + MAX_AHEAD:
        return Drop(Reason.FROM_THE_FUTURE, f"{(at - received_at) // 1_000_000} s ahead")
    draft.at = min(at, received_at)
    return None


def describe(draft: Draft) -> Drop | None:
    """Add what only the door knows: a browser that does not name itself, a coarse place, that a time is assumed."""
    envelope, context = draft.envelope, draft.told.context
    if envelope.user_agent and envelope.door is Door.PUBLIC and "user_agent" not in context:
        context = {**context, "user_agent": envelope.user_agent}
    if envelope.history and draft.told.at is not None:
        context = {**context, "known_at": "assumed"}  # as in an import that does not say it (DESIGN 9.8)
    draft.context = {**context, "place": envelope.place} if envelope.place else context
    return None


def choose_identifier(draft: Draft) -> Drop | None:
    """Take the strongest identifier the message itself carries (core/identity.py); a company's traits name nobody."""
    told, daily = draft.told, draft.envelope.daily
    user_id, anonymous_id = told.user_id, None if daily else told.anonymous_id
    if isinstance(user_id, Drop):
        return user_id
    if isinstance(anonymous_id, Drop):
        return anonymous_id
    draft.user_id, draft.anonymous_id = user_id, anonymous_id
    traits = _NOT_SAID if told.kind == "company_changed" else told.props.get("traits", _NOT_SAID)
    found = identifiers(door=draft.envelope.door, user_id=user_id, anonymous_id=anonymous_id, traits=traits)
    if not found and not daily:
        return Drop(Reason.NO_IDENTIFIER, "neither userId nor anonymousId nor a mail address")
    draft.identifier = found[0] if found else f"daily:{daily}"
    return None


def judge(draft: Draft) -> Drop | None:
    """Say who is behind it. A server is human by source; a browser is human unless something speaks against it."""
    if draft.envelope.marks and draft.envelope.door is Door.PUBLIC:
        draft.reasons = draft.envelope.marks
        draft.verdict = verdict_of(draft.envelope.marks)
    return None


def verdict_of(marks: Collection[str]) -> Verdict:
    """Return who is behind an event of a browser against which these marks speak."""
    if not MACHINE_MARKS.isdisjoint(marks):
        return Verdict.MACHINE
    return Verdict.HUMAN if DOUBT_MARKS.isdisjoint(marks) else Verdict.UNVERIFIED


STEPS: tuple[Callable[[Draft], Drop | None], ...] = (
    check_consent,
    check_door,
    check_stage,
    read_amount,
    set_time,
    describe,
    choose_identifier,
    judge,
)
