"""The running door: every address, with what SDKs send and with what they do not."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from embudo.collector.app import PAGES
from embudo.collector.failure import origin_of
from embudo.collector.reasons import sentences_of
from embudo.collector.routes import ROUTES
from embudo.collector.wire import MAX_BATCH_BYTES
from embudo.config import Config
from embudo.core.event import Door, Verdict
from embudo.core.intake import Reason
from tests.collector.conftest import PUBLIC, SECRET, SITES, RunningDoor, door_of
from tests.install import installed

Make = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("path", sorted(path for path, kind in ROUTES.items() if kind))
def test_one_message_is_kept_before_it_is_answered(door: RunningDoor, path: str) -> None:
    answer = door.post(path, {"event": "Demo Requested", "userId": "42", "messageId": "m1", "groupId": "g"})
    assert (answer.status, answer.json) == (200, {"success": True})
    (event,) = door.events()
    assert (event.id, event.source, event.door, event.identifier) == ("m1", "site-norte", Door.SECRET, "user:42")


@pytest.mark.parametrize("path", sorted(path for path, kind in ROUTES.items() if not kind))
def test_a_batch_is_kept_as_a_whole(door: RunningDoor, track: Make, path: str) -> None:
    answer = door.post(path, {"batch": [track() for _ in range(30)], "sentAt": "2026-11-22T08:00:00Z"})
    assert (answer.status, answer.json) == (200, {"success": True})
    assert len(door.events()) == 30


def test_what_a_batch_says_for_all_makes_each_event_too_large(door: RunningDoor, track: Make) -> None:
    shared = {"traits": {"note": "A" * 33_000}}
    answer = door.post("/v1/batch", {"batch": [track(), track()], "context": shared})
    assert [failed["code"] for failed in answer.json["failed"]] == ["event_too_large"] * 2
    answer = door.post("/v1/batch", {"batch": [track() for _ in range(500)], "context": shared})
    assert (answer.status, answer.json["code"]) == (413, "too_large")
    assert door.events() == [] and door.ledger().failed_bytes < 100_000 and door.ledger().balanced


def test_the_same_message_twice_is_one_event(door: RunningDoor, track: Make) -> None:
    message = track()
    assert [door.post("/v1/track", message).status for _ in range(3)] == [200, 200, 200]
    assert (len(door.events()), door.ledger().duplicates, door.ledger().accepted) == (1, 2, 3)


def test_another_message_under_the_same_id_is_a_failed_event_and_its_sender_is_told(
    door: RunningDoor, track: Make
) -> None:
    message = track()
    door.post("/v1/track", message)
    answer = door.post("/v1/track", message | {"event": "Quote Requested"})
    assert (answer.status, answer.json["code"], answer.json["success"]) == (400, "id_reused", False)
    answer = door.post("/v1/batch", {"batch": [7, track(), message | {"event": "Quote Requested"}, message]})
    assert (answer.status, answer.json["success"]) == (200, True)
    assert answer.json["failed"] == [{"index": 0, "code": "not_an_object"}, {"index": 2, "code": "id_reused"}]
    assert [event.kind for event in door.events()] == ["demo_requested", "demo_requested"]
    assert door.ledger().failed_by_reason == {"id_reused": 2, "not_an_object": 1}
    assert door.ledger().balanced and door.ledger().duplicates == 1


def test_every_failure_is_answered_in_words(door: RunningDoor, track: Make) -> None:
    answer = door.post("/v1/track", track(timestamp="yesterday"))
    assert (answer.json["message"], answer.json["detail"]) == (sentences_of(Reason.BAD_TIME), "yesterday")
    answer = door.post("/v1/batch", {"batch": [track(timestamp="yesterday"), {"type": "x"}]})
    assert answer.json["reasons"] == {each.value: sentences_of(each) for each in (Reason.BAD_TIME, Reason.UNKNOWN_TYPE)}
    assert door.post("/v1/track", track(), key="nobody").json["message"] == sentences_of(Reason.UNKNOWN_KEY)


def test_a_message_without_an_id_that_states_its_time_counts_once(door: RunningDoor) -> None:
    said = {"type": "track", "event": "Demo Requested", "userId": "42", "timestamp": "2026-05-01T10:00:00.123Z"}
    other = said | {"timestamp": "2026-05-01T10:00:00.124Z"}
    for sent_at in ("2026-05-01T10:00:01Z", "2026-05-01T10:00:09Z"):
        assert door.post("/v1/track", said | {"sentAt": sent_at}).status == 200
        assert door.post("/v1/batch", {"batch": [said, other], "sentAt": sent_at}).status == 200
    assert len(door.events()) == 2 and door.ledger().duplicates == 4
    timeless = {name: value for name, value in said.items() if name != "timestamp"}
    assert [door.post("/v1/track", timeless).status for _ in range(2)] == [200, 200]
    assert len(door.events()) == 4


def test_a_failed_message_of_a_batch_is_kept_with_what_the_batch_says_for_all(door: RunningDoor) -> None:
    message = {"type": "track", "event": "A", "timestamp": "yesterday", "context": {"ip": "x"}}
    shared = {"userId": "42", "context": {"locale": "es"}, "sentAt": 1556704860000}
    door.post("/v1/import", {"batch": [message], **shared})
    (failed,) = door.log.failed()
    assert json.loads(failed.body) == message | shared | {"context": {"ip": "x", "locale": "es"}}
    assert origin_of(failed.detail) == (Door.SECRET, "/v1/import", "yesterday")


def test_the_key_may_stand_in_the_body_and_the_body_may_be_compressed(door: RunningDoor, track: Make) -> None:
    assert door.post("/v1/batch", {"batch": [track()], "writeKey": SECRET}, key="", zipped=True).status == 200
    assert door.post("/v1/t", track() | {"writeKey": PUBLIC}, key="").status == 200
    assert [event.door for event in door.events()] == [Door.SECRET, Door.PUBLIC]
    assert all("writeKey" not in event.props for event in door.events())


def test_bearer_is_understood_too(door: RunningDoor, track: Make) -> None:
    assert door.post("/v1/track", track(), key="", headers={"Authorization": f"Bearer {SECRET}"}).status == 200


@pytest.mark.parametrize("authorization", ["Basic !!!", "Basic bm9ib2R5Og==", "Digest x", "Basic", "Basic /w=="])
def test_an_unknown_key_is_refused_and_its_body_not_kept(door: RunningDoor, track: Make, authorization: str) -> None:
    answer = door.post("/v1/track", track(), key="", headers={"Authorization": authorization})
    assert (answer.status, answer.json["code"]) == (401, "unknown_key")
    _wait(lambda: door.ledger().refused == {"unknown_key": 1})
    assert door.log.failed() == [] and door.ledger().balanced


BAD = [
    (b"{", "not_json"),
    (b"", "not_json"),
    (b"\xff\xfe", "not_json"),
    (b'{"a":"\\ud800"}', "not_json"),
    (b"[" * 100_000, "not_json"),
    (b"[1]", "not_an_object"),
    (b"7", "not_an_object"),
    (b'{"userId":"1"}', "no_event_name"),
    (b'{"event":"!!!","userId":"1"}', "no_event_name"),
    (b'{"event":"A"}', "no_identifier"),
    (b'{"event":"A","userId":{"a":1}}', "bad_identifier"),
    (b'{"event":"A","userId":"' + b"u" * 300 + b'"}', "bad_identifier"),
    (b'{"event":"A","userId":"1","messageId":["x"]}', "bad_id"),
    (b'{"event":"A","userId":"1","timestamp":"yesterday"}', "bad_time"),
    (b'{"event":"A","userId":"1","timestamp":"2999-01-01T00:00:00Z"}', "from_the_future"),
    (b'{"event":"people_merged","userId":"1"}', "reserved_kind"),
    (b'{"event":"A","userId":"1","properties":{"a":' + b"[" * 30 + b"]" * 30 + b"}}", "too_deep"),
    (b'{"event":"A","userId":"1","properties":{"a":"' + b"x" * 40_000 + b'"}}', "event_too_large"),
]


@pytest.mark.parametrize(("body", "reason"), BAD)
def test_what_cannot_be_an_event_is_kept_with_its_reason(door: RunningDoor, body: bytes, reason: str) -> None:
    answer = door.post("/v1/track", body)
    assert (answer.status, answer.json["success"], answer.json["code"]) == (400, False, reason)
    (failed,) = door.log.failed()
    assert (failed.source, failed.reason, failed.body) == ("site-norte", reason, body)
    assert door.ledger().balanced and door.ledger().failed == 1


def test_what_nobody_can_read_is_not_kept_from_a_page_elsewhere(door: RunningDoor) -> None:
    answer = door.post("/v1/track", b"{", key=PUBLIC, headers={"Origin": "https://elsewhere.example"})
    assert (answer.status, answer.json["code"]) == (403, "wrong_domain")
    assert door.log.failed() == []


@pytest.mark.parametrize("body", [b'{"batch": 7}', b"{}", b'{"batch": {}}', b"[]"])
def test_a_batch_that_is_none_is_kept_as_such(door: RunningDoor, body: bytes) -> None:
    assert door.post("/v1/batch", body).json["code"] == "not_a_batch"


def test_one_bad_message_does_not_spoil_its_batch(door: RunningDoor, track: Make) -> None:
    answer = door.post("/v1/batch", {"batch": [track(), {"type": "trck"}, 7, None, track()]})
    assert answer.status == 200
    assert answer.json["failed"] == [
        {"index": 1, "code": "unknown_type"},
        {"index": 2, "code": "not_an_object"}, {"index": 3, "code": "not_an_object"},
    ]  # fmt: skip
    assert (len(door.events()), door.ledger().failed) == (2, 3)


def test_a_failed_body_is_kept_without_the_key_it_says(door: RunningDoor) -> None:
    said = {"writeKey": SECRET, "event": "A"}
    door.post("/v1/track", said, key="")
    door.post("/v1/batch", {"writeKey": SECRET, "batch": [said | {"type": "track"}]}, key="")
    door.post("/v1/batch", {"writeKey": SECRET, "batch": 7})
    door.post("/v1/track", b'{"writeKey": "' + SECRET.encode() + b'", "event')
    failed = door.log.failed()
    assert len(failed) == 4 and not [each for each in failed if SECRET.encode() in each.body]


def test_a_body_beyond_the_limit_is_refused_unread(door: RunningDoor) -> None:
    answer = door.post("/v1/batch", b'{"batch":[' + b" " * MAX_BATCH_BYTES + b"]}")
    assert (answer.status, answer.json["code"]) == (413, "too_large")


def test_a_compressed_bomb_is_refused_and_unpacked_no_further_than_the_limit(door: RunningDoor) -> None:
    assert door.post("/v1/batch", b" " * 200_000_000, zipped=True).status == 413


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "nonsense"])
def test_a_body_that_is_not_compressed_as_it_says_is_kept(door: RunningDoor, track: Make, encoding: str) -> None:
    answer = door.post("/v1/track", track(), headers={"Content-Encoding": encoding})
    assert (answer.status, answer.json["code"]) == (400, "bad_compression")


def test_a_chunked_body_is_read_within_the_same_limit(door: RunningDoor, track: Make) -> None:
    def send(chunks: list[bytes]) -> int:
        import http.client

        connection = http.client.HTTPConnection("127.0.0.1", door.install.config.collector_port, timeout=20)
        headers = {"Authorization": f"Bearer {SECRET}", "Transfer-Encoding": "chunked"}
        try:
            connection.request("POST", "/v1/track", iter(chunks), headers, encode_chunked=True)
            return connection.getresponse().status
        except (BrokenPipeError, ConnectionResetError):
            return 413  # the door closed the line before the end: that is the refusal, too
        finally:
            connection.close()

    text = json.dumps(track()).encode()
    assert send([text[:10], text[10:]]) == 200
    assert send([b"x" * 60_000] * 20) == 413


def test_a_public_key_may_not_say_what_only_our_side_knows(door: RunningDoor, track: Make) -> None:
    for name in ("stage_set", "opportunity_won", "handoff_accepted", "mail_clicked", "meeting_held", "purchase_made"):
        assert door.post("/v1/track", track(name), key=PUBLIC).json["code"] == "kind_not_allowed"
        assert door.post("/v1/track", track(name, properties={"stage": "lead"}), key=SECRET).status == 200
    assert door.post("/v1/track", track("Spun the Wheel"), key=PUBLIC).status == 200


def test_a_public_key_works_only_on_its_sites_pages(door: RunningDoor, track: Make) -> None:
    def status(origin: str) -> int:
        return door.post("/v1/track", track(), key=PUBLIC, headers={"Origin": origin}).status

    assert status("https://norte.example") == status("https://shop.norte.example:8443") == 200
    assert status("http://localhost:3000") == status("null") == 200
    assert status("https://evilnorte.example") == status("https://other.test") == status("http://[") == 403


def test_any_page_may_ask_and_a_preflight_says_so(door: RunningDoor, track: Make) -> None:
    answer = door.request("OPTIONS", "/v1/batch", headers={"Origin": "https://norte.example"})
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "authorization" in answer.headers["access-control-allow-headers"]
    assert door.post("/v1/track", track()).headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/track"), ("PUT", "/v1/batch"), ("DELETE", "/e")])
def test_events_are_only_posted(door: RunningDoor, method: str, path: str) -> None:
    assert door.request(method, path).status == 405


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/track/", "/admin", "/%00", "/v1/../e"])
def test_there_is_nothing_elsewhere(door: RunningDoor, path: str) -> None:
    assert door.request("GET", path).status in (400, 404)


def test_a_new_key_works_within_a_second_and_an_old_one_no_longer(door: RunningDoor, track: Make) -> None:
    door.publish([SITES[1], {"id": "new", "keys": [{"key": "fresh", "door": "secret"}]}])
    _wait(lambda: door.post("/v1/track", track(), key="fresh").status == 200, within_s=1.5)
    assert door.post("/v1/track", track(), key=SECRET).status == 401


def test_while_no_sites_are_published_senders_are_asked_to_come_again(door: RunningDoor, track: Make) -> None:
    (door.install.config.data / "sites.json").unlink()
    _wait(lambda: door.post("/v1/track", track()).status == 503, within_s=1.5)
    answer = door.post("/v1/track", track() | {"writeKey": SECRET}, key="")
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    door.publish(SITES)
    _wait(lambda: door.post("/v1/track", track()).status == 200, within_s=1.5)
    assert door.post("/v1/track", track(), key="nobody").status == 401


def test_a_damaged_snapshot_leaves_the_last_good_one(door: RunningDoor, track: Make) -> None:
    (door.install.config.data / "sites.json").write_text('{"sites": [{"id"')
    time.sleep(0.7)
    assert door.post("/v1/track", track()).status == 200
    assert b"sites.json" in door.request("GET", "/readyz").body


def test_the_doors_pages_answer(door: RunningDoor, track: Make) -> None:
    door.post("/v1/track", track())
    door.post("/v1/track", b"{")
    assert door.request("GET", "/healthz").body == b"ok\n"
    assert door.request("GET", "/readyz").status == 200
    text = door.request("GET", "/metrics").body.decode()
    assert 'embudo_collector_events_total{outcome="accepted"} 1' in text
    assert 'embudo_collector_drops_total{reason="not_json"} 1' in text
    assert "embudo_collector_queue_events 0" in text
    assert "embudo_collector_commit_seconds_count" in text
    assert set(PAGES) == {"/healthz", "/readyz", "/metrics", "/tracker.js"}


def test_what_a_robot_sends_is_kept_and_does_not_count(door: RunningDoor, track: Make) -> None:
    def verdict(**headers: str) -> tuple[Verdict, tuple[str, ...]]:
        assert door.post("/v1/track", track(), key=PUBLIC, headers=headers).status == 200
        return door.events()[-1].verdict, door.events()[-1].reasons

    bot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
    assert verdict() == (Verdict.HUMAN, ())
    assert verdict(**{"User-Agent": bot}) == (Verdict.MACHINE, ("user_agent:bot",))
    assert verdict(**{"User-Agent": ""}) == (Verdict.UNVERIFIED, ("user_agent:missing",))
    assert verdict(**{"Sec-Purpose": "prefetch;prerender"}) == (Verdict.MACHINE, ("prefetch",))
    assert verdict(**{"User-Agent": "x HeadlessChrome/1"})[0] is Verdict.MACHINE


def test_who_views_more_pages_than_a_person_can_is_a_machine(door: RunningDoor) -> None:
    page = {"type": "page", "anonymousId": "runner", "properties": {"path": "/"}}
    door.post("/v1/batch", {"batch": [page] * 60}, key=PUBLIC)
    verdicts = [event.verdict for event in door.events()]
    assert verdicts[0] is Verdict.HUMAN and verdicts[-1] is Verdict.MACHINE
    assert "impossible_rate" in door.events()[-1].reasons


@pytest.mark.parametrize("header", ["Sec-GPC", "DNT"])
def test_a_browser_that_objects_is_not_recorded(door: RunningDoor, track: Make, header: str) -> None:
    for key in (PUBLIC, "pub-strict", "pub-light"):
        assert door.post("/v1/track", track(), key=key, headers={header: "1"}).status == 200
    _wait(lambda: door.ledger().refused == {"consent_refused": 3})
    assert door.events() == []


@pytest.mark.parametrize("body", [b'{"x', b"[1]", b'{"event":"Order Completed","traits":{"email":"a@norte.mx"}}'])
def test_of_a_browser_that_objects_not_even_a_failed_body_is_kept(door: RunningDoor, body: bytes) -> None:
    assert door.post("/v1/track", body, key=PUBLIC, headers={"Sec-GPC": "1"}).status == 200
    assert door.post("/v1/batch", b'{"batch":[' + body + b"]}", key=PUBLIC, headers={"DNT": "1"}).status == 200
    assert door.post("/v1/track", body, key="pub-strict").status == 200
    _wait(lambda: door.ledger().refused == {"consent_refused": 2, "consent_missing": 1})
    assert door.log.failed() == [] and door.ledger().balanced


def test_a_site_that_requires_consent_records_nothing_before(door: RunningDoor, track: Make) -> None:
    door.post("/v1/track", track(), key="pub-strict")
    door.post("/v1/track", track(context={"consent": {"state": "refused"}}), key="pub-strict")
    door.post("/v1/track", track(context={"consent": {"state": "given"}}), key="pub-strict")
    _wait(lambda: door.ledger().refused == {"consent_missing": 1, "consent_refused": 1})
    (event,) = door.events()
    assert event.consent == {"state": "given", "mode": "required"}
    assert door.log.failed() == []


def test_a_cookieless_visitor_is_one_day_and_no_more(door: RunningDoor, track: Make) -> None:
    door.post("/e", {"writeKey": "pub-light", "batch": [track(), track()]}, key="")
    door.post("/e", {"writeKey": "pub-light", "batch": [track()]}, key="", headers={"User-Agent": "Opera/9"})
    one, two, other = door.events()
    assert one.identifier.startswith("daily:") and one.identifier == two.identifier != other.identifier
    assert one.anonymous_id is None
    assert "127.0.0.1" not in repr(door.events())
    salts = door.install.config.data / "salts.json"
    assert salts.stat().st_mode & 0o777 == 0o600


def test_the_clock_of_the_sender_is_corrected(door: RunningDoor, track: Make) -> None:
    message = track(timestamp="2019-05-01T10:00:00Z", sentAt="2019-05-01T10:01:00Z")
    door.post("/v1/track", message)
    door.post("/v1/batch", {"batch": [track(timestamp=1556704800000)], "sentAt": 1556704860000})
    for event in door.events():
        assert event.at == event.received_at - 60_000_000


def test_history_sent_in_bulk_is_known_when_it_happened(door: RunningDoor, track: Make) -> None:
    door.post("/v1/import", {"batch": [track(timestamp="2019-05-01T10:00:00Z")]})
    (event,) = door.events()
    assert event.known_at == event.at < event.received_at


def _wait(holds: Callable[[], bool], *, within_s: float = 5.0) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def test_any_worker_answers_for_all(config: Config, tmp_path: Path, track: Make) -> None:
    with door_of(config, tmp_path, collector_workers=2) as door:
        for _ in range(40):
            assert door.post("/v1/track", track()).status == 200
        text = 'embudo_collector_events_total{outcome="accepted"} 40'
        for _ in range(5):
            _wait(lambda: text in door.request("GET", "/metrics").body.decode())


def test_the_metrics_say_how_far_follow_is_behind(config: Config, tmp_path: Path, track: Make) -> None:
    with installed(config, tmp_path / "logs", ["collector"]) as install:
        install.wait_for_collector()
        door = RunningDoor(install)
        for _ in range(3):
            door.post("/v1/track", track(), key="secret-key-of-the-tests")
        _wait(lambda: b"embudo_follow_lag_events 3" in door.request("GET", "/metrics").body)
