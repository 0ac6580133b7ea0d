"""What is there already of the rows of a file: the people or companies, and what earlier runs recorded."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from embudo.core.event import subject_of
from embudo.imports.row import Stated
from embudo.leads import sql

NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody, or a company, whom a row is about."""

    id: int
    first_seen_at: int
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What earlier runs recorded of a row."""

    digest: str = ""
    revision: int = 0
    facts: frozenset[str] = frozenset()
    undone: int = 0


NOT_RECORDED = Recorded()


def people_of(stated: Sequence[Stated]) -> dict[int, Known]:
    """Return the people of these rows who are there, by the subjects of their identifiers."""
    subjects = {subject_of(each) for one in stated for each in one.carried}
    columns = "i.subject, p.id, p.merged_into_id, p.first_seen_at, p.attributes"
    table = "leads_identifier i JOIN leads_person p ON p.id = i.person_id"
    found = sql.rows_where(columns, table, "i.subject", subjects)
    merged = {into for _subject, _person, into, *_more in found if into is not None}
    survivors = dict(sql.rows_where("id, attributes", "leads_person", "id", merged))
    once: dict[int, Known] = {}
    people: dict[int, Known] = {}
    for subject, person, into, first_seen_at, attributes in found:
        who = into if into in survivors else person
        if who not in once:
            once[who] = Known(who, first_seen_at, _loaded(survivors.get(who, attributes)))
        people[subject] = once[who]
    return people


def companies_of(stated: Sequence[Stated]) -> dict[int, Known]:
    """Return the companies of these rows that are there, by their ids."""
    subjects = {subject_of(each) for one in stated for each in one.carried}
    found = sql.rows_where("id, name, attributes", "leads_company", "id", subjects)
    return {company: Known(company, 0, {"name": name, **_loaded(known)}) for company, name, known in found}


def recorded_of(source: str, keys: Sequence[str]) -> dict[str, Recorded]:
    """Return what earlier runs recorded of rows with these keys."""
    found: dict[str, Recorded] = {}
    for start in range(0, len(keys), 500):
        some = keys[start : start + 500]
        marks = ", ".join(["%s"] * len(some))
        columns = "key, digest, revision, facts, undone"
        query = f"SELECT {columns} FROM leads_importkey WHERE source = %s AND key IN ({marks})"
        for key, digest, revision, facts, undone in sql.rows(query, [source, *some]):
            found[key] = Recorded(digest, revision, frozenset(facts.split()), undone)
    return found


def changes_of(traits: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return which attributes a row would change: the value before and the value now."""
    return {name: [known.get(name), value] for name, value in traits.items() if not _same(known.get(name), value)}


def belong_to(carried: Collection[str], person: int, people: Mapping[int, Known]) -> bool:
    """Return whether all these identifiers are known to be that person's."""
    return all((each := people.get(subject_of(one))) is not None and each.id == person for one in carried)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)


def _loaded(value: Any) -> Mapping[str, Any]:
    return json.loads(value) if isinstance(value, str) else value or NOTHING
