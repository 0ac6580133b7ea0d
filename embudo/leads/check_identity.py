"""Who is who in the tables, compared with the plain reading of the log: owners, merges with their ends, disputes."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from embudo.leads import sql
from embudo.leads.who import Who

Compare = Callable[[int, str, Any, Any], None]
MERGES = "absorbed_id, survivor_id, evidence, cause, merged_at, unmerged_at, unmerged_cause"
DISPUTES = "person_id, identifier, claimed_by_id, evidence, cause, at, settled_at"


def compare_identity(compare: Compare, who: Who) -> None:
    """Compare who owns which identifier, who was merged into whom, when and why, and what is disputed."""
    query = "SELECT subject, person_id FROM leads_identifier WHERE subject <> person_id"
    held = dict(sql.rows(query))
    links = {subject: person for subject, person in who.links.items() if subject != person}
    for subject in held.keys() | links.keys():
        holder = held.get(subject, subject)
        compare(holder, f"owner of identifier {subject}", holder, links.get(subject, subject))
    pointers = dict(sql.rows("SELECT absorbed_id, survivor_id FROM leads_merge WHERE unmerged_at IS NULL"))
    for absorbed in pointers.keys() | who.identity.merged.keys():
        compare(absorbed, "merged into", pointers.get(absorbed), who.identity.merged.get(absorbed))
    pointing = dict(sql.rows("SELECT id, merged_into_id FROM leads_person WHERE merged_into_id IS NOT NULL"))
    for absorbed in pointing.keys() | who.identity.merged.keys():
        compare(absorbed, "row points at", pointing.get(absorbed), who.identity.merged.get(absorbed))
    _compare_rows(compare, "merge into {}", f"SELECT {MERGES} FROM leads_merge", who.merges)
    _compare_rows(compare, "dispute about {}", f"SELECT {DISPUTES} FROM leads_dispute", who.disputes)


def _compare_rows(compare: Compare, what: str, query: str, rebuilt: Iterable[Iterable[Any]]) -> None:
    """Compare rows that begin with whom and what they are about; there may be several of one matter."""
    there, wanted = _by_matter(sql.rows(query)), _by_matter(rebuilt)
    for person, matter in there.keys() | wanted.keys():
        key = person, matter
        compare(person, what.format(matter), there.get(key), wanted.get(key))


def _by_matter(rows: Iterable[Iterable[Any]]) -> dict[tuple[int, Any], list[str]]:
    found: dict[tuple[int, Any], list[str]] = defaultdict(list)
    for person, matter, *rest in rows:
        plain = [json.loads(each) if isinstance(each, str) and each.startswith("[") else each for each in rest]
        found[person, matter].append(json.dumps(plain))
    return {key: sorted(each) for key, each in found.items()}
