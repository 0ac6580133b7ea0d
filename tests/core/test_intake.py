"""What is told from outside means: every step that makes an event of it, or says why it is none."""

from typing import Any

import pytest

from embudo.core.consent import Answer, Consent, ConsentMode
from embudo.core.event import HOUR, MINUTE, SECOND, Door, Event, Verdict
from embudo.core.funnel import DISCARDED, STAGES
from embudo.core.intake import (
    DOUBT_MARKS,
    MACHINE_MARKS,
    MAX_AHEAD,
    REFUSALS,
    STEPS,
    Drop,
    Envelope,
    Reason,
    Told,
    take,
    verdict_of,
)
from embudo.core.kind import RESERVED_KINDS, TRUSTED_KINDS

NOW = 1_772_442_000 * SECOND  # 2026-03-02T09:00:00Z
SERVER = Envelope("norte", Door.SECRET, NOW)
BROWSER = Envelope("norte", Door.PUBLIC, NOW)
DEMO = Told("m1", "demo_requested", anonymous_id="b1")


def taken(envelope: Envelope = SERVER, **more: Any) -> Event:
    """The event of what is told."""
    event = take(DEMO._replace(**more), envelope)
    assert isinstance(event, Event), event
    return event


def reason(envelope: Envelope = SERVER, **more: Any) -> Reason:
    """Why what is told is none."""
    drop = take(DEMO._replace(**more), envelope)
    assert isinstance(drop, Drop), drop
    return drop.reason


# -- doors --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(RESERVED_KINDS))
def test_what_embudo_itself_says_comes_from_no_door(kind: str) -> None:
    assert reason(kind=kind) is Reason.RESERVED_KIND
    assert reason(BROWSER, kind=kind) is Reason.RESERVED_KIND


@pytest.mark.parametrize(
    "kind", sorted({*TRUSTED_KINDS, "opportunity_won", "handoff_accepted", "mail_clicked", "mail_confirmed"})
)
def test_moves_of_the_funnel_need_a_secret_key(kind: str) -> None:
    assert reason(BROWSER, kind=kind) is Reason.KIND_NOT_ALLOWED
    assert taken(kind=kind, props={"stage": "lead"}).kind == kind


# -- consent ------------------------------------------------------------------------------------------

GIVEN, REFUSED = Answer(Consent.GIVEN), Answer(Consent.REFUSED)


@pytest.mark.parametrize(
    ("mode", "answer", "becomes"),
    [
        ("required", None, Reason.CONSENT_MISSING),
        ("required", GIVEN, None),
        ("required", REFUSED, Reason.CONSENT_REFUSED),
        ("implied", None, None),
        ("implied", GIVEN, None),
        ("implied", REFUSED, Reason.CONSENT_REFUSED),
        ("cookieless", None, None),
        ("cookieless", REFUSED, Reason.CONSENT_REFUSED),
    ],
)
def test_the_sites_mode_says_what_consent_allows(mode: str, answer: Answer | None, becomes: Reason | None) -> None:
    told = DEMO._replace(consent=answer)
    drop = take(told, BROWSER._replace(mode=ConsentMode(mode)))
    assert (drop.reason if isinstance(drop, Drop) else None) is becomes
    of_server = take(told, SERVER._replace(mode=ConsentMode(mode)))
    assert of_server == Drop(Reason.CONSENT_REFUSED) if answer is REFUSED else isinstance(of_server, Event)


@pytest.mark.parametrize("mode", list(ConsentMode))
def test_a_browser_that_objects_has_refused_whatever_it_said_before(mode: ConsentMode) -> None:
    assert reason(BROWSER._replace(mode=mode, objects=True), consent=GIVEN) is Reason.CONSENT_REFUSED


def test_taking_consent_back_is_always_recorded() -> None:
    strict = BROWSER._replace(mode=ConsentMode.REQUIRED, objects=True)
    event = taken(strict, kind="consent_withdrawn", consent=REFUSED)
    assert event.consent == {"state": "refused", "mode": "required", "objects": True}


def test_a_server_that_forwards_a_withdrawal_is_heard() -> None:
    assert taken(kind="consent_withdrawn", consent=REFUSED).kind == "consent_withdrawn"
    assert isinstance(take(DEMO._replace(consent=Answer(Consent.UNASKED)), SERVER), Event)


@pytest.mark.parametrize("kind", ["purchase_made", "people_merged"])
def test_a_refusal_wins_over_what_the_door_would_keep_as_failed(kind: str) -> None:
    assert reason(BROWSER._replace(objects=True), kind=kind) is Reason.CONSENT_REFUSED
    assert reason(BROWSER, kind=kind, consent=REFUSED) is Reason.CONSENT_REFUSED
    assert reason(BROWSER._replace(mode=ConsentMode.REQUIRED), kind=kind) is Reason.CONSENT_MISSING


def test_an_event_keeps_the_purposes_agreed_to() -> None:
    answer = Answer(Consent.GIVEN, {"analytics": True, "advertising": False})
    event = taken(BROWSER._replace(mode=ConsentMode.REQUIRED), consent=answer)
    assert event.consent == {"state": "given", "mode": "required", "purposes": answer.purposes}
    assert taken(BROWSER).consent == taken().consent == {}


# -- money --------------------------------------------------------------------------------------------


def test_what_was_bought_counts_without_an_amount_that_is_none() -> None:
    props = {"amount": -5.0, "currency": "EURO", "unusable": {"score": "high"}, "plan": "team"}
    assert taken(kind="purchase_made", props=props).props == {
        "plan": "team", "unusable": {"score": "high", "amount": -5.0, "currency": "EURO"},
    }  # fmt: skip
    assert taken(kind="purchase_made", props={"amount": 12.5, "currency": "mxn"}).props == {
        "amount": 12.5, "currency": "MXN",
    }  # fmt: skip
    assert taken(props=props).props is props


# -- time ---------------------------------------------------------------------------------------------


def test_without_a_time_it_happened_when_it_was_received() -> None:
    assert taken().at == NOW


def test_the_senders_clock_is_corrected_by_its_own_error() -> None:
    wrong = 978_307_200 * SECOND  # 2001-01-01
    assert taken(at=wrong, sent_at=wrong + 30 * SECOND).at == NOW - 30 * SECOND
    batch = SERVER._replace(sent_at=wrong + 30 * SECOND)
    assert taken(batch, at=wrong, sent_at=wrong).at == NOW - 30 * SECOND


def test_a_time_before_1970_is_none() -> None:
    assert reason(at=HOUR, sent_at=NOW + 2 * HOUR) is Reason.BAD_TIME


def test_a_little_ahead_is_now_and_more_is_a_failed_event() -> None:
    assert taken(at=NOW + MAX_AHEAD).at == NOW
    assert reason(at=NOW + MAX_AHEAD + MINUTE) is Reason.FROM_THE_FUTURE


def test_history_is_known_when_it_happened_and_live_facts_when_received() -> None:
    assert taken(at=NOW - HOUR).known_at == NOW
    event = taken(SERVER._replace(history=True), at=NOW - HOUR)
    assert event.known_at == event.at < NOW and event.context == {"known_at": "assumed"}
    without = taken(SERVER._replace(history=True))
    assert without.known_at == NOW and without.context == {}


# -- context ------------------------------------------------------------------------------------------


def test_the_door_adds_the_browser_where_it_does_not_name_itself_and_a_place() -> None:
    door = BROWSER._replace(user_agent="Firefox", place={"country": "MX"})
    assert taken(door).context == {"user_agent": "Firefox", "place": {"country": "MX"}}
    told = {"user_agent": "Lynx"}
    assert taken(door, context=told).context == {"user_agent": "Lynx", "place": {"country": "MX"}}
    assert told == {"user_agent": "Lynx"}
    assert taken(SERVER._replace(user_agent="curl")).context == {}


# -- who ----------------------------------------------------------------------------------------------

ANA = {"traits": {"email": "ana@norte.mx", "phone": "+525512345678"}}


@pytest.mark.parametrize(
    ("envelope", "told", "identifier"),
    [
        (SERVER, {"user_id": "7", "props": ANA}, "user:7"),
        (BROWSER, {"user_id": "7", "props": ANA}, "mail:ana@norte.mx"),
        (BROWSER, {}, "anon:b1"),
        (BROWSER._replace(daily="h"), {}, "daily:h"),
        (BROWSER._replace(daily="h"), {"props": ANA}, "mail:ana@norte.mx"),
        (SERVER, {"kind": "company_changed", "props": ANA}, "anon:b1"),
    ],
)
def test_the_strongest_identifier_counts(envelope: Envelope, told: dict[str, Any], identifier: str) -> None:
    assert taken(envelope, **told).identifier == identifier


def test_a_day_links_to_no_browser() -> None:
    assert taken(BROWSER._replace(daily="h"), props=ANA).anonymous_id is None


def test_an_event_without_anybody_is_none() -> None:
    assert reason(anonymous_id=None) is Reason.NO_IDENTIFIER


def test_what_nobody_can_use_is_dropped_at_its_step() -> None:
    odd_time, odd_id = Drop(Reason.BAD_TIME, "noon"), Drop(Reason.BAD_IDENTIFIER)
    assert take(DEMO._replace(at=odd_time, user_id=odd_id), SERVER) is odd_time
    assert take(DEMO._replace(user_id=odd_id), SERVER) is odd_id
    assert take(DEMO._replace(anonymous_id=odd_id), SERVER) is odd_id
    assert take(DEMO._replace(at=odd_time), BROWSER._replace(objects=True)) == Drop(Reason.CONSENT_REFUSED)
    assert isinstance(take(DEMO._replace(anonymous_id=odd_id), BROWSER._replace(daily="h")), Event)


@pytest.mark.parametrize("stage", ["emperor", "", None, 7, ["lead"], {"a": 1}])
def test_a_stage_that_no_definition_knows_is_set_for_nobody(stage: object) -> None:
    drop = take(DEMO._replace(kind="stage_set", props={"stage": stage}), SERVER)
    assert isinstance(drop, Drop) and drop.reason is Reason.UNKNOWN_STAGE
    assert "lead, qualified" in drop.detail


@pytest.mark.parametrize("stage", [*STAGES, DISCARDED])
def test_a_server_sets_every_stage_there_is(stage: str) -> None:
    assert taken(SERVER, kind="stage_set", props={"stage": stage}).props["stage"] == stage


# -- who is behind it ---------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", sorted(MACHINE_MARKS | DOUBT_MARKS))
def test_marks_speak_against_a_browser_and_never_against_a_server(mark: str) -> None:
    event = taken(BROWSER._replace(marks=(mark,)))
    assert event.verdict is (Verdict.MACHINE if mark in MACHINE_MARKS else Verdict.UNVERIFIED)
    assert event.reasons == (mark,)
    assert taken(SERVER._replace(marks=(mark,))).verdict is Verdict.HUMAN


def test_a_browser_is_a_person_unless_something_speaks_against_it() -> None:
    assert taken(BROWSER).verdict is Verdict.HUMAN
    assert taken(BROWSER._replace(marks=("curious",))).verdict is Verdict.HUMAN


def test_every_reason_belongs_to_a_step_or_to_the_collector() -> None:
    of_the_collector = {
        Reason.UNKNOWN_KEY, Reason.WRONG_DOMAIN, Reason.TOO_LARGE, Reason.TOO_SLOW, Reason.RATE_LIMITED,
        Reason.BAD_COMPRESSION, Reason.NOT_JSON, Reason.NOT_A_BATCH, Reason.UNSTORABLE,
        Reason.NOT_AN_OBJECT, Reason.EVENT_TOO_LARGE, Reason.TOO_DEEP, Reason.BAD_ID, Reason.UNKNOWN_TYPE,
        Reason.NO_EVENT_NAME,
    }  # fmt: skip
    of_the_log = {
        Reason.ID_REUSED, Reason.NOT_FOLLOWED, Reason.SUBJECT_COLLISION, Reason.FAILED_QUOTA, Reason.ERASED,
    }  # fmt: skip
    of_the_steps = {
        Reason.RESERVED_KIND, Reason.KIND_NOT_ALLOWED, Reason.BAD_TIME, Reason.FROM_THE_FUTURE,
        Reason.NO_IDENTIFIER, Reason.BAD_IDENTIFIER, Reason.CONSENT_MISSING, Reason.CONSENT_REFUSED,
        Reason.UNKNOWN_STAGE,
    }  # fmt: skip
    together = [*of_the_collector, *of_the_steps, *of_the_log]
    assert set(together) == set(Reason) and len(together) == len(Reason)
    assert {each for each in Reason if not each.kept} == REFUSALS
    assert [step.__name__ for step in STEPS] == [
        "check_consent", "check_door", "check_stage", "read_amount", "set_time", "describe", "choose_identifier",
        "judge",
    ]  # fmt: skip


def test_what_makes_a_machine_outweighs_a_doubt() -> None:
    assert verdict_of(("no_assets", "robots_txt")) is Verdict.MACHINE
    assert verdict_of(("no_assets",)) is Verdict.UNVERIFIED
    assert verdict_of(()) is Verdict.HUMAN
