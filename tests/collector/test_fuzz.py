"""Mutated input at every public address: no 5xx but 503, nothing acknowledged is missing, memory stays bounded."""

import gzip
import http.client
import json
import socket
from base64 import b64encode
from typing import Any

import psutil
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from embudo.collector.app import PAGES
from embudo.collector.routes import ROUTES
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
    max_examples=150,
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
