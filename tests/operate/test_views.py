"""The System page and the Failed events page, as each role sees them."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from embudo.accounts.models import AuditEntry
from embudo.accounts.permissions import TABLE, Role
from embudo.config import Config
from embudo.core.event import DAY, Event, subject_of
from embudo.eventlog import FailedState, Failure, Log, Retention
from embudo.operate import vitals
from embudo.operate.views import PAGE
from embudo.work.models import STALE, Job
from embudo.work.run import do

AT = 1_780_000_000_000_000
TRACK = {"type": "track", "messageId": "m1", "userId": "ada", "event": "Demo Requested"}
SignIn = Callable[[str], Client]


def fail(log: Log, count: int = 1, reason: str = "bad_time", body: bytes | None = None) -> None:
    """Have events fail."""
    texts = [body or json.dumps({**TRACK, "messageId": f"m{number}"}).encode() for number in range(count)]
    log.commit(failures=[Failure("www", reason, text, AT, "secret key: at 25 o'clock") for text in texts])


def event(number: int) -> Event:
    return Event("www", str(number), "page_viewed", AT, AT, AT, "anon:a", subject_of("anon:a"))


def test_the_site_says_that_it_lives(client: Client) -> None:
    assert client.get("/healthz").content == b"ok"


@pytest.mark.parametrize("path", ["/system/", "/failed-events/", "/failed-events/1/"])
def test_strangers_are_sent_to_the_sign_in(client: Client, db: None, here: Config, path: str) -> None:
    assert client.get(path).headers["Location"].startswith("/sign-in/")


@pytest.mark.parametrize("role", list(Role))
def test_each_page_is_for_the_roles_of_the_table(signed_in: SignIn, log: Log, role: str) -> None:
    fail(log)
    client = signed_in(role)
    assert (client.get("/system/").status_code == 200) == (role in TABLE["system.see"])
    assert (client.get("/failed-events/").status_code == 200) == (role in TABLE["failed_events.see"])
    replayed = client.post("/failed-events/1/replay/").status_code
    assert (replayed == 302) == (role in TABLE["failed_events.replay"])


def test_the_ledger_is_shown_and_adds_up(signed_in: SignIn, log: Log) -> None:
    log.append([event(number) for number in range(1234)])
    log.append([event(0)])
    fail(log, 3)
    log.commit(refused={"rate_limited": 7})
    page = signed_in("admin").get("/system/").content.decode()
    assert "It adds up" in page
    for words in ("1,245", "1,235", "1 accepted event came once more", "Too many at once", "Unreadable time"):
        assert words in page


def test_what_waits_to_be_followed_is_counted(signed_in: SignIn, log: Log) -> None:
    log.append([event(number) for number in range(21)])
    page = signed_in("admin").get("/system/").content.decode()
    assert "21 events" in page and "Behind" in page


def test_the_fragment_is_only_what_changes(signed_in: SignIn, log: Log) -> None:
    answer = signed_in("admin").get("/system/", headers={"HX-Request": "true"}).content.decode()
    assert answer.strip().startswith('<div id="_vitals"')
    assert "<html" not in answer


def test_nothing_is_sent_while_nothing_is_new(signed_in: SignIn, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vitals, "room", lambda _config: vitals.Room(10**12, 10**12, 0, 0))
    client = signed_in("admin")
    seen = client.get("/system/").context["vitals"].mark
    assert client.get(f"/system/?seen={seen}", headers={"HX-Request": "true"}).status_code == 204
    log.append([event(1)])
    assert client.get(f"/system/?seen={seen}", headers={"HX-Request": "true"}).status_code == 200


def test_who_may_not_take_in_again_sees_no_button(signed_in: SignIn, log: Log) -> None:
    fail(log)
    client = signed_in("marketing")
    assert "Take it in again" not in client.get("/failed-events/1/").content.decode()
    assert "Take all" not in client.get("/failed-events/?reason=bad_time").content.decode()


def test_a_log_that_does_not_answer_is_told(signed_in: SignIn, here: Config, log: Log, shape: str) -> None:
    if shape == "server":
        pytest.skip("the damage is made in a file")
    log.close()
    for part in (here.data / "log").glob("tail.sqlite*"):
        part.write_bytes(b"no database at all" * 500)
    answer = signed_in("admin").get("/system/")
    assert answer.status_code == 503
    assert "The log does not answer" in answer.content.decode()


def test_failed_events_are_listed_with_reason_and_body(signed_in: SignIn, log: Log) -> None:
    fail(log, 2)
    page = signed_in("marketing").get("/failed-events/").content.decode()
    assert page.count("data-row") == 2
    assert "Unreadable time" in page and "25 o&#x27;clock" in page and "Demo Requested" in page


def test_the_list_goes_on_page_by_page(signed_in: SignIn, log: Log) -> None:
    fail(log, PAGE + 3)
    client = signed_in("admin")
    first = client.get("/failed-events/")
    assert first.content.decode().count("data-row") == PAGE
    second = client.get("/failed-events/" + first.context["page"]["next"])
    assert second.content.decode().count("data-row") == 3
    assert second.context["page"]["next"] == ""


def test_a_reason_narrows_the_list_and_offers_to_take_all_of_it_in_again(signed_in: SignIn, log: Log) -> None:
    fail(log, 2)
    fail(log, 1, "not_json", b"{half")
    client = signed_in("admin")
    page = client.get("/failed-events/?reason=bad_time").content.decode()
    assert page.count("data-row") == 2 and "Take all of this reason in again" in page
    asked = client.post("/failed-events/replay/", {"reason": "bad_time"}, follow=True)
    again = client.post("/failed-events/replay/", {"reason": "bad_time"}, follow=True)
    assert again.redirect_chain == asked.redirect_chain and "Waiting" in asked.content.decode()
    assert len(log.failed(state=FailedState.OPEN)) == 3  # nothing happens in the request itself
    do(Job.claim("the process work") or pytest.fail("nothing was asked for"), threading.Event())
    (path, _status) = asked.redirect_chain[-1]
    after = client.get(path).content.decode()
    assert "Done" in after and "<dt>Taken in</dt><dd>2</dd>" in after
    assert "Unreadable time" in after
    assert "Unreadable time" not in client.get(path, headers={"accept-language": "es"}).content.decode()
    assert [each.reason for each in log.failed(state=FailedState.OPEN)] == ["not_json"]
    assert log.failed(state=FailedState.REPLAYED)[0].settled_by == "admin@norte.example"


def test_one_event_is_shown_whole_and_taken_in_again(signed_in: SignIn, log: Log) -> None:
    fail(log)
    client = signed_in("admin")
    page = client.get("/failed-events/1/").content.decode()
    assert "&quot;event&quot;: &quot;Demo Requested&quot;" in page and "Take it in again" in page
    after = client.post("/failed-events/1/replay/", follow=True).content.decode()
    assert "1 event was taken in" in after and "taken in again by admin@norte.example" in after
    assert "Take it in again" not in after


def test_an_event_that_still_fails_says_so_and_stays(signed_in: SignIn, log: Log) -> None:
    fail(log, 1, "not_json", b"{half")
    after = signed_in("admin").post("/failed-events/1/replay/", follow=True).content.decode()
    assert "1 event still fails; it stays here" in after
    assert log.failed()[0].state is FailedState.OPEN


def test_a_body_is_shown_as_text_and_never_run(signed_in: SignIn, log: Log) -> None:
    fail(log, 1, "not_json", b"<script>alert(1)</script>\xff{{ 7|add:7 }}")
    page = signed_in("admin").get("/failed-events/1/").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\xff{{ 7|add:7 }}" in page


def test_there_is_no_event_of_an_unknown_number(signed_in: SignIn, log: Log) -> None:
    assert signed_in("admin").get("/failed-events/99/").status_code == 404


def test_nothing_is_taken_in_on_get(signed_in: SignIn, log: Log) -> None:
    fail(log)
    client = signed_in("admin")
    assert client.get("/failed-events/1/replay/").status_code == 405
    assert client.get("/failed-events/replay/").status_code == 405


def test_an_empty_list_says_that_all_is_well(signed_in: SignIn, log: Log) -> None:
    assert "Every event that arrived could be used" in signed_in("admin").get("/failed-events/").content.decode()


@pytest.mark.parametrize("before", ["\N{SUPERSCRIPT TWO}", "9" * 30, "x"])
def test_a_damaged_place_in_the_list_shows_its_beginning(signed_in: SignIn, log: Log, before: str) -> None:
    assert signed_in("marketing").get("/failed-events/", {"before": before}).status_code == 200
    assert signed_in("manager").get(f"/failed-events/{2**64}/").status_code == 404


def test_what_nobody_will_mend_is_dismissed_once_and_the_trail_says_by_whom(signed_in: SignIn, log: Log) -> None:
    fail(log)
    client = signed_in("manager")
    assert "/failed-events/1/dismiss/" in client.get("/failed-events/1/").content.decode()
    after = client.post("/failed-events/1/dismiss/", follow=True).content.decode()
    client.post("/failed-events/1/dismiss/")
    assert "dismissed by manager@norte.example" in after
    assert "/failed-events/1/dismiss/" not in after and "/replay/" not in after
    assert log.failed()[0].state is FailedState.DISMISSED
    assert log.ledger().failed == 1 and log.ledger().balanced
    assert [entry.verb for entry in AuditEntry.objects.filter(verb="failed_event_dismissed")] == [
        "failed_event_dismissed"
    ]
    assert "1 (bad_time)" in AuditEntry.objects.get(verb="failed_event_dismissed").about
    assert client.get("/failed-events/?state=dismissed").content.decode().count("data-row") == 1


def test_who_may_not_dismiss_is_refused(signed_in: SignIn, log: Log) -> None:
    fail(log)
    client = signed_in("marketing")
    assert "/dismiss/" not in client.get("/failed-events/1/").content.decode()
    assert client.post("/failed-events/1/dismiss/").status_code == 403
    assert log.failed()[0].state is FailedState.OPEN


def test_a_refusal_is_one_line_in_the_output(
    signed_in: SignIn, log: Log, capfd: pytest.CaptureFixture[str], settings: Any
) -> None:
    import logging.config

    logging.config.dictConfig(settings.LOGGING)
    client = signed_in("sales")
    capfd.readouterr()
    assert client.get("/system/").status_code == 403
    assert client.get("/nowhere/").status_code == 404
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400
    lines = capfd.readouterr().err.splitlines()
    assert "Traceback" not in "".join(lines)
    assert len(lines) <= 4


def test_a_body_that_is_gone_is_told_and_cannot_be_taken_in(signed_in: SignIn, log: Log) -> None:
    fail(log)
    log.retain(Retention(failed_days=1), at=AT + 10 * DAY)
    page = signed_in("admin").get("/failed-events/1/").content.decode()
    assert "Its body is gone" in page
    assert "/replay/" not in page and "data-copy" not in page


def test_the_system_page_says_what_leaves_when_and_how_much_has_left(
    signed_in: SignIn, log: Log, here: Config, settings: Any
) -> None:
    client = signed_in("admin")
    assert "All facts stay" in client.get("/system/").content.decode()
    log.append([event(number) for number in range(7)])
    settings.EMBUDO = replace(here, retention=(("page_viewed", 30), ("*", 1825)))
    log.retain(Retention({"page_viewed": 30}), at=AT + 31 * DAY)
    page = client.get("/system/").content.decode()
    assert "30 days" in page and "every other kind" in page and "7 facts have left so far" in page
    assert "It adds up" in page


def test_nobody_asks_to_take_in_again_what_never_failed(signed_in: SignIn, log: Log) -> None:
    assert signed_in("admin").post("/failed-events/replay/", {"reason": "x" * 500}).status_code == 404
    assert not Job.objects.exists()


def test_the_system_page_says_how_much_long_work_waits_and_that_nobody_does_it(signed_in: SignIn, log: Log) -> None:
    client = signed_in("admin")
    assert "Nobody does it" not in client.get("/system/").content.decode()
    Job.objects.create(kind="replay", created_at=timezone.now() - 2 * STALE)
    page = client.get("/system/").content.decode()
    assert "<dt>Waiting</dt><dd>1</dd>" in page and "Nobody does it" in page
    Job.objects.create(kind="replay", state="running", beat_at=timezone.now())
    assert "Nobody does it" not in client.get("/system/").content.decode()


@pytest.mark.parametrize("role", list(Role))
def test_long_work_is_in_the_menu_of_whoever_is_signed_in(signed_in: SignIn, log: Log, role: str) -> None:
    assert 'href="/work/"' in signed_in(role).get("/people/").content.decode()
