"""Looking for duplicates: all people or all companies are compared, as long work; what is found is kept as pairs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import pyarrow as pa
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from embudo.duplicates.models import Pair
from embudo.engines import duplicates, records
from embudo.engines.likeness import Whose
from embudo.leads import sql
from embudo.leads.pointers import COMPANIES, Pointers
from embudo.leads.queries.pieces import IS_LISTED
from embudo.work.kinds import Progress, Steps

LABEL = _("Search for duplicates")
RESULT = "duplicates/_found.html"
KIND = "duplicates"
PORTION = 5000  # people read at once
SLICE = 200  # pairs written in one transaction
MOST = 20_000  # pairs kept; nobody looks through more, and the most probable come first

KEEP = (
    "INSERT INTO duplicates_pair (whose, left_id, right_id, probability, odds, signs, seen_at)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (whose, left_id, right_id) DO UPDATE SET"
    " probability = excluded.probability, odds = excluded.odds, signs = excluded.signs, seen_at = excluded.seen_at"
)
PLACE = {"street": "address", "postal_code": "postcode"}
TOLD = {"first_name": "first_name", "last_name": "last_name", "birthday": "birthday", **PLACE}


def _person(row: Sequence[Any]) -> dict[str, object]:
    id, name, mail, phone, company, city, attributes = row
    told = _told(attributes, TOLD)
    return records.person(id, told | {"name": name, "mail": mail, "phone": phone, "company": company, "city": city})


def _company(row: Sequence[Any]) -> dict[str, object]:
    id, name, domain, attributes = row
    told = _told(attributes, {"phone": "phone", "city": "city", **PLACE})
    return records.company(id, told | {"name": name if name != domain else "", "domain": domain})


@dataclass(frozen=True, slots=True)
class Compared:
    """What is compared of a kind of record: where it stands, how a row is read, and which merges take pairs out."""

    table: str
    where: str
    columns: str
    record: Callable[[Sequence[Any]], dict[str, object]]
    schema: pa.Schema
    merges: tuple[str, ...] = ()


PERSON = "id, name, mail, phone, company_name, city, attributes"
COMPANY = "id, name, domain, attributes"
UNJOINED = "merged_into_id IS NULL"
COMPARED = {
    Whose.PEOPLE: Compared("leads_person", IS_LISTED, PERSON, _person, records.PEOPLE),
    Whose.COMPANIES: Compared("leads_company", UNJOINED, COMPANY, _company, records.COMPANIES, COMPANIES),
}


def whose_of(job: Any) -> Whose:
    """Return what a search looks through; before there was a choice, people."""
    return Whose(job.wants.get("whose", Whose.PEOPLE))


def run(job: Any) -> Steps:
    """Compare everybody and keep the pairs that are probably one; who was taken apart or told apart by hand is none."""
    whose, began = whose_of(job), timezone.now()
    compared, portions = COMPARED[whose], [records.table([], COMPARED[whose].schema)]
    ((total,),) = sql.rows(f"SELECT count(*) FROM {compared.table} WHERE {compared.where}")
    for portion in _everybody(compared):
        portions.append(portion)
        yield Progress(sum(map(len, portions)), 2 * total)
    apart = Pointers.load(*compared.merges).are_apart
    refused = {frozenset(pair) for pair in Pair.refused(whose).values_list("left_id", "right_id")}
    found: list[duplicates.Pair] = []
    kept = 0
    for pair in duplicates.find(pa.concat_tables(portions), whose):
        if frozenset((pair.left, pair.right)) in refused or apart(pair.left, pair.right):
            continue
        found.append(pair)
        if len(found) == SLICE:
            kept += _keep(whose, found)
            found = []
            yield Progress(total + min(total, kept), 2 * total)
        if kept >= MOST:
            break
    kept += _keep(whose, found)
    gone = "SELECT id FROM duplicates_pair WHERE whose = %s AND seen_at < %s AND refused_at IS NULL"
    while sql.one(f"DELETE FROM duplicates_pair WHERE id IN ({gone} LIMIT {SLICE})", [whose.value, began]):
        yield Progress(2 * total, 2 * total)
    yield Progress(total, total)  # everybody was compared, however few pairs that made
    return {whose.value: total, "pairs": kept}


def _everybody(compared: Compared) -> Iterator[pa.Table]:
    """Yield everybody by portions, as tables: as rows of Python they would take many times the room."""
    last = -(2**63)
    while True:
        wanted = f"FROM {compared.table} WHERE {compared.where} AND id > %s ORDER BY id LIMIT {PORTION}"
        rows = sql.rows(f"SELECT {compared.columns} {wanted}", [last])
        if not rows:
            return
        last = rows[-1][0]
        yield records.table([compared.record(row) for row in rows], compared.schema)


def _told(attributes: Any, names: Mapping[str, str]) -> dict[str, str]:
    stated = msgspec.json.decode(attributes) if isinstance(attributes, str) else attributes
    return {ours: str(stated[theirs]) for theirs, ours in names.items() if stated.get(theirs)}


def _keep(whose: Whose, found: Sequence[duplicates.Pair]) -> int:
    at = timezone.now()
    told = [msgspec.json.encode(_signs(pair)).decode() for pair in found]
    rows = [
        (whose.value, pair.left, pair.right, pair.probability, pair.odds, signs, at)
        for pair, signs in zip(found, told, strict=True)
    ]
    with transaction.atomic():
        sql.many(KEEP, rows)
    return len(rows)


def _signs(pair: duplicates.Pair) -> list[tuple[str, str, float]]:
    return [(sign.trait, sign.degree, round(sign.weight, 3)) for sign in pair.signs]
