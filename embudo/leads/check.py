"""`embudo rebuild --check`: every person computed a second time from the log, by `core` alone, and compared.

Identity is replayed from its facts, scores and stages are read by the referee, not by the engine that follows. What is
compared and what differs is said; the order of the list, which is a snapshot, is left out.
"""

import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from embudo.core import attributes, lifecycle, scoring
from embudo.core.definition import Definition
from embudo.core.event import Event
from embudo.core.lifecycle import Scores
from embudo.definition.in_force import in_force
from embudo.engines import state as states
from embudo.eventlog import Cursor, Log
from embudo.leads import companies, company_joins, consents, free_mail, opportunities, owners, profile, sql, tags
from embudo.leads.advance import Clockwork
from embudo.leads.check_batch import compare_batch
from embudo.leads.check_companies import Stated, compare_companies
from embudo.leads.check_identity import compare_identity
from embudo.leads.check_passages import compare_passages
from embudo.leads.decided import events_behind
from embudo.leads.follow import Follower, cursor_of_tables
from embudo.leads.history import counted, counts, is_of_company
from embudo.leads.lock import Lock
from embudo.leads.moves import ARRIVED
from embudo.leads.opportunities import Opportunity
from embudo.leads.pointers import Pointers
from embudo.leads.summary import summary_of
from embudo.leads.who import Who

SHOWN = 40  # differences printed
PORTION = 400_000  # facts held in memory at once
PATIENCE_S = 60.0
CLOSE = 1e-9  # relative; scores are rounded to 6 decimals, and either side of a boundary is accepted (DESIGN 9.2)


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that the tables say otherwise than the log."""

    person: int
    what: str
    in_tables: Any
    rebuilt: Any

    def __str__(self) -> str:
        words = _("person %(person)s: %(what)s is %(in_tables)r in the tables, %(rebuilt)r rebuilt")
        return words % {each.name: getattr(self, each.name) for each in fields(self)}


@dataclass
class Findings:
    """What was compared, and what differs."""

    people: int = 0
    facts: int = 0
    moves: int = 0
    batch: int = 0  # people whose score the batch engine computed, too
    differences: list[Difference] = field(default_factory=list)

    def compare(self, person: int, what: str, in_tables: Any, rebuilt: Any) -> None:
        """Note a difference, unless the two are the same."""
        if not _same(in_tables, rebuilt):
            self.differences.append(Difference(person, what, in_tables, rebuilt))


def run(log: Log, lock: Lock) -> int:
    """Compare, print what was found, and return 0 when all is equal, else 1."""
    if not bring_up_to_date(log, lock):
        print(_("The log could not be followed to its end in time; is `embudo follow` running well?"), file=sys.stderr)
        return 1
    began = time.monotonic()
    with one_moment():
        findings = check(log, in_force(), cursor_of_tables())
    for difference in findings.differences[:SHOWN]:
        print(difference)
    count = len(findings.differences)
    if count > SHOWN:
        print(_("... and %(count)s more") % {"count": count - SHOWN})
    print(summary(findings, time.monotonic() - began))
    return 1 if count else 0


def summary(findings: Findings, took_s: float) -> str:
    """Return in words what was compared and whether all of it is equal."""
    counts = {
        "people": findings.people, "facts": findings.facts, "moves": findings.moves, "batch": findings.batch,
        "count": len(findings.differences), "seconds": f"{took_s:.1f}",
    }  # fmt: skip
    compared = _("%(people)s people (%(batch)s by the batch engine, too), %(facts)s facts, %(moves)s stage moves")
    verdict = _("%(count)s differences") if findings.differences else _("exactly equal")
    return f"{compared % counts}: {verdict % counts} ({counts['seconds']} s)"


def bring_up_to_date(log: Log, lock: Lock) -> bool:
    """Follow to the end of the log and advance to now, ourselves or by whoever leads; return whether that is done."""
    end = log.end()
    if lock.take():
        Follower(lock.config, log).catch_up()
        clockwork = Clockwork(lock.config, log)
        while clockwork.advance_due(time.time_ns() // 1000):
            pass
        lock.release()
    deadline = time.monotonic() + PATIENCE_S
    while not cursor_of_tables().passed(end) or free_mail.pending() or company_joins.pending():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@contextmanager
def one_moment() -> Iterator[None]:
    """Read the tables as they are at one moment, while others go on writing."""
    begin = "BEGIN" if connection.vendor == "sqlite" else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    nested = connection.in_atomic_block
    if not nested:
        sql.one(begin)
    try:
        yield
    finally:
        if not nested:
            sql.one("ROLLBACK")


def check(log: Log, definition: Definition, through: Cursor) -> Findings:
    """Compute everybody again from the facts that `through` has seen and compare with the tables."""
    findings = Findings()
    who = Who.read(log, through)
    compare_identity(findings.compare, who)
    compare_passages(findings.compare)
    _compare_owners(findings)
    _compare_tags(findings)
    findings.batch = compare_batch(findings.compare, log, definition, through, who)
    portions, stated = max(1, -(-sum(through.values()) // PORTION)), Stated(who, free_mail.own())
    for portion in range(portions):
        histories = _histories(log, through, who, portion, portions, keep_machines=bool(who.revised))
        findings.facts += sum(map(len, histories.values()))
        stated.add(histories.values())
        _compare_people(findings, definition, histories, stated, portion, portions)
    stated.add_facts(event for event in events_behind(log, Cursor(), through) if is_of_company(event))
    compare_companies(findings.compare, stated)
    return findings


def _compare_owners(findings: Findings) -> None:
    """Compare who looks after whom with what people decided."""
    pointers = Pointers.load()
    decided = "SELECT person_id FROM leads_ownerchange UNION SELECT id FROM leads_person WHERE owner_id IS NOT NULL"
    roots = {pointers.root(person) for (person,) in sql.rows(decided)}
    for root, shown, owner in owners.compared({root: list(pointers.tree(root)) for root in roots}):
        findings.compare(root, "owner", shown, owner)
    other = "COALESCE(o.owner_id, -1) <> COALESCE(p.owner_id, -1)"
    deals = f"leads_opportunity o JOIN leads_person p ON p.id = o.person_id WHERE {other}"
    for person, shown, owner in sql.rows(f"SELECT o.person_id, o.owner_id, p.owner_id FROM {deals}"):
        findings.compare(person, "owner of opportunities", shown, owner)


def _compare_tags(findings: Findings) -> None:
    """Compare who shows a tag with whom it was put on, and whom they were merged into."""
    pointers = Pointers.load()
    roots = {pointers.root(person) for (person,) in sql.rows("SELECT DISTINCT put_on FROM leads_tagging")}
    for root, number, shown in tags.compared({root: list(pointers.tree(root)) for root in roots}):
        findings.compare(root, f"who shows tag {number}", shown, root)


# -- histories ---------------------------------------------------------------------------------------


def _histories(
    log: Log, through: Cursor, who: Who, portion: int, portions: int, *, keep_machines: bool
) -> dict[int, list[Event]]:
    """The facts that count, by person, of the people of one portion."""
    found: dict[int, list[Event]] = defaultdict(list)
    for event in events_behind(log, Cursor(), through):
        if not keep_machines and not counts(event):
            continue
        person = who.person_of(event.subject)
        if person % portions == portion:
            found[person].append(event)
    if keep_machines:
        found = {person: counted(events) for person, events in found.items()}
    return {person: events for person, events in found.items() if events}


# -- people ------------------------------------------------------------------------------------------

COLUMNS = (
    "known", "stage", "stage_since_at", "fit", "grade", "fit_known_share", "disqualified", "engagement",
    "engagement_at", "handoff_ready", "created_at", "first_seen_at", "last_seen_at", "first_seen_known",
    "last_seen_known", "events", "source", "medium", "campaign", "landing_page", "last_source",
    "last_medium", "last_campaign", "last_landing_page", "name", "mail", "phone", "title",
    "company_name", "industry", "country", "city",
    "language", "search", "company_id", "attributes",
)  # fmt: skip


def _compare_people(
    findings: Findings,
    definition: Definition,
    histories: Mapping[int, Sequence[Event]],
    stated: Stated,
    portion: int,
    portions: int,
) -> None:
    mine = f"{{}} %% {portions} = {portion}" if connection.vendor == "postgresql" else f"{{}} % {portions} = {portion}"
    followed = _followed(mine)
    there = _people(mine)
    columns = "person_id, from_stage, to_stage, at, why, causes"
    moves = _grouped(columns, "leads_stagechange", mine, "superseded_at IS NULL")
    values = _grouped("person_id, attribute, text, number", "leads_personattribute", mine, "1 = 1")
    consented = _grouped(f"person_id, {', '.join(consents.COLUMNS)}", "leads_personconsent", mine, "1 = 1")
    dealt = _grouped(f"person_id, {', '.join(opportunities.COLUMNS)}", "leads_opportunity", mine, "1 = 1")
    for person in histories.keys() | there.keys():
        findings.people += 1
        row, history = there.get(person), histories.get(person)
        if row is None or history is None:
            findings.compare(person, "existence", row is not None, history is not None)
            continue
        until, due = followed.get(person, (0, None))
        expected, walked = rebuilt(history, definition, until, stated.free, stated.root)
        findings.compare(person, "next change", due, expected["next_change_at"])
        for name, value in zip(COLUMNS, row, strict=True):
            findings.compare(person, name, _loaded(value) if name == "attributes" else value, expected[name])
        answered = set(consents.rows_of(history))
        findings.compare(person, "consents", {_answer(each) for each in consented.get(person, ())}, answered)
        deals = {Opportunity.of_row(each).row for each in dealt.get(person, ())}
        findings.compare(person, "opportunities", deals, set(opportunities.rows_of(history)))
        wanted = {(each.attribute, each.text, each.number) for each in profile.values(expected["attributes"])}
        findings.compare(person, "attribute values", set(values.get(person, ())), wanted)
        standing = sorted((*move[:4], _text(move[4])) for move in moves.get(person, ()))
        findings.compare(person, "stage moves", standing, sorted(walked))
        findings.moves += len(walked)


def rebuilt(
    history: Sequence[Event],
    definition: Definition,
    until: int,
    free: Collection[str] = (),
    joined: Callable[[int], int] = int,
) -> tuple[dict[str, Any], list[tuple[Any, ...]]]:
    """Return the columns of a person and their moves, by the plain reading, with time followed up to `until`.

    `joined` returns whose page a company has.
    """
    latest = max(event.at for event in history)
    standing, moves = lifecycle.walk(history, definition, max(latest, until))
    summary, stated = summary_of(history), attributes.resolve(history, latest)
    curve = scoring.curve(history, definition, standing.at)
    fit, known = scoring.fit(stated, definition), profile.storable(stated)
    employer = companies.employer(known, free) if known else None
    shown = profile.columns(known)
    walked = [("", lifecycle.VISITOR, summary.first_seen_at, ARRIVED, "[]")]
    for move in moves:
        cause = move.cause
        causes = [[cause.source, cause.id, cause.kind, cause.at]] if cause else []
        walked.append((move.from_stage, move.to_stage, move.at, str(move.why), json.dumps(causes)))
    touch, last = summary.touch, summary.last_touch
    return {
        **shown,
        "known": summary.known,
        "stage": standing.stage,
        "stage_since_at": standing.since or summary.first_seen_at,
        "fit": fit.score,
        "grade": fit.grade,
        "fit_known_share": fit.known_share,
        "disqualified": fit.disqualified_by is not None,
        "engagement": scoring.explain(history, definition, latest).score,
        "engagement_at": latest,
        "handoff_ready": lifecycle.ready(standing, fit, definition, standing.at),
        "next_change_at": lifecycle.next_change(standing, Scores(fit, curve), definition),
        "created_at": summary.created_at,
        "first_seen_at": summary.first_seen_at,
        "last_seen_at": summary.last_seen_at,
        "first_seen_known": summary.first_seen_known,
        "last_seen_known": summary.last_seen_known,
        "events": summary.events,
        "source": touch.source[:200],
        "medium": touch.medium[:200],
        "campaign": touch.campaign[:300],
        "landing_page": touch.landing_page[:500],
        "last_source": last.source[:200],
        "last_medium": last.medium[:200],
        "last_campaign": last.campaign[:300],
        "last_landing_page": last.landing_page[:500],
        "search": profile.search_text(shown),
        "company_id": joined(employer.id) if employer else None,
        "attributes": known,
    }, walked


def _people(mine: str) -> dict[int, tuple[Any, ...]]:
    columns = ", ".join(COLUMNS)
    query = f"SELECT id, {columns} FROM leads_person WHERE merged_into_id IS NULL AND {mine.format('id')}"
    return {row[0]: row[1:] for row in sql.rows(query)}


def _followed(mine: str) -> dict[int, tuple[int, int | None]]:
    """How far time was followed for each person, which only their kept state tells, and when they are due next."""
    query = f"SELECT person_id, state, next_change_at FROM leads_score WHERE {mine.format('person_id')}"
    return {person: (states.decode(bytes(blob)).followed_at, due) for person, blob, due in sql.rows(query)}


def _grouped(columns: str, table: str, mine: str, where: str) -> dict[int, list[tuple[Any, ...]]]:
    found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for person, *row in sql.rows(f"SELECT {columns} FROM {table} WHERE {where} AND {mine.format('person_id')}"):
        found[person].append(tuple(row))
    return found


def _answer(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row of a consent as consents.rows_of says it: SQLite has numbers for yes and no."""
    purpose, given, *order = row
    return purpose, bool(given), *order


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return bool(one) == bool(other) and one is not None and other is not None
    if isinstance(one, float) and isinstance(other, int | float):
        return abs(one - other) <= 1.1e-6 + CLOSE * abs(one)
    return bool(one == other)


def _loaded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _text(causes: Any) -> str:
    return json.dumps(_loaded(causes))
