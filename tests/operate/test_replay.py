"""Failed events are taken in again when they have become usable."""

import json
from dataclasses import replace

import pytest

from embudo.collector.sites import Site
from embudo.config import Config
from embudo.core.consent import ConsentMode
from embudo.core.event import Door, Event, Verdict
from embudo.core.intake import Drop, Reason
from embudo.eventlog import Cursor, Failed, FailedState, Failure, Log, LogUnavailable
from embudo.operate import replay
from embudo.operate.replay import Outcome, read_again, run
from embudo.operate.replay import replay as take_in
from embudo.work.kinds import Refused
from embudo.work.models import Job

AT = 1_780_000_000_000_000


def failure(reason: str, message: object, detail: str = "secret key: ") -> Failure:
    """A failed body of the site "www"."""
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return Failure("www", reason, body, AT, detail)


TRACK = {"type": "track", "messageId": "m1", "userId": "ada", "event": "Demo Requested"}


def events_of(log: Log) -> list[Event]:
    rows, _cursor = log.read(Cursor(), 100)
    return [row.event for row in rows]


def test_what_is_usable_now_enters_the_log_and_leaves_the_failed(here: Config, log: Log) -> None:
    log.commit(failures=[failure("from_the_future", TRACK)])
    assert take_in(here, log.failed(), by="ana") == Outcome(kept=1)
    (event,) = events_of(log)
    assert (event.id, event.kind, event.received_at, event.door) == ("m1", "demo_requested", AT, Door.SECRET)
    (failed,) = log.failed()
    assert (failed.state, failed.settled_by) == (FailedState.REPLAYED, "ana")
    ledger = log.ledger()
    assert (ledger.received, ledger.accepted, ledger.failed) == (1, 1, 0)


def test_what_still_fails_stays_open(here: Config, log: Log) -> None:
    log.commit(failures=[failure("not_json", b"{half"), failure("no_identifier", {"type": "track", "event": "X"})])
    assert take_in(here, log.failed(), by="ana") == Outcome(still_failing=2)
    assert {each.state for each in log.failed()} == {FailedState.OPEN}
    assert events_of(log) == []


def test_all_of_a_reason_are_tried_beyond_one_portion(here: Config, log: Log, db: None) -> None:
    messages = [{**TRACK, "messageId": f"m{number}"} for number in range(450)]
    log.commit(failures=[failure("bad_time", message) for message in messages])
    log.commit(failures=[failure("not_json", b"{half")])
    assert _result(_asked("bad_time")) == {"kept": 450, "still_failing": 0}
    assert [each.reason for each in log.failed(state=FailedState.OPEN)] == ["not_json"]
    assert log.ledger().balanced


def test_work_that_stopped_goes_on_and_counts_what_it_had_taken_in(here: Config, log: Log, db: None) -> None:
    messages = [{**TRACK, "messageId": f"m{number}"} for number in range(9)]
    log.commit(failures=[failure("bad_time", b"{half"), *(failure("bad_time", message) for message in messages)])
    log.commit(failures=[failure("bad_time", b"{half")])
    job = _asked("bad_time")
    steps = run(job)
    noted = [next(steps) for _number in range(6)]
    steps.close()  # the process was killed: only the third note had reached the table
    assert (noted[0].total, noted[3].done) == (11, 3)
    job.memory = dict(noted[3].memory or {})
    assert _result(job) == {"kept": 9, "still_failing": 2}
    assert len(events_of(log)) == 9


def test_a_log_that_does_not_answer_is_told_in_words(here: Config, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(_config: Config) -> Log:
        raise LogUnavailable("PostgreSQL does not answer.")

    monkeypatch.setattr(replay, "open_log", silent)
    with pytest.raises(Refused, match=r"PostgreSQL does not answer\. Try again when it does\."):
        next(run(_asked("bad_time")))


def _asked(reason: str) -> Job:
    return Job.objects.create(kind="replay", wants={"reason": reason, "by": "ana"})


def _result(job: Job) -> dict[str, int]:
    steps = run(job)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            return dict(done.value)


def test_the_same_failed_event_is_never_taken_in_twice(here: Config, log: Log) -> None:
    log.commit(failures=[failure("bad_time", TRACK)])
    open_once = log.failed()
    assert take_in(here, open_once, by="ana") == Outcome(kept=1)
    assert take_in(here, open_once, by="luis").kept == 0
    assert len(events_of(log)) == 1


def test_a_body_without_an_id_gets_one_that_a_second_try_repeats() -> None:
    body = {key: value for key, value in TRACK.items() if key != "messageId"}
    first, second = (read_again(_failed(body), None) for _ in range(2))
    assert isinstance(first, Event) and isinstance(second, Event)
    assert first.id == second.id == "replayed-7"


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ({"userId": "ada", "event": "Demo Requested"}, "demo_requested"),
        ({"userId": "ada", "traits": {"email": "ada@norte.example"}}, "profile_changed"),
        ({"userId": "ada", "groupId": "norte"}, "company_changed"),
        ({"userId": "ada", "previousId": "b"}, "identity_claimed"),
        ({"userId": "ada", "properties": {"path": "/"}}, "page_viewed"),
    ],
)
def test_a_body_without_a_type_tells_it_by_what_it_holds(message: dict[str, object], kind: str) -> None:
    event = read_again(_failed(message), None)
    assert isinstance(event, Event) and event.kind == kind


def test_what_came_by_a_public_key_stays_as_bound_as_it_was() -> None:
    won = {**TRACK, "event": "opportunity_won"}
    by_public = read_again(_failed(won, "public key: not allowed"), Site("www", "", ConsentMode.IMPLIED, ()))
    assert isinstance(by_public, Drop) and by_public.reason is Reason.KIND_NOT_ALLOWED
    assert isinstance(read_again(_failed(won, "secret key: "), None), Event)


def test_a_body_that_came_by_no_known_door_is_held_to_be_public() -> None:
    assert isinstance(read_again(_failed({**TRACK, "event": "opportunity_won"}, ""), None), Drop)


def test_what_came_by_a_public_key_counts_for_nobody_as_its_marks_are_gone() -> None:
    site = Site("www", "", ConsentMode.IMPLIED, ())
    event = read_again(_failed(TRACK, "public key: "), site)
    assert isinstance(event, Event)
    assert (event.verdict, event.reasons) == (Verdict.UNVERIFIED, ("replayed",))
    by_secret = read_again(_failed(TRACK), site)
    assert isinstance(by_secret, Event) and (by_secret.verdict, by_secret.reasons) == (Verdict.HUMAN, ())


def test_a_cookieless_site_gets_no_anonymous_id_by_a_replay() -> None:
    site = Site("www", "", ConsentMode.COOKIELESS, ())
    anonymous = {"type": "page", "messageId": "m1", "anonymousId": "b1"}
    drop = read_again(_failed(anonymous, "public key: "), site)
    assert isinstance(drop, Drop) and drop.reason is Reason.NO_IDENTIFIER
    event = read_again(_failed(anonymous | {"userId": "7"}, "public key: "), site)
    assert isinstance(event, Event) and (event.identifier, event.anonymous_id) == ("user:7", None)
    by_secret = read_again(_failed(anonymous), site)
    assert isinstance(by_secret, Event) and by_secret.anonymous_id == "b1"


def test_history_that_failed_is_history_when_it_is_taken_in_again() -> None:
    past = {**TRACK, "timestamp": "2019-05-01T10:00:00Z"}
    by = "secret key, /v1/import: "
    live, history = (read_again(_failed(past, detail), None) for detail in ("secret key, /v1/batch: ", by))
    assert isinstance(live, Event) and isinstance(history, Event)
    assert (live.known_at, history.known_at) == (AT, history.at) and history.at == live.at < AT
    assert (history.context["known_at"], "known_at" in live.context) == ("assumed", False)
    public = read_again(_failed(past, "public key, /v1/import: "), Site("www", "", ConsentMode.IMPLIED, ()))
    assert isinstance(public, Event) and public.known_at == AT


def test_the_address_tells_the_type_that_the_body_leaves_out() -> None:
    said = {"messageId": "m1", "userId": "ada", "event": "Demo Requested"}
    event = read_again(_failed(said, "secret key, /v1/page: "), None)
    assert isinstance(event, Event) and event.kind == "page_viewed"
    drop = read_again(_failed(said, "secret key, /v1/batch: "), None)
    assert isinstance(drop, Drop) and drop.reason is Reason.UNKNOWN_TYPE


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"batch": [TRACK], "userId": "ada"}, Reason.NOT_A_BATCH),
        ([TRACK], Reason.NOT_AN_OBJECT),
        (b"{", Reason.NOT_JSON),
        (b'{"event": "\\ud800"}', Reason.NOT_JSON),
        ({"id": "m1", "kind": "demo_requested", "subject": 7, "identifier": "user:ada"}, Reason.BAD_TIME),
    ],
)
def test_what_is_no_message_stays_as_it_is(body: object, reason: Reason) -> None:
    drop = read_again(_failed(body, "secret key, /v1/batch: "), None)
    assert isinstance(drop, Drop) and drop.reason is reason


def test_two_failures_of_one_message_without_an_id_are_taken_in_once() -> None:
    body = {"type": "track", "userId": "ada", "event": "Demo Requested", "timestamp": "2026-05-01T10:00:00Z"}
    first, second = (read_again(replace(_failed(body), number=number), None) for number in (7, 8))
    assert isinstance(first, Event) and isinstance(second, Event) and first.id == second.id


def _failed(message: object, detail: str = "secret key: ") -> Failed:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return Failed(7, "www", "bad_time", body, AT, detail, FailedState.OPEN, None, "")
