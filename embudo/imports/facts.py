"""The facts that a row becomes, and their ids: the same row gives the same ids in every run, until it is undone."""

import re
from collections.abc import Mapping
from typing import Any

from embudo.core.event import Door, Event, Verdict, subject_of
from embudo.core.money import read_money
from embudo.imports.consents import Origin
from embudo.imports.mapping import ImportMap
from embudo.imports.row import Instant, Stated, hashed

AGAIN = "-u"  # in ids of facts that are recorded again after an undo
PROFILE = "profile_changed"
PROFILE_ID = re.compile(r".+-00-r(\d+)")


def receipts_of(stated: Stated, plan: ImportMap, origin: Origin, *, now: int, undone: int = 0) -> list[Event]:
    """Return the facts of what a row says of consent; ids as of `facts_of`."""
    more = {"now": now, "user_id": stated.user_id, "row": stated.number}
    again = f"{AGAIN}{undone}" if undone else ""
    return [
        each.fact(stated.carried[0], plan, origin, id=f"{stated.key}-c-{hashed(each.content)[:16]}{again}", **more)
        for each in stated.answers
    ]


def facts_of(stated: Stated, source: str, *, alone: bool, now: int, undone: int = 0) -> list[Event]:
    """Return the facts besides the profile; the same row gives the same ids in every run, until it is undone.

    Facts that come `alone`, without a profile, say by themselves which identifiers are one person's.
    """
    traits = {name: stated.traits[name] for name in ("email", "phone") if name in stated.traits}
    found = []
    for fact, place, props, when in stated.facts:
        more = {"traits": traits} if alone and len(stated.carried) > 1 else {}
        content = hashed([fact.kind, props, when.at if when.given else None])[:16]
        id = f"{stated.key}-{place:02}-{content}" + (f"{AGAIN}{undone}" if undone else "")
        read, _unusable = read_money(fact.kind, props)  # the id is that of what the file says
        found.append(_event(stated, source, id, fact.kind, {**read, **more}, when, now))
    return found


def profile_of(stated: Stated, source: str, *, revision: int, now: int, first: bool, kind: str = PROFILE) -> Event:
    """Return the fact of a row's attributes; `first`: nothing else of it stands, else it was found out now."""
    when = stated.when if first else Instant(now, now, given=False, known_given=True, unknown=False)
    context = stated.context if first else {}
    props = {"traits": stated.traits}
    return _event(stated, source, f"{stated.key}-00-r{revision}", kind, props, when, now, context)


def revision_in(id: str) -> int:
    """Return the revision of a profile whose fact has this id; 0 for any other fact."""
    found = PROFILE_ID.fullmatch(id)
    return int(found[1]) if found else 0


def _event(
    stated: Stated,
    source: str,
    id: str,
    kind: str,
    props: dict[str, Any],
    when: Instant,
    now: int,
    context: Mapping[str, Any] | None = None,
) -> Event:
    identifier = stated.carried[0]
    marks = {"time": "unknown"} if when.unknown else {} if when.known_given else {"known_at": "assumed"}
    return Event(
        source=source,
        id=id,
        kind=kind,
        at=when.at,
        received_at=now,
        known_at=when.known_at,
        identifier=identifier,
        subject=subject_of(identifier),
        door=Door.IMPORT,
        verdict=Verdict.HUMAN,
        user_id=stated.user_id,
        props=props,
        context={**(context or {}), **marks},
    )
