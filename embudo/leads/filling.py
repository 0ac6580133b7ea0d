"""How a table that a new version has added gets filled on an install that has facts already; follow does it once.

The migration that adds such a table names it in Filling.
"""

from collections.abc import Callable, Collection, Iterable, Mapping

from django.db import transaction

from embudo import pulse
from embudo.core.event import Event
from embudo.eventlog import Cursor, Log
from embudo.leads import consents, opportunities, sql
from embudo.leads.history import of_subjects
from embudo.leads.identity import Directory
from embudo.leads.pointers import Pointers

PORTION = 200  # people filled in at once
Writes = Callable[[Mapping[int, Iterable[Event]]], None]
TABLES: dict[str, tuple[Collection[str], Writes]] = {
    consents.FILLING: (consents.KINDS, consents.write_anew),
    opportunities.FILLING: (opportunities.KINDS, opportunities.write_anew),
}


def fill(log: Log, cursor: Cursor) -> None:
    """Fill the tables that wait for it, from the facts that were followed; safe to do again."""
    for (name,) in sql.rows("SELECT name FROM leads_filling ORDER BY name"):
        if name in TABLES:
            _fill(log, cursor, *TABLES[name])
            sql.one("DELETE FROM leads_filling WHERE name = %s", [name])


def _fill(log: Log, cursor: Cursor, kinds: Collection[str], write: Writes) -> None:
    pointers, subjects_in_all = Pointers.load(), sorted(log.subjects_of(kinds))
    for start in range(0, len(subjects_in_all), PORTION):
        directory = Directory(pointers)
        people = _listed(directory, subjects_in_all[start : start + PORTION])
        subjects = directory.subjects(people)
        histories: dict[int, list[Event]] = {person: [] for person in people}
        for event in of_subjects(log, {each for some in subjects.values() for each in some}, cursor):
            histories[directory.person_of(event.subject)].append(event)
        with transaction.atomic():
            write(histories)
        pulse.beat()


def _listed(directory: Directory, subjects: Collection[int]) -> list[int]:
    """The people to whom these subjects belong, loaded with all that is theirs."""
    directory.load_subjects(subjects)
    roots = {directory.person_of(each) for each in subjects}
    return [person for (person,) in sql.rows_where("id", "leads_person", "id", roots, "AND merged_into_id IS NULL")]
