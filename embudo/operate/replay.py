"""Takes failed events in again: reads their bodies as the door would today, and keeps what has become usable.

One of them at once, all of a reason as long work.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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
from embudo.eventlog import Failed, FailedState, Log, LogUnavailable, open_log
from embudo.eventlog import Outcome as Kept
from embudo.leads.clock import EPOCH
from embudo.operate.reasons import words_of
from embudo.work.kinds import Progress, Refused, Steps
from embudo.work.models import Job

LABEL, RESULT = gettext_lazy("Failed events taken in again"), "operate/_replayed.html"
PORTION = 200


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of failed events that were tried again."""

    kept: int = 0
    still_failing: int = 0


def about(job: Job) -> str:
    """Return why they failed, in the reader's language."""
    return words_of(job.wants["reason"])[0]


def run(job: Job) -> Steps:
    """Try the open failed events of one reason again, newest first; those that fail meanwhile are left for later."""
    config, reason = settings.EMBUDO, job.wants["reason"]
    try:
        return (yield from _all_of(config, reason, job))
    except LogUnavailable as error:
        raise Refused(_("The log does not answer: %(why)s Try again when it does.") % {"why": error}) from error


def _all_of(config: Config, reason: str, job: Job) -> Steps:
    record, by, kept = open_log(config), job.wants["by"], 0
    memory = job.memory or {"before": None, "still_failing": 0, "total": _count(record, reason)}
    if job.memory:
        kept = _kept_already(record, reason, job)
    yield Progress(kept + memory["still_failing"], memory["total"], memory)
    for failed in _each(record, reason, FailedState.OPEN, memory["before"]):
        outcome = replay(config, [failed], by=by)
        kept, still = kept + outcome.kept, memory["still_failing"] + outcome.still_failing
        memory = {**memory, "before": failed.number, "still_failing": still}
        yield Progress(kept + still, max(memory["total"], kept + still), memory)
    return {"kept": kept, "still_failing": memory["still_failing"]}


def _count(record: Log, reason: str) -> int:
    return record.failed_counts().get((reason, FailedState.OPEN), 0)


def _kept_already(record: Log, reason: str, job: Job) -> int:
    """How many a run that stopped has taken in, those after its last note included."""
    asked_at = (job.created_at - EPOCH) // timedelta(microseconds=1)
    taken_in = _each(record, reason, FailedState.REPLAYED)
    return sum(each.settled_by == job.wants["by"] and (each.settled_at or 0) >= asked_at for each in taken_in)


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


def _each(record: Log, reason: str, state: FailedState, before: int | None = None) -> Iterator[Failed]:
    """The failed events of a reason and a state, newest first, those below a number."""
    while rows := record.failed(limit=PORTION, before=before, reason=reason, state=state):
        yield from rows
        before = rows[-1].number


def _sites(config: Config) -> dict[str, Site]:
    try:
        keys = keys_of((config.data / "sites.json").read_bytes())
    except FileNotFoundError:
        return {}
    return {key.site.id: key.site for key in keys.values()}
