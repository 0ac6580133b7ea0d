"""What went wrong at the door: messages no event could be made of, each judged by the real intake."""

import json
from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

from embudo.collector.message import event_of
from embudo.core.event import DAY, HOUR, Door
from embudo.core.intake import Drop, Envelope, Reason
from embudo.demo.chance import Wheel, dice
from embudo.demo.clock import EPOCH
from embudo.demo.life import new_id
from embudo.demo.world import WWW, world
from embudo.eventlog import Failure

Message = dict[str, Any]
MISHAPS = Wheel.of(
    {
        "cut off": 4,  # a phone lost its network in the middle
        "no id": 3,  # a page that still carries the script of the year before
        "no name": 2,
        "clock ahead": 4,  # the tablet at the fair
        "odd time": 2,
        "nobody": 3,
        "won in the browser": 2,  # a well-meant line in a landing page
        "photo": 1,  # pasted into a form
        "deep": 1,
    }
)
REFUSED = {Reason.UNKNOWN_KEY.value: 7, Reason.CONSENT_MISSING.value: 23, Reason.CONSENT_REFUSED.value: 5}


def failures(count: int, start: int, until: int, seed: int) -> list[Failure]:
    """Return about `count` failed events of the last quarter of start..until, oldest first, and no other."""
    random = dice(seed, 5)
    span = min(until - start, 90 * DAY)
    instants = sorted(until - 1 - int(random.random() * span) for _ in range(count))
    return [failure for at in instants for failure in _judged(_mishap(random, at), at)]


def _judged(body: bytes, at: int) -> Iterator[Failure]:
    """What the door makes of a body; nothing when it would have been an event."""
    try:
        message = json.loads(body)
    except ValueError as error:
        yield Failure(WWW, Reason.NOT_JSON.value, body, at, str(error))
        return
    judged = event_of(message, Envelope(site=WWW, door=Door.PUBLIC, received_at=at), size_bytes=len(body))
    if isinstance(judged, Drop) and judged.reason.kept:
        yield Failure(WWW, judged.reason.value, body, at, judged.detail)


def _mishap(random: Random, at: int) -> bytes:
    pages = world().pages
    page = pages[int(random.random() * len(pages))]
    message: Message = {
        "type": "page",
        "messageId": new_id(random),
        "anonymousId": new_id(random),
        "timestamp": _iso(at),
        "properties": {"path": page.path, "title": page.titles["en"], "url": page.url("en")},
    }
    match MISHAPS.turn(random.random):
        case "cut off":
            return json.dumps(message).encode()[: 60 + int(random.random() * 80)]
        case "no id":
            del message["messageId"]
        case "no name":
            message["type"] = "track"
        case "clock ahead":
            message["timestamp"] = _iso(at + int((2 + random.random() * 30) * HOUR))
        case "odd time":
            message["timestamp"] = "yesterday, about noon"
        case "nobody":
            del message["anonymousId"]
        case "won in the browser":
            message |= {"type": "track", "event": "Opportunity Won", "properties": {"amount": 12000}}
        case "photo":
            message["properties"]["photo"] = "data:image/jpeg;base64," + "A9" * 20_000
        case _:
            message["properties"]["answers"] = _nested(24)
    return json.dumps(message).encode()


def _nested(levels: int) -> Any:
    return {"next": _nested(levels - 1)} if levels else "end"


def _iso(at: int) -> str:
    return (EPOCH + timedelta(microseconds=at)).isoformat().replace("+00:00", "Z")
