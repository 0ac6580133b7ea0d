"""What people in the app say of a person becomes a fact of the log, before anything else is changed (DESIGN 9.6)."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from embudo.core.event import Door, Event, Verdict
from embudo.core.event import subject_of as subject
from embudo.core.identity import identifiers
from embudo.eventlog import Cursor, Log, Outcome, Receipt, shared_log
from embudo.leads import follow
from embudo.leads.clock import now

APP = "app"
LOOK_S = 0.01  # between two looks at the cursor
PATIENCE_S = 1.0

# What a person in the app may record of somebody, or of a company.
KINDS = frozenset(
    "stage_set profile_changed handoff_accepted handoff_rejected opportunity_opened opportunity_moved opportunity_won "
    "opportunity_lost people_merged people_unmerged identity_linked verdict_revised fact_withdrawn call_made "
    "meeting_held note_written purchase_made referral_made event_attended social_interaction company_changed "
    "companies_merged companies_unmerged".split()
)


class UnknownKind(ValueError):
    """This kind of fact is not for people to record."""


class NotRecorded(Exception):
    """The log kept something else under this id, or nothing: `outcome` says which."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.value)
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Saying:
    """One fact to record: about a person, or about whom its traits or the id in another system (`user_id`) name.

    `company` is the identifier of a company, when the fact is about one.
    """

    kind: str
    props: Mapping[str, Any]
    id: str
    person: int | None = None
    user_id: str | None = None
    at: int | None = None
    utm: Mapping[str, str] | None = None  # how somebody came to us
    company: str | None = None


def record(
    kind: str,
    *,
    props: Mapping[str, Any],
    id: str,
    by: Any,
    person: int | None = None,
    company: str | None = None,
    at: int | None = None,
    utm: Mapping[str, str] | None = None,
    log: Log | None = None,
) -> Receipt:
    """Append one fact about a person or a company and return where it stands; a repeat with the same id counts once.

    `id` is fixed by the form, so that a double click is one fact. `by` is the user who says so. Without `person` and
    `company` (an identifier) the fact is about whom its traits name. `utm` says how somebody came to us.
    Raises UnknownKind, NotRecorded, or LogUnavailable: then nothing was kept.
    """
    (receipt,) = record_all([Saying(kind, props, id, person, at=at, utm=utm, company=company)], by=by, log=log)
    if receipt.outcome not in (Outcome.ACCEPTED, Outcome.DUPLICATE):
        raise NotRecorded(receipt.outcome)
    return receipt


def record_all(sayings: Sequence[Saying], *, by: Any, log: Log | None = None) -> list[Receipt]:
    """Append facts in one durable transaction and return their receipts; of two on one thing the later one stands.

    Raises UnknownKind, ValueError on a fact about nobody, or LogUnavailable: then nothing was kept.
    """
    for each in sayings:
        if each.kind not in KINDS:
            raise UnknownKind(each.kind)
    moment = now()
    facts = [fact_of(each, by=by, moment=moment, place=place) for place, each in enumerate(sayings)]
    return (log or the_log()).append(facts)


def record_of_each(kind: str, said: Sequence[tuple[int, Mapping[str, Any], str]], *, by: Any) -> list[Receipt]:
    """Append the same kind of fact about several people, each (person, props, id), in one transaction.

    Return where the last of them stands in each shard, of those that were kept, now or before. Raises UnknownKind and
    LogUnavailable. One that is in conflict with what was recorded before is left out.
    """
    return ends_of(record_all([Saying(kind, props, id, person) for person, props, id in said], by=by) if said else [])


def ends_of(receipts: Sequence[Receipt]) -> list[Receipt]:
    """Return the last receipt in each shard, of those facts that were kept, now or before."""
    kept = [each for each in receipts if each.outcome in (Outcome.ACCEPTED, Outcome.DUPLICATE)]
    last = {each.shard: each for each in sorted(kept, key=lambda each: each.offset)}
    return list(last.values())


def wait_until_followed(receipt: Receipt, timeout_s: float = PATIENCE_S) -> bool:
    """Return whether the tables hold this fact, waiting for it at most so long; otherwise say "being applied"."""
    wanted = Cursor({receipt.shard: receipt.offset})
    deadline = time.monotonic() + timeout_s
    while not follow.cursor_of_tables().passed(wanted):
        if time.monotonic() >= deadline:
            return False
        time.sleep(LOOK_S)
    return True


def the_log() -> Log:
    """Return the log of this install; one for the whole process."""
    return shared_log(settings.EMBUDO)


def fact_of(
    said: Saying, *, by: Any = None, moment: int | None = None, place: int = 0, verdict: Verdict = Verdict.HUMAN
) -> Event:
    """Return the fact of the app that a saying is, said at `moment` (now), as number `place` of what is said then.

    `by` is the user who says so; None: the fact names nobody. Raises ValueError on one about nobody.
    """
    moment = now() if moment is None else moment
    identifier = said.company or (f"person:{said.person}" if said.person is not None else _named_by(said))
    who = {} if by is None else {"by": getattr(by, "pk", None), "by_name": str(by)}
    return Event(
        source=APP,
        id=said.id,
        kind=said.kind,
        at=moment + place if said.at is None else said.at,
        received_at=moment,
        known_at=moment,
        identifier=identifier,
        subject=subject(identifier),
        door=Door.APP,
        verdict=verdict,
        user_id=said.user_id,
        props=dict(said.props),
        context={**who, **({"utm": dict(said.utm)} if said.utm else {})},
    )


def _named_by(said: Saying) -> str:
    traits = said.props.get("traits")
    stated = traits if isinstance(traits, Mapping) else {}
    found = identifiers(door=Door.APP, user_id=said.user_id, anonymous_id=None, traits=stated)
    if not found:
        raise ValueError("a fact without a person needs traits with a mail address or a phone number")
    return found[0]
