"""Mutated input at every public address: no 5xx but 503, nothing acknowledged is missing, memory stays bounded.

`FUZZ_EXAMPLES=1500` tries so many for each test instead of 150.
"""

import gzip
import http.client
import json
import os
import socket
import zlib
from base64 import b64encode
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from embudo.collector.app import PAGES
from embudo.collector.routes import ROUTES
from embudo.collector.sites import Site
from embudo.core.consent import ConsentMode
from embudo.operate.replay import read_again
from tests.collector.conftest import PUBLIC, SECRET, RunningDoor

PATHS = [
    *ROUTES,
    *PAGES,
    "/v1/projects/pub-norte/settings",
    "/tracker.js?key=pub-norte",
    "/",
    "/v1/../v1/t",
    "//",
    "/%ff",
]
GROWTH_BYTES = 60_000_000
LIVE = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "150")),
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(["", "\0", "\ud800"]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=10), inner, max_size=5),
    max_leaves=15,
)
NAMES = (
    "type event messageId anonymousId userId groupId previousId properties traits context timestamp sentAt batch"
).split()
MESSAGE = st.fixed_dictionaries(
    {
        "event": st.just("Fuzzed"),
        "type": st.just("track"),
        "anonymousId": st.just("b1"),
        "messageId": st.uuids().map(str),
    },
    optional=dict.fromkeys([name for name in NAMES if name not in ("event", "type", "anonymousId", "messageId")], JSON),
)
BODY = st.one_of(
    st.binary(max_size=400),
    JSON.map(lambda value: json.dumps(value).encode(errors="replace")),
    MESSAGE.map(lambda value: json.dumps(value).encode()),
    st.lists(MESSAGE | JSON, max_size=6).map(lambda batch: json.dumps({"batch": batch}).encode()),
    st.integers(1, 4000).map(lambda depth: b'{"batch":[' + b'{"a":[' * depth),
    st.integers(1, 400_000).map(lambda size: b'{"event":"' + b"x" * size + b'","userId":"1"}'),
)
HEADER = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Content-Encoding": st.sampled_from(["gzip", "deflate", "br", "identity", ""]) | HEADER,
        "Content-Type": HEADER,
        "Origin": HEADER | st.sampled_from(["null", "http://[::1", "https://norte.example"]),
        "User-Agent": HEADER,
        "Sec-GPC": HEADER,
        "X-Forwarded-For": HEADER,
        "If-None-Match": HEADER,
        "Accept-Encoding": HEADER,
        "Transfer-Encoding": st.sampled_from(["chunked", "identity", "x"]),
    },
)
KEY = st.sampled_from([SECRET, PUBLIC, "pub-strict", "pub-light", "nobody", ""]) | HEADER


def mutated(body: bytes, places: list[tuple[int, int]]) -> bytes:
    """Return a body with some of its bytes changed."""
    changed = bytearray(body)
    for place, value in places:
        if changed:
            changed[place % len(changed)] = value
    return bytes(changed)


def rss(door: RunningDoor) -> int:
    """Return the memory of the door's workers."""
    children = psutil.Process(door.install.running["collector"].pid).children()
    return sum(child.memory_info().rss for child in children)


def status_of(door: RunningDoor, method: str, path: str, body: bytes, headers: dict[str, str]) -> int:
    """Return the status; 400 where the server closed the line instead of an answer, which it may."""
    try:
        return door.request(method, path, body, headers).status
    except (http.client.HTTPException, ConnectionError):
        return 400
    except (ValueError, UnicodeError):
        return 0  # our own client would not send it


def check(door: RunningDoor, acknowledged: set[str], before: int) -> None:
    """The door still works as before."""
    assert door.post("/v1/track", {"event": "A", "userId": "u"}).status == 200
    stored = {event.id for event in door.events()}
    assert acknowledged <= stored, "an acknowledged event is missing"
    assert door.ledger().balanced
    assert rss(door) - before < GROWTH_BYTES
    assert "Traceback" not in door.install.printed()


def test_no_body_or_header_breaks_the_door(door: RunningDoor) -> None:
    door.post("/v1/track", {"event": "A", "userId": "u"})
    before, acknowledged = rss(door), set[str]()

    @LIVE
    @given(
        st.sampled_from(["POST", "POST", "POST", "GET", "OPTIONS", "HEAD", "PUT", "PATCH", "DELETE"]),
        st.sampled_from(PATHS), BODY, st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), max_size=3),
        HEADERS, KEY, st.booleans(),
    )  # fmt: skip
    def send(
        method: str,
        path: str,
        body: bytes,
        places: list[tuple[int, int]],
        headers: dict[str, str],
        key: str,
        zipped: bool,
    ) -> None:
        if zipped:
            body, headers = gzip.compress(body), headers | {"Content-Encoding": "gzip"}
        headers = headers | {"Authorization": "Basic " + b64encode(f"{key}:".encode()).decode()}
        status = status_of(door, method, path, mutated(body, places), headers)
        assert status < 500 or status == 503

    send()
    check(door, acknowledged, before)


def test_what_was_acknowledged_is_there_whatever_stood_beside_it(door: RunningDoor) -> None:
    before, acknowledged = rss(door), set[str]()

    @LIVE
    @given(st.lists(MESSAGE, min_size=1, max_size=5), st.lists(JSON, max_size=4), st.randoms(use_true_random=False))
    def send(messages: list[dict[str, Any]], others: list[Any], chance: Any) -> None:
        batch = [*messages, *others]
        chance.shuffle(batch)
        try:
            body = json.dumps({"batch": batch}).encode()
        except UnicodeEncodeError:
            return
        answer = door.post("/v1/batch", body)
        assert answer.status in (200, 400)
        if answer.status == 200:
            failed = {each["index"] for each in answer.json.get("failed", [])}
            kept = [m for place, m in enumerate(batch) if place not in failed]
            acknowledged.update(m["messageId"] for m in kept if isinstance(m, dict) and "messageId" in m)

    send()
    check(door, acknowledged, before)


def test_no_bytes_on_the_line_break_the_door(door: RunningDoor) -> None:
    before = rss(door)
    port = door.install.config.collector_port
    start = st.sampled_from(
        [b"", b"POST /v1/track HTTP/1.1\r\n", b"GET / HTTP/9.9\r\n", b"POST /e HTTP/1.1\r\nHost: a\r\n"]
    )
    lines = st.sampled_from(
        [b"content-length: -1\r\n", b"content-length: 99999999999999999999\r\n", b"content-length: 5\r\n\r\nab",
         b"transfer-encoding: chunked\r\n\r\nfffffffff\r\n", b"authorization: Basic\r\n", b": \r\n", b"\r\n\r\n",
         b"expect: 100-continue\r\n"]
    )  # fmt: skip

    @LIVE
    @given(start, st.lists(lines | st.binary(max_size=60), max_size=6))
    def send(first: bytes, rest: list[bytes]) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
            line.sendall(first + b"".join(rest) + b"\r\n\r\n")
            line.settimeout(0.05)
            try:
                answer = line.recv(4096)
            except OSError:
                return
            assert not answer.startswith(b"HTTP/1.1 5") or answer.startswith(b"HTTP/1.1 503")

    send()
    check(door, set(), before)


ODD_BODIES = [
    b'{"event":"A","userId":"1","properties":{"a":NaN}}',
    b'{"event":"A","userId":"1","properties":{"a":-Infinity}}',
    b'{"event":"A","userId":"1","properties":{"amount":1e400}}',
    b'{"event":"A","userId":"1","properties":{"amount":1' + b"0" * 400 + b"}}",
    b'{"event":"A","userId":1' + b"0" * 400 + b"}",
    b'{"event":"A","userId":"1","timestamp":1' + b"0" * 400 + b"}",
    b'{"event":"A","userId":"1","timestamp":1e308,"sentAt":-1e308}',
    b'{"event":"A","userId":"1","timestamp":"0001-01-01T00:00:00Z","sentAt":"9999-12-31T23:59:59Z"}',
    b'{"event":"A","userId":"1","timestamp":"9999-12-31T23:59:59-23:59","sentAt":"0001-01-01T00:00:00+23:59"}',
    b'{"event":"A","userId":"1","timestamp":"2026-05-04T10:12:00Z","properties":{"a":1' + b"0" * 400 + b"}}",
    b'{"event":"A","userId":"1","properties":{"a":"\\ud800"}}',
    b'{"event":"A","userId":"1","properties":{"\\ud83d":1}}',
    b'{"event":"A","userId":"1","properties":{"a":"\\u0000","\\u0000":"b"}}',
    b'{"event":"A\x00","userId":"1"}',
    b'{"event":"A","userId":"1","userId":"2","messageId":"twice","messageId":"once"}',
    b'{"event":"A","userId":"1","type":"page","writeKey":{"a":1}}',
    b'{"event":"A","userId":"1","properties":' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}",
    b'{"event":"A","userId":"1","timestamp":"2026-05-04T10:12:00Z","properties":' + b"[" * 900 + b"]" * 900 + b"}",
    b'\xef\xbb\xbf{"event":"A","userId":"1"}',
    '{"event":"A","userId":"1"}'.encode("utf-16"),
]


@pytest.mark.parametrize("path", ["/v1/track", "/v1/import", "/e"])
def test_odd_numbers_texts_and_depths_are_events_or_failures_and_never_more(door: RunningDoor, path: str) -> None:
    for key in (SECRET, PUBLIC, "pub-light"):
        for body in ODD_BODIES:
            whole = body if path == "/v1/track" else b'{"batch":[7,' + body + b"]}"
            answer = door.post(path, whole, key=key)
            assert answer.status in (200, 400), body
            assert answer.json["success"] is (answer.status == 200)
    assert door.ledger().balanced
    for failed in door.log.failed():
        read_again(failed, Site(failed.source, "", ConsentMode.IMPLIED, ()))
    check(door, set(), rss(door))


def basic(text: bytes) -> str:
    """Return an Authorization header of Basic."""
    return "Basic " + b64encode(text).decode()


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ([("Authorization", basic(b"sec-norte:")), ("Authorization", basic(b"nobody:"))], (200, 400, 401)),
        ([("Authorization", basic(b"nobody:")), ("Authorization", basic(b"sec-norte:"))], (400, 401)),
        ([("Authorization", "Basic ====")], (401,)),
        ([("Authorization", "Basic " + "A" * 60_000)], (400, 401, 431)),
        ([("Authorization", basic(b"\xff\xfe:"))], (401,)),
        ([("Authorization", basic(b"sec-norte"))], (200,)),
        ([("Authorization", basic(b"sec-norte:anything"))], (200,)),
        ([("Authorization", basic(b"sec-norte\0:"))], (401,)),
        ([("Authorization", basic(b"sec-norte:")), ("Content-Encoding", "gzip, gzip")], (400,)),
        ([("Authorization", basic(b"sec-norte:")), ("Content-Encoding", "GZIP")], (400,)),
        ([("Authorization", basic(b"sec-norte:")), ("Content-Length", "7")], (200, 400)),
        ([("Authorization", basic(b"sec-norte:")), ("Transfer-Encoding", "chunked")], (200, 400)),
        ([("Authorization", basic(b"sec-norte:")), ("Cookie", "a=" + "b" * 7_000)], (200,)),
        ([("Authorization", basic(b"pub-norte:")), ("Origin", "https://norte.example.evil.example")], (403,)),
        ([("Authorization", basic(b"pub-norte:")), ("Origin", "https://evil.example/#norte.example")], (403,)),
        ([("Authorization", basic(b"pub-norte:")), ("User-Agent", "\x80\xff")], (200, 400)),
    ],
)
def test_odd_headers_are_answered(door: RunningDoor, lines: list[tuple[str, str]], status: tuple[int, ...]) -> None:
    message = {"event": "A", "userId": "u", "messageId": "odd"}
    try:
        assert door.with_lines("/v1/track", message, lines, key="").status in status
    except (http.client.HTTPException, ConnectionError):
        assert 400 in status  # the server closed the line
    check(door, set(), rss(door))


def test_bodies_packed_in_bombs_are_refused_unpacked(door: RunningDoor) -> None:
    before = rss(door)
    once = gzip.compress(b'{"batch":[' + b" " * 30_000_000 + b"]}")
    for body in (once, gzip.compress(once), once + once, zlib.compress(b"\0" * 30_000_000), once[:-9], once + b"rest"):
        lines = [("Content-Encoding", "gzip")]
        assert door.with_lines("/v1/batch", body, lines).status in (400, 413)
    check(door, set(), before)


def test_large_bodies_one_after_the_other_do_not_pile_up(door: RunningDoor) -> None:
    bomb, zipped = gzip.compress(b" " * 50_000_000), {"Content-Encoding": "gzip", "Authorization": f"Bearer {SECRET}"}
    door.post("/v1/batch", b"[" * 400_000)
    assert door.post("/v1/batch", b'{"batch":[' + b"1," * 240_000 + b"1]}").json["code"] == "not_a_batch"
    before = rss(door)
    for _ in range(40):
        assert door.post("/v1/batch", b'{"batch":[' + b"1," * 2_400 + b"1]}").status in (200, 400)
        assert door.request("POST", "/v1/batch", bomb, zipped).status == 413
        assert door.post("/v1/track", b"x" * 600_000).status == 413
    check(door, set(), before)
