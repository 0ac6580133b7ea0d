"""Takes failed events in again: reads their bodies as the door would today, and keeps what has become usable."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from embudo.collector.failure import Origin, origin_of
from embudo.collector.field import instant_of
from embudo.collector.message import event_of
from embudo.collector.message_id import id_without_one, states_time
from embudo.collector.phone import complete
from embudo.collector.routes import HISTORY, ROUTES
from embudo.collector.sites import Site, keys_of
from embudo.collector.wire import UNREADABLE, nesting_of, read_one
from embudo.config import Config
from embudo.core.consent import ConsentMode
from embudo.core.event import Door, Event
from embudo.core.intake import REPLAYED, Drop, Envelope, Reason
from embudo.eventlog import Failed, FailedState, open_log
from embudo.eventlog import Outcome as Kept

PORTION = 200


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of failed events that were tried again."""

    kept: int = 0
    still_failing: int = 0


def replay_reason(config: Config, reason: str, *, by: str) -> Outcome:
    """Try all open failed events of one reason again."""
    return replay(config, _open(config, reason), by=by)


def replay(config: Config, failed: Iterable[Failed], *, by: str) -> Outcome:
    """Try failed events again; each that is usable now leaves the failed and enters the log in one transaction."""
    record, sites, kept, still = open_log(config), _sites(config), 0, 0
    for each in failed:
        if each.state is not FailedState.OPEN:
            continue
        event = read_again(each, sites.get(each.source))
        receipt = record.replay(each.number, event, by=by) if isinstance(event, Event) else None
        if receipt and receipt.outcome in (Kept.ACCEPTED, Kept.DUPLICATE):
            kept += 1
        else:
            still += 1
    return Outcome(kept, still)


def read_again(failed: Failed, site: Site | None) -> Event | Drop:
    """Return the event a failed body stands for under today's rules, or why there is still none."""
    origin = origin_of(failed.detail)
    try:
        said = msgspec.json.decode(failed.body)
        if not isinstance(said, dict):
            return Drop(Reason.NOT_AN_OBJECT)
        if "batch" in said:
            return Drop(Reason.NOT_A_BATCH)
        if said.keys() >= {"subject", "identifier"}:
            return Drop(Reason(failed.reason))  # not a message: an event that the log did not take
        message = read_one(failed.body, _type_of(said, origin)).pieces[0].message
    except UNREADABLE:
        return Drop(Reason.NOT_JSON)
    if message.get("messageId") is None:
        message["messageId"] = id_without_one(message) if states_time(message) else f"replayed-{failed.number}"
    complete(message)
    envelope = _envelope(failed, origin, message, site)
    return event_of(message, envelope, size_bytes=len(failed.body), nesting=nesting_of(failed.body))


def _envelope(failed: Failed, origin: Origin, message: dict[str, Any], site: Site | None) -> Envelope:
    """The envelope of the first time, as far as it is known.

    What else a public door knew (the browser, its marks) is forgotten: what is taken in again stays unverified.
    """
    public = origin.door is Door.PUBLIC
    sent_at = instant_of(message["sentAt"]) if "sentAt" in message else None
    mode = site.mode if site else ConsentMode.REQUIRED
    if public and mode is ConsentMode.COOKIELESS:
        message.pop("anonymousId", None)  # the visitor's hash of that day is gone; another id was never to be used
    history = origin.path == HISTORY and not public
    marks = (REPLAYED,) if public else ()
    return Envelope(failed.source, origin.door, failed.received_at, sent_at, mode, marks=marks, history=history)


def _type_of(said: dict[str, Any], origin: Origin) -> str:
    """The type by the address, or as the message of a batch says it; what failed before addresses were kept guesses."""
    if origin.path:
        stated = ROUTES.get(origin.path) or said.get("type")
        return stated if isinstance(stated, str) else ""
    marks = {"event": "track", "groupId": "group", "previousId": "alias", "traits": "identify"}
    return str(said.get("type") or next((kind for mark, kind in marks.items() if mark in said), "page"))


def _open(config: Config, reason: str) -> Iterator[Failed]:
    record, before = open_log(config), None
    while rows := record.failed(limit=PORTION, before=before, reason=reason, state=FailedState.OPEN):
        yield from rows
        before = rows[-1].number


def _sites(config: Config) -> dict[str, Site]:
    try:
        keys = keys_of((config.data / "sites.json").read_bytes())
    except FileNotFoundError:
        return {}
    return {key.site.id: key.site for key in keys.values()}
