"""What a message means: read into our words, and every reason why it cannot be; what must hold for any message."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embudo.collector.kind import KIND_ALIASES, KIND_OF_TYPE
from embudo.collector.message import MAX_EVENT_BYTES, event_of, told_by
from embudo.core.consent import Answer, Consent, ConsentMode
from embudo.core.event import HOUR, SECOND, Door, Event
from embudo.core.identity import carried
from embudo.core.intake import Drop, Envelope, Reason, Told
from embudo.core.kind import RESERVED_KINDS, TRUSTED_KINDS

NOW = 1_772_442_000 * SECOND  # 2026-03-02T09:00:00Z
SERVER = Envelope("norte", Door.SECRET, NOW)
BROWSER = Envelope("norte", Door.PUBLIC, NOW)


def message(**more: Any) -> dict[str, Any]:
    """A message that is an event as it stands."""
    return {"type": "track", "event": "Demo Requested", "messageId": "m1", "anonymousId": "b1"} | more


def taken(envelope: Envelope = SERVER, **more: Any) -> Event:
    """The event of a message."""
    event = event_of(message(**more), envelope)
    assert isinstance(event, Event), event
    return event


def reason(envelope: Envelope = SERVER, **more: Any) -> Reason:
    """Why a message is none."""
    drop = event_of(message(**more), envelope)
    assert isinstance(drop, Drop), drop
    return drop.reason


def told(**more: Any) -> Told:
    """What a message says."""
    said = told_by(message(**more))
    assert isinstance(said, Told), said
    return said


# -- limits and ids ------------------------------------------------------------------------------------


@pytest.mark.parametrize("other", [None, 7, "text", [], True])
def test_only_an_object_is_a_message(other: object) -> None:
    assert event_of(other, SERVER) == Drop(Reason.NOT_AN_OBJECT)


def test_a_message_may_be_as_large_as_the_limit_and_no_larger() -> None:
    assert isinstance(event_of(message(), SERVER, size_bytes=MAX_EVENT_BYTES), Event)
    drop = event_of(message(), SERVER, size_bytes=MAX_EVENT_BYTES + 1)
    assert isinstance(drop, Drop) and drop.reason is Reason.EVENT_TOO_LARGE


def test_depth_is_counted_only_where_the_text_could_be_deep() -> None:
    deep: Any = 1
    for _ in range(20):
        deep = [deep]
    assert reason(properties={"a": deep}) is Reason.TOO_DEEP
    assert isinstance(event_of(message(properties={"a": [[[1]]]}), SERVER, nesting=500), Event)


@pytest.mark.parametrize("given_id", [None, "", "  ", "x" * 257, ["x"], {"x": 1}, True, 1.5, 1 << 64])
def test_an_event_needs_a_usable_id(given_id: object) -> None:
    assert reason(messageId=given_id) is Reason.BAD_ID


@pytest.mark.parametrize(("given_id", "kept"), [("m", "m"), (" m ", "m"), (17, "17"), ("x" * 256, "x" * 256)])
def test_an_id_is_a_text_or_a_whole_number(given_id: object, kept: str) -> None:
    assert taken(messageId=given_id).id == kept


# -- kinds ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind_of_message", "kind"), sorted(KIND_OF_TYPE.items()))
def test_each_type_of_message_is_a_kind(kind_of_message: str, kind: str) -> None:
    assert taken(type=kind_of_message, userId="7").kind == kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Demo Requested", "demo_requested"),
        ("demoRequested", "demo_requested"),
        ("Order Completed", "purchase_made"),
        ("Email Marked as Spam", "mail_complained"),
        ("Formulário Enviado", "formulario_enviado"),
        ("  HTTPError!! 2 ", "http_error_2"),
        ("注文完了", "注文完了"),
    ],
)
def test_an_events_name_becomes_a_kind(name: str, kind: str) -> None:
    assert taken(event=name).kind == kind


@pytest.mark.parametrize("name", [None, "", "!!!", 7, ["A"]])
def test_a_track_message_needs_a_name(name: object) -> None:
    assert reason(event=name) is Reason.NO_EVENT_NAME


@pytest.mark.parametrize("other", [None, "trck", 7, ["track"]])
def test_another_type_is_no_message(other: object) -> None:
    assert reason(type=other) is Reason.UNKNOWN_TYPE


def test_no_alias_leads_around_the_doors() -> None:
    for alias, kind in KIND_ALIASES.items():
        assert event_of(message(event=alias), BROWSER) == event_of(message(event=kind), BROWSER)


# -- consent ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (None, None),
        ({}, None),
        ("yes", Answer(Consent.UNASKED)),
        ({"state": "given"}, Answer(Consent.GIVEN)),
        ({"state": "refused", "purposes": {"Ads & More": True}}, Answer(Consent.REFUSED, {"ads_more": True})),
        ({"state": ["given"], "purposes": [1]}, Answer(Consent.UNASKED)),
        ({"categoryPreferences": {}}, Answer(Consent.UNASKED, {})),
        (
            {"categoryPreferences": {"Analytics": True, "Advertising": False}},
            Answer(Consent.GIVEN, {"analytics": True, "advertising": False}),
        ),
        ({"categoryPreferences": {"Analytics": False}}, Answer(Consent.REFUSED, {"analytics": False})),
    ],
)
def test_consent_is_understood_as_ours_and_as_segments(said: object, answer: Answer | None) -> None:
    assert told(context={"consent": said}).consent == answer


def test_consent_is_asked_before_the_rest_is_held_against_a_message() -> None:
    strict = BROWSER._replace(mode=ConsentMode.REQUIRED)
    assert reason(strict, timestamp="yesterday", userId=["x"]) is Reason.CONSENT_MISSING


FAULTY: list[dict[str, Any]] = [
    {"messageId": ["x"]}, {"type": "trck"}, {"event": "!!!"}, {"properties": [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]},
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTY)
def test_a_message_that_is_no_event_is_not_kept_without_consent_either(fault: dict[str, Any]) -> None:
    said = fault | {"traits": {"email": "ana@norte.mx"}}
    refused = said | {"context": {"consent": {"state": "refused"}}}
    assert reason(BROWSER._replace(objects=True), **said) is Reason.CONSENT_REFUSED
    assert reason(BROWSER._replace(mode=ConsentMode.REQUIRED), **said) is Reason.CONSENT_MISSING
    assert reason(BROWSER, **refused) is reason(SERVER, **refused) is Reason.CONSENT_REFUSED
    assert reason(BROWSER, **said) is reason(SERVER, **said) and reason(BROWSER, **said).kept


def test_what_is_no_message_or_too_large_is_not_kept_without_consent_either() -> None:
    objecting = BROWSER._replace(objects=True)
    large = event_of(message(), objecting, size_bytes=MAX_EVENT_BYTES + 1)
    assert large == event_of(["ana@norte.mx"], objecting) == Drop(Reason.CONSENT_REFUSED)


def test_a_withdrawal_that_fails_is_kept() -> None:
    withdrawn = {"event": "consent_withdrawn", "messageId": ["x"], "context": {"consent": {"state": "refused"}}}
    assert reason(BROWSER._replace(objects=True), **withdrawn) is Reason.BAD_ID


# -- time ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stamp", "instant"),
    [
        ("2026-03-02T08:00:00Z", NOW - HOUR),
        ("2026-03-02T08:00:00.123456", NOW - HOUR + 123_456),
        ("2026-03-02T05:00:00.5-03:00", NOW - HOUR + 500_000),
        (1_772_438_400, NOW - HOUR),
        (1_772_438_400_250, NOW - HOUR + 250_000),
        (1_772_438_400.5, NOW - HOUR + 500_000),
    ],
)
def test_timestamps_are_iso_8601_or_numbers(stamp: object, instant: int) -> None:
    assert taken(timestamp=stamp).at == instant


@pytest.mark.parametrize("stamp", ["yesterday", "2026-13-01", [1], {"a": 1}, True, -5, 1e300, "0001-01-01T00:00:00"])
def test_another_timestamp_is_none(stamp: object) -> None:
    assert reason(timestamp=stamp) is Reason.BAD_TIME


def test_a_message_says_when_it_was_sent() -> None:
    assert told(sentAt="2026-03-02T09:00:00Z").sent_at == NOW
    assert told().sent_at is None
    stamps = {"timestamp": "2001-01-01T00:00:00Z", "sentAt": "2001-01-01T00:00:30+00:00"}
    assert taken(**stamps).at == NOW - 30 * SECOND


def test_a_time_that_was_corrected_to_before_1970_is_none() -> None:
    assert reason(timestamp=1, sentAt="2026-03-02T10:00:00Z") is Reason.BAD_TIME


# -- who ----------------------------------------------------------------------------------------------

TRAITS = {"email": "Ana@Norte.MX", "phone": "+52 55 1234-5678"}


@pytest.mark.parametrize(
    ("envelope", "said", "identifier"),
    [
        (SERVER, {"userId": "7", "traits": TRAITS}, "user:7"),
        (BROWSER, {"userId": "7", "traits": TRAITS}, "mail:ana@norte.mx"),
        (SERVER, {"traits": TRAITS}, "mail:ana@norte.mx"),
        (SERVER, {"traits": {"phone": TRAITS["phone"]}}, "phone:+525512345678"),
        (BROWSER, {"userId": "7"}, "user:7"),
        (BROWSER, {"userId": 7}, "user:7"),
        (BROWSER, {}, "anon:b1"),
        (BROWSER, {"properties": {"traits": TRAITS}}, "mail:ana@norte.mx"),
        (BROWSER, {"context": {"traits": TRAITS}}, "mail:ana@norte.mx"),
        (BROWSER, {"traits": {"email": "not a mail"}}, "anon:b1"),
        (BROWSER._replace(daily="h"), {}, "daily:h"),
        (BROWSER._replace(daily="h"), {"traits": TRAITS}, "mail:ana@norte.mx"),
    ],
)
def test_the_strongest_identifier_counts(envelope: Envelope, said: dict[str, Any], identifier: str) -> None:
    assert taken(envelope, type="identify", **said).identifier == identifier


def test_a_companys_mail_names_nobody() -> None:
    event = taken(type="group", groupId="g1", traits={"email": "info@norte.mx", "name": "Norte"})
    assert (event.identifier, event.props["group_id"]) == ("anon:b1", "g1")
    assert event.props["traits"] == {"company": "Norte"}
    assert event.props["company_traits"] == {"email": "info@norte.mx", "name": "Norte"}


def test_an_alias_says_who_it_was_before() -> None:
    event = taken(BROWSER, type="alias", userId="7", previousId="b2")
    assert event.props["previous_id"] == "b2"
    assert carried(event) == ("user:7", "anon:b2", "anon:b1")


@pytest.mark.parametrize("nobody", [None, ""])
def test_an_event_without_anybody_is_none(nobody: object) -> None:
    assert reason(anonymousId=nobody) is Reason.NO_IDENTIFIER


@pytest.mark.parametrize("odd", [{"a": 1}, ["x"], "x" * 300, True, 1.5])
def test_an_id_of_another_shape_names_nobody(odd: object) -> None:
    assert reason(userId=odd) is Reason.BAD_IDENTIFIER
    assert reason(anonymousId=odd) is Reason.BAD_IDENTIFIER


# -- any message --------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
KEYS = (
    "type event messageId anonymousId userId groupId previousId properties traits context timestamp sentAt "
    "originalTimestamp name category"
).split()
WORDS = st.sampled_from(["track", "page", "identify", "group", "alias", "screen", "Demo Requested", "a@b.co", "b1"])
PARTS = st.dictionaries(
    st.sampled_from("email phone url page referrer campaign library consent traits path dwell_s title amount".split()),
    JSON,
    max_size=5,
)
MESSAGES = st.fixed_dictionaries({}, optional=dict.fromkeys(KEYS, JSON | WORDS | PARTS))
ENVELOPES = st.builds(
    Envelope,
    site=st.just("norte"),
    door=st.sampled_from([Door.PUBLIC, Door.SECRET]),
    received_at=st.just(NOW),
    sent_at=st.none() | st.integers(0, 2 * NOW),
    mode=st.sampled_from(list(ConsentMode)),
    objects=st.booleans(),
    daily=st.sampled_from(["", "hash"]),
    marks=st.sampled_from([(), ("prefetch",), ("no_reading",)]),
    history=st.booleans(),
)


@given(MESSAGES | st.builds(lambda more: message() | more, MESSAGES), ENVELOPES)
def test_any_message_is_an_event_or_a_drop_with_a_reason(said: dict[str, Any], envelope: Envelope) -> None:
    outcome = event_of(said, envelope)
    if isinstance(outcome, Drop):
        assert outcome.reason in Reason
        return
    assert 0 <= outcome.at <= outcome.received_at == NOW
    assert outcome.known_at in (outcome.at, NOW)
    assert outcome.identifier and outcome.kind and outcome.id
    assert outcome.kind not in RESERVED_KINDS
    if envelope.door is Door.PUBLIC:
        assert not envelope.objects or outcome.kind == "consent_withdrawn"
        assert outcome.kind not in TRUSTED_KINDS
    for name in ("dwell_s", "scroll_share", "amount", "score"):
        assert isinstance(outcome.props.get(name, 0.0), float)
    for name in ("path", "url", "title", "topic", "name", "form"):
        assert isinstance(outcome.props.get(name, ""), str)


@given(MESSAGES, ENVELOPES)
def test_a_message_is_read_the_same_way_every_time(said: dict[str, Any], envelope: Envelope) -> None:
    assert event_of(said, envelope) == event_of(said, envelope)


def test_a_message_is_not_changed_by_reading_it() -> None:
    said = message(properties={"traits": {"email": "ana@norte.mx"}}, context={"page": {"url": "https://a.b/c"}})
    before = repr(said)
    event_of(said, BROWSER)
    assert repr(said) == before
