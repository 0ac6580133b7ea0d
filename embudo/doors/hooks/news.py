"""What happened, as webhooks are told it: the facts of the log and the moves of stages that are news."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from django.conf import settings

from embudo.core.event import DAY, MINUTE, Door, Event, Verdict
from embudo.doors.hooks.kinds import OF_FACT, PERSON_CREATED, STAGE_CHANGED
from embudo.doors.ids import SIDES, with_ids_as_texts
from embudo.eventlog import Row
from embudo.leads.history import COMPANIES_MERGED, COMPANIES_UNMERGED, is_of_company
from embudo.leads.identity import ERASED
from embudo.leads.models import Identifier, Person, StageChange
from embudo.leads.story import history_of, survivor_of

NEWS = 7 * DAY  # what was known for longer when a move was recorded is history, told again by a merge or a rebuild
IDENTIFIED = "identified"  # core.lifecycle.Why: the move of somebody who said who they are
JOINING = ("people_merged", "people_unmerged", COMPANIES_MERGED, COMPANIES_UNMERGED)
MADE_AGAIN = ("", "rebuild", "definition")  # why a move stands no longer although it was told


@dataclass(frozen=True, slots=True)
class News:
    """One thing to tell. `key` is the same however often it is read or computed.

    `person` is who it is of now; `subject`, by which it is forgotten, is that of the fact and stays when people are
    joined and taken apart.
    """

    kind: str
    key: str
    at: int
    known_at: int
    person: int | None
    told: Mapping[str, Any]
    subject: int | None = None

    @property
    def message(self) -> str:
        """The webhook-id, without the webhook."""
        return f"msg_{self.key[:32]}"

    @property
    def body(self) -> str:
        """What is sent, as Standard Webhooks have it."""
        person = {} if self.person is None else {"person": shown(self.person)}
        return written({"type": self.kind, "timestamp": instant(self.at), "data": {**person, **self.told}})


def written(content: Mapping[str, Any]) -> str:
    """Return JSON in one line."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=str)


def instant(at: int) -> str:
    """Return microseconds since 1970 as ISO 8601 in UTC."""
    return datetime.fromtimestamp(at / 1_000_000, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def shown(id: int, address: str = "people") -> dict[str, str]:
    """Return a person, or who else has an address, as other software finds them.

    Ids are texts, since JavaScript rounds numbers of this size.
    """
    return {"id": str(id), "url": f"{settings.EMBUDO.site_address}/{address}/{id}/"}


def cause(source: str, id: str, kind: str, at: int) -> dict[str, str]:
    """Return the fact behind something as it is told."""
    return {"source": source, "id": id, "kind": kind, "at": instant(at)}


def key_of(*parts: Any) -> str:
    """Return the key of what happened."""
    return blake2b("\0".join(map(str, parts)).encode("utf-8", "replace"), digest_size=24).hexdigest()


def of_rows(rows: Iterable[Row]) -> Iterator[News]:
    """Return what these rows of the log tell; they have been followed, so that their people are known."""
    events = [row.event for row in rows if _tells(row.event)]
    people = _people({event.subject for event in events if not is_of_company(event)})
    for event in events:
        fact = {"source": event.source, "id": event.id, "kind": event.kind, "at": instant(event.at)}
        key = key_of("fact", event.source, event.id)
        person = None if is_of_company(event) else people.get(event.subject, event.subject)
        told: dict[str, Any] = {"fact": fact, "props": with_ids_as_texts(event.props)}
        if event.kind in JOINING:
            address = "people" if person else "companies"
            told |= {name: shown(int(event.props[name]), address) for name in SIDES}
        yield News(OF_FACT[event.kind], key, event.at, event.received_at, person, told, event.subject)


def erased_by(rows: Iterable[Row]) -> int | None:
    """Return the instant of the first erasure that these rows tell of, None when they tell of none."""
    return min((row.event.at - 1 for row in rows if row.event.kind == ERASED), default=None)  # leads/erasure.py


def whose(subject: int) -> int:
    """Return the person of now whose subject it is."""
    return _people({subject})[subject]


def _tells(event: Event) -> bool:
    if event.kind not in OF_FACT or event.verdict is not Verdict.HUMAN:
        return False
    if event.kind == "fact_withdrawn":
        return event.door is Door.APP
    return event.kind not in JOINING or event.props.keys() >= {*SIDES}


def _people(subjects: set[int]) -> dict[int, int]:
    """The surviving person of each subject that has one."""
    held = dict(Identifier.objects.filter(subject__in=subjects).values_list("subject", "person_id"))
    wanted = set(held.values()) | (subjects - held.keys())
    rows = {row.id: row for row in Person.objects.filter(pk__in=wanted).only("id", "merged_into")}
    roots = {id_: survivor_of(row).id for id_, row in rows.items()}
    return {subject: roots.get(held.get(subject, subject), held.get(subject, subject)) for subject in subjects}


def of_move(move: StageChange) -> Iterator[News]:
    """Return what a move of a stage tells: nothing when it is old news that was computed once more."""
    if not move.from_stage or move.superseded_why not in MADE_AGAIN or _was_recorded_before(move):
        return
    first = move.causes[0] if move.causes else None
    known_at = move.at if first is None or move.at >= move.recorded_at - MINUTE else _known_at(move, first)
    if known_at is None or known_at < move.recorded_at - NEWS:
        return
    by = (first[0], first[1]) if first else (move.person_id, move.at)
    told = {
        "from": move.from_stage, "to": move.to_stage, "why": move.why, "fit": move.fit,
        "engagement": round(move.engagement, 6), "definition_version": move.version,
        "causes": [cause(*each) for each in move.causes],
    }  # fmt: skip
    key = key_of("move", *by, move.from_stage, move.to_stage)
    yield News(STAGE_CHANGED, key, move.at, known_at, move.person_id, told, move.person_id)
    if move.why == IDENTIFIED:
        key, stage = key_of("created", *by), {"stage": move.to_stage}
        yield News(PERSON_CREATED, key, move.at, known_at, move.person_id, stage, move.person_id)


def _was_recorded_before(move: StageChange) -> bool:
    """Whether a rebuild or a replay has only written down again what stood there."""
    same = {"person_id": move.person_id, "at": move.at, "from_stage": move.from_stage, "to_stage": move.to_stage}
    return StageChange.objects.filter(id__lt=move.id, **same).exists()


def _known_at(move: StageChange, cause: list[Any]) -> int | None:
    """When the fact behind a move of long ago was received; None when it is not there any more."""
    key = (cause[0], cause[1])
    return next((event.received_at for event in history_of(move.person_id) if event.key == key), None)
