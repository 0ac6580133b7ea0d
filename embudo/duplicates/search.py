"""Looking for duplicates: everybody who is known is compared, as long work, and what is found is kept as pairs."""

from collections.abc import Iterator, Sequence
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
from embudo.leads.pointers import Pointers
from embudo.leads.queries.pieces import IS_LISTED
from embudo.work.kinds import Progress, Steps

LABEL = _("Search for duplicates")
RESULT = "duplicates/_found.html"
KIND = "duplicates"
PORTION = 5000  # people read at once
SLICE = 200  # pairs written in one transaction
MOST = 20_000  # pairs kept; nobody looks through more, and the most probable come first

COLUMNS = "id, name, mail, phone, company_name, city, attributes"
TOLD = {"first_name": "first_name", "last_name": "last_name", "birthday": "birthday", "street": "address",
        "postal_code": "postcode"}  # fmt: skip
KEEP = (
    "INSERT INTO duplicates_pair (left_id, right_id, probability, odds, signs, seen_at) VALUES (%s, %s, %s, %s, %s, %s)"
    " ON CONFLICT (left_id, right_id) DO UPDATE SET probability = excluded.probability, odds = excluded.odds,"
    " signs = excluded.signs, seen_at = excluded.seen_at"
)


def run(job: Any) -> Steps:
    """Compare everybody and keep the pairs that are probably one; who was taken apart or told apart by hand is none."""
    began, portions = timezone.now(), [records.table([], records.PEOPLE)]
    ((total,),) = sql.rows(f"SELECT count(*) FROM leads_person WHERE {IS_LISTED}")
    for portion in _everybody():
        portions.append(portion)
        yield Progress(sum(map(len, portions)), 2 * total)
    apart = Pointers.load().are_apart
    refused = {frozenset(pair) for pair in Pair.refused().values_list("left_id", "right_id")}
    found: list[duplicates.Pair] = []
    kept = 0
    for pair in duplicates.find(pa.concat_tables(portions), Whose.PEOPLE):
        if frozenset((pair.left, pair.right)) in refused or apart(pair.left, pair.right):
            continue
        found.append(pair)
        if len(found) == SLICE:
            kept += _keep(found)
            found = []
            yield Progress(total + min(total, kept), 2 * total)
        if kept >= MOST:
            break
    kept += _keep(found)
    gone = f"SELECT id FROM duplicates_pair WHERE seen_at < %s AND refused_at IS NULL LIMIT {SLICE}"
    while sql.one(f"DELETE FROM duplicates_pair WHERE id IN ({gone})", [began]):
        yield Progress(2 * total, 2 * total)
    yield Progress(total, total)  # everybody was compared, however few pairs that made
    return {"people": total, "pairs": kept}


def _everybody() -> Iterator[pa.Table]:
    """Yield everybody by portions, as tables: as rows of Python they would take many times the room."""
    last = -(2**63)
    while True:
        wanted = f"FROM leads_person WHERE {IS_LISTED} AND id > %s ORDER BY id LIMIT {PORTION}"
        rows = sql.rows(f"SELECT {COLUMNS} {wanted}", [last])
        if not rows:
            return
        last = rows[-1][0]
        yield records.table([_record(row) for row in rows], records.PEOPLE)


def _record(row: Sequence[Any]) -> dict[str, object]:
    id, name, mail, phone, company, city, attributes = row
    stated = msgspec.json.decode(attributes) if isinstance(attributes, str) else attributes
    told = {ours: str(stated[theirs]) for theirs, ours in TOLD.items() if stated.get(theirs)}
    return records.person(id, told | {"name": name, "mail": mail, "phone": phone, "company": company, "city": city})


def _keep(found: Sequence[duplicates.Pair]) -> int:
    at = timezone.now()
    rows = [
        (pair.left, pair.right, pair.probability, pair.odds, msgspec.json.encode(_signs(pair)).decode(), at)
        for pair in found
    ]
    with transaction.atomic():
        sql.many(KEEP, rows)
    return len(rows)


def _signs(pair: duplicates.Pair) -> list[tuple[str, str, float]]:
    return [(sign.trait, sign.degree, round(sign.weight, 3)) for sign in pair.signs]
