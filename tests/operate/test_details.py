"""What is said of a failed event is said in the reader's language, whoever found it out."""

import gzip
from dataclasses import replace
from typing import Any

import pytest
from django.utils import translation

from embudo.collector import wire
from embudo.collector.message import MAX_EVENT_BYTES, event_of
from embudo.core.event import Door
from embudo.core.intake import Drop, Envelope
from embudo.eventlog import Log
from embudo.operate.details import TEMPLATES, detail_of
from tests.cast import ada

NOW = 1_772_442_000_000_000
TRACK = {"type": "track", "event": "Demo Requested", "messageId": "m1", "anonymousId": "b1"}
DEEP: Any = "x"
for _level in range(20):
    DEEP = {"more": DEEP}


def dropped(message: Any, *, door: Door = Door.SECRET, size: int = 0) -> str:
    drop = event_of(message, Envelope("www", door, NOW), size_bytes=size)
    assert isinstance(drop, Drop) and drop.detail
    return drop.detail


def unread(body: bytes, *, batch: bool = False, encoding: str = "") -> str:
    with pytest.raises(wire.Unreadable) as raised:
        plain = wire.decompress(body, encoding) if encoding else body
        wire.read_batch(plain) if batch else wire.read_one(plain, "track")
    return raised.value.detail


def said() -> list[str]:
    """A detail of every way in which a message fails."""
    return [
        dropped({**TRACK, "messageId": "m" * 300}), dropped({**TRACK, "userId": "u" * 300}),
        dropped(TRACK, size=MAX_EVENT_BYTES + 1), dropped({**TRACK, "properties": DEEP}),
        dropped({**TRACK, "event": "!"}), dropped({**TRACK, "event": "purchase_made"}, door=Door.PUBLIC),
        dropped({**TRACK, "event": "stage_set", "properties": {"stage": "emperor"}}),
        dropped({**TRACK, "timestamp": "1960-01-01T00:00:00Z"}),
        dropped({**TRACK, "timestamp": "2999-01-01T00:00:00Z"}), dropped({**TRACK, "anonymousId": None}),
        unread(b"x", encoding="br"), unread(b"x", encoding="gzip"),
        unread(gzip.compress(b"{}")[:-8], encoding="gzip"), unread(b'{"a": oops}'), unread(b'{"a": "b'),
        unread(b"{}", batch=True), unread(b'{"batch": "many"}', batch=True),
        unread(b'{"batch": [' + b"{}," * 2500 + b"{}]}", batch=True),
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["es", "pt-br"])
def test_whatever_the_door_says_is_translated(language: str) -> None:
    english = said()
    with translation.override(language):
        assert [detail for detail in english if detail_of(detail) == detail] == []


@pytest.mark.parametrize("language", ["es", "pt-br"])
def test_every_template_has_its_translation_with_the_same_values(language: str) -> None:
    with translation.override(language):
        assert [each for each in TEMPLATES if translation.gettext(each) == each] == []


def test_values_stay_as_they_came_and_what_is_only_a_value_too() -> None:
    with translation.override("es"):
        assert detail_of("purchase_made needs a secret key") == "purchase_made necesita una clave secreta"
        assert detail_of("yesterday, perhaps") == "yesterday, perhaps"
        assert detail_of("") == ""
    assert detail_of("612 s ahead") == "612 s ahead"


def test_what_the_log_refuses_is_translated(log: Log) -> None:
    base = ada.submits("contact").events[-1]
    log.append([base])
    log.append([replace(base, props={"other": 1})])
    log.append([replace(base, id="n1", site="a\0b"), replace(base, id="n2", at=2**63)])
    details = [each.detail for each in log.failed()]
    assert len(details) == 3
    with translation.override("pt-br"):
        assert [detail for detail in details if detail_of(detail) == detail] == []
