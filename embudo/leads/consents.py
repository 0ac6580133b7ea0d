"""Which answer to each purpose is in force, as rows by which the list finds people; the rule is core/consent.py.

Follow folds new answers into the rows, and writes those of a person anew whose history it reads again.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from embudo.core.consent import CONSENT_GIVEN, CONSENT_WITHDRAWN, agreed, take
from embudo.core.event import Event
from embudo.leads import sql
from embudo.leads.kept import Kept

KINDS = (CONSENT_GIVEN, CONSENT_WITHDRAWN)
COLUMNS = ("purpose", "given", "at", "fact", "source")
CODE = re.compile(r"([a-z][a-z0-9_]{0,39})?")  # of a purpose; a public key may say anything
FILLING = "consents"
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


def write_anew(histories: Mapping[int, Iterable[Event]]) -> None:
    """Write the rows of these people as their facts that count say, inside the transaction of the caller."""
    _replace(histories.keys(), [(person, *row) for person, history in histories.items() for row in rows_of(history)])


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
