"""Which answer to each purpose is in force, as rows by which the list finds people; the rule is core/consent.py.

Follow folds new answers into the rows, and writes those of a person anew whose history it reads again.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction

from embudo import pulse
from embudo.core.consent import CONSENT_GIVEN, CONSENT_WITHDRAWN, agreed, take
from embudo.core.event import Event
from embudo.eventlog import Cursor, Log
from embudo.leads import sql
from embudo.leads.history import of_subjects
from embudo.leads.identity import Directory
from embudo.leads.kept import Kept
from embudo.leads.pointers import Pointers

KINDS = (CONSENT_GIVEN, CONSENT_WITHDRAWN)
COLUMNS = ("purpose", "given", "at", "fact", "source")
CODE = re.compile(r"([a-z][a-z0-9_]{0,39})?")  # of a purpose; a public key may say anything
FILLING = "consents"
PORTION = 200  # people filled in at once
Row = tuple[str, bool, int, str, str]
ADD = (
    "INSERT INTO leads_personconsent (person_id, purpose, given, at, fact, source) VALUES (%s, %s, %s, %s, %s, %s)"
    " ON CONFLICT (person_id, purpose) DO UPDATE SET given = excluded.given, at = excluded.at, fact = excluded.fact,"
    " source = excluded.source"
)


@dataclass(frozen=True, slots=True)
class Said:
    """The place of an answer in the order of facts, as a row keeps it."""

    order: tuple[int, str, str]  # at, id and source of the fact


Standing = dict[str, tuple[bool, Said]]


def rows_of(history: Iterable[Event]) -> list[Row]:
    """Return what the rows of a person say (COLUMNS) whose facts that count these are, in any order."""
    return _rows(_with({}, history))


def of(people: Collection[int]) -> dict[int, dict[str, tuple[bool, int]]]:
    """Return the answers in force of these people by purpose: yes or no, and when; "": they withdrew everything."""
    return {
        person: {purpose: (given, said.order[0]) for purpose, (given, said) in each.items()}
        for person, each in _load(people).items()
    }


def write(people: Iterable[Kept]) -> None:
    """Write what the answers of a batch change, inside the transaction of the caller."""
    heard = [kept for kept in people if kept.whole or kept.consents]
    before = _load([kept.id for kept in heard if kept.consents and not kept.whole])
    _replace([kept.id for kept in heard if kept.whole], [])
    rows = [(kept.id, *row) for kept in heard for row in _rows(_with(before.get(kept.id, {}), kept.consents))]
    sql.many(ADD, rows)


def hand_over(visitor: int, person: int) -> None:
    """The visitor's answers become those of the person they turned out to be."""
    sql.one("UPDATE leads_personconsent SET person_id = %s WHERE person_id = %s", [person, visitor])


def fill(log: Log, cursor: Cursor) -> None:
    """Fill the table of an install that was there before it, from the facts that were followed; safe to do again."""
    if not sql.rows("SELECT 1 FROM leads_filling WHERE name = %s", [FILLING]):
        return
    pointers, subjects_in_all = Pointers.load(), sorted(log.subjects_of(KINDS))
    for start in range(0, len(subjects_in_all), PORTION):
        directory = Directory(pointers)
        people = _listed(directory, subjects_in_all[start : start + PORTION])
        subjects = directory.subjects(people)
        histories: dict[int, list[Event]] = {person: [] for person in people}
        for event in of_subjects(log, {each for some in subjects.values() for each in some}, cursor):
            histories[directory.person_of(event.subject)].append(event)
        with transaction.atomic():
            _replace(people, [(person, *row) for person in people for row in rows_of(histories[person])])
        pulse.beat()
    sql.one("DELETE FROM leads_filling WHERE name = %s", [FILLING])


def _listed(directory: Directory, subjects: Collection[int]) -> list[int]:
    """The people to whom these subjects belong, loaded with all that is theirs."""
    directory.load_subjects(subjects)
    roots = {directory.person_of(each) for each in subjects}
    return [person for (person,) in sql.rows_where("id", "leads_person", "id", roots, "AND merged_into_id IS NULL")]


def _with(standing: Standing, history: Iterable[Event]) -> Standing:
    for event in history:
        if event.kind in KINDS:
            take(standing, agreed(event), Said(event.order))
    return standing


def _rows(standing: Standing) -> list[Row]:
    return [(purpose, given, *said.order) for purpose, (given, said) in standing.items() if CODE.fullmatch(purpose)]


def _load(people: Collection[int]) -> dict[int, Standing]:
    found: dict[int, Standing] = {}
    columns = f"person_id, {', '.join(COLUMNS)}"
    for person, purpose, given, *order in sql.rows_where(columns, "leads_personconsent", "person_id", people):
        at, fact, source = order
        found.setdefault(person, {})[purpose] = (bool(given), Said((at, fact, source)))
    return found


def _replace(people: Collection[int], rows: Sequence[tuple[int, str, bool, int, str, str]]) -> None:
    sql.delete_where("leads_personconsent", "person_id", people)
    sql.many(ADD, rows)
