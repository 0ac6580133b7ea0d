"""Bodies, compression and keys, read within limits."""

import gzip
import json
import zlib
from base64 import b64encode

import pytest

from embudo.collector.wire import (
    MAX_BATCH_BYTES,
    MAX_BATCH_MESSAGES,
    Unreadable,
    decompress,
    deeper_than,
    key_of,
    nesting_of,
    read_batch,
    read_one,
    without_key,
)
from embudo.core.intake import Reason


def test_gzip_and_deflate_are_undone() -> None:
    assert decompress(gzip.compress(b"{}", mtime=0), "gzip") == decompress(zlib.compress(b"{}"), "deflate") == b"{}"


@pytest.mark.parametrize(
    ("body", "encoding", "reason"),
    [
        (b"plain", "gzip", Reason.BAD_COMPRESSION),
        (gzip.compress(b"{}" * 99, mtime=0)[:-12], "gzip", Reason.BAD_COMPRESSION),
        (b"{}", "br", Reason.BAD_COMPRESSION),
        (gzip.compress(b" " * (MAX_BATCH_BYTES + 1), mtime=0), "gzip", Reason.TOO_LARGE),
    ],
)
def test_a_body_that_cannot_be_unpacked_says_why(body: bytes, encoding: str, reason: Reason) -> None:
    with pytest.raises(Unreadable) as error:
        decompress(body, encoding)
    assert error.value.reason is reason


def test_what_a_batch_says_once_holds_for_all_its_messages_that_do_not_say_otherwise() -> None:
    body = {
        "writeKey": "k", "sentAt": "now", "anonymousId": "b1", "context": {"locale": "es", "page": {"url": "/a"}},
        "batch": [{"type": "track"}, {"anonymousId": "b2", "context": {"page": {"url": "/b"}}}, 7],
    }  # fmt: skip
    parcel = read_batch(json.dumps(body).encode())
    assert (parcel.key, parcel.sent_at) == ("k", "now")
    one, two, three = (piece.message for piece in parcel.pieces)
    assert one == {"type": "track", "anonymousId": "b1", "context": {"locale": "es", "page": {"url": "/a"}}}
    assert two == {"anonymousId": "b2", "context": {"locale": "es", "page": {"url": "/b"}}}
    assert three == 7 and parcel.pieces[2].raw == b"7"


def test_what_a_batch_says_once_counts_with_every_message() -> None:
    shared = b'{"page":{"url":"/a"}}'
    body = b'{"userId":"u1","context":' + shared + b',"batch":[{"a":[1]},7]}'
    parcel = read_batch(body)
    said = len(b'"u1"') + len(shared)
    assert [piece.size_bytes for piece in parcel.pieces] == [len(b'{"a":[1]}') + said, 1 + said]
    assert [piece.nesting for piece in parcel.pieces] == [4, 2]
    assert parcel.size_bytes == sum(piece.size_bytes for piece in parcel.pieces)


@pytest.mark.parametrize("context", [b"[" * 100_000 + b"]" * 100_000, b'"\xff"', b'{"a":1e99999}'])
def test_what_a_batch_says_once_and_cannot_be_read_makes_it_unreadable(context: bytes) -> None:
    with pytest.raises(Unreadable) as error:
        read_batch(b'{"context":' + context + b',"batch":[{}]}')
    assert error.value.reason in (Reason.NOT_JSON, Reason.NOT_A_BATCH)


def test_a_small_body_cannot_grow_into_a_large_batch() -> None:
    body = {"context": {"userAgent": "A" * 300_000}, "batch": [{"type": "page"}] * 2_500}
    text = json.dumps(body).encode()
    assert len(text) < MAX_BATCH_BYTES
    with pytest.raises(Unreadable) as error:
        read_batch(text)
    assert error.value.reason is Reason.TOO_LARGE


def test_a_batch_has_a_largest_length() -> None:
    assert len(read_batch(b'{"batch":[' + b"1," * (MAX_BATCH_MESSAGES - 1) + b"1]}").pieces) == MAX_BATCH_MESSAGES
    with pytest.raises(Unreadable) as error:
        read_batch(b'{"batch":[' + b"1," * MAX_BATCH_MESSAGES + b"1]}")
    assert error.value.reason is Reason.NOT_A_BATCH


def test_the_address_says_what_a_single_message_is() -> None:
    assert read_one(b'{"type":"page","writeKey":"k"}', "track").pieces[0].message == {"type": "track"}


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (rb"a\u0000b", "a\ufffdb"), (rb"\u0000\u0000", "\ufffd\ufffd"), (rb"C:\\u0000", r"C:\u0000"),
        (rb"\\\u0000", "\\\ufffd"), (rb"\\\\u0000", r"\\u0000"),
    ],
)  # fmt: skip
def test_nul_which_no_storage_holds_becomes_its_sign_and_other_text_stays(said: bytes, read: str) -> None:
    assert read_one(b'{"event":"' + said + b'"}', "track").pieces[0].message["event"] == read


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("Basic " + b64encode(b"k:").decode(), "k"), ("basic " + b64encode(b"k:pw").decode(), "k"), ("Bearer k ", "k"),
        ("Basic " + b64encode(b"k").decode(), "k"), ("Basic ???", ""), ("Basic", ""), ("", ""), ("Digest k", ""),
        ("Basic " + b64encode(b"\xff:").decode(), ""),
    ],
)  # fmt: skip
def test_a_key_stands_in_the_authorization(header: str, key: str) -> None:
    assert key_of(header) == key


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b'{"writeKey":"sec-1","event":"A"}', b'{"writeKey":"","event":"A"}'),
        (b'{"batch":7,"writeKey" : "sec\\u002d1"}', b'{"batch":7,"writeKey" : ""}'),
        (b'{"a":1,"writeKey":"sec-1', b'{"a":1,"writeKey":"'),
        (b'"{\\"writeKey\\":\\"sec-1\\",\\"a\\":1}"', b'"{\\"writeKey\\":\\"\\",\\"a\\":1}"'),
        (b"{'writeKey': 'sec-1'}", b"{'writeKey': ''}"),
        (b"event=A&writeKey=sec-1&b=2", b"event=A&writeKey=&b=2"),
        (b'{"writeKey":7,"event":"A"}', b'{"writeKey":7,"event":"A"}'),
        (b'{"event":"write a key"}', b'{"event":"write a key"}'),
    ],
)
def test_a_body_is_kept_without_the_key_it_says(body: bytes, kept: bytes) -> None:
    assert without_key(body) == kept


def test_nesting_is_never_less_than_the_depth() -> None:
    assert nesting_of(b'{"a":[[1]]}') == 3 and nesting_of(b'{"a":"[[["}') >= 1


def test_depth_counts_lists_and_objects() -> None:
    assert not deeper_than({"a": [1]}, 2) and deeper_than({"a": [1]}, 1) and not deeper_than(7, 0)
