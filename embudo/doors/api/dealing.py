"""Opportunities of everybody, page by page: those of who has ever been an opportunity, in the order of people."""

from dataclasses import dataclass
from typing import Any

from embudo.core.funnel import RANK
from embudo.leads import sql
from embudo.leads.models import Person
from embudo.leads.statements import Opportunity, opportunities
from embudo.leads.story import histories_of

_DEALT = f"EXISTS (SELECT 1 FROM leads_passage d WHERE d.person_id = p.id AND d.rank >= {RANK['opportunity']})"
_ALL = (
    "SELECT DISTINCT d.person_id FROM leads_passage d"
    f" WHERE d.rank >= {RANK['opportunity']} AND d.person_id > %s ORDER BY d.person_id LIMIT %s"
)
_OF_OWNER = f"SELECT p.id FROM leads_person p WHERE p.owner_id = %s AND p.id > %s AND {_DEALT} ORDER BY p.id LIMIT %s"


@dataclass(frozen=True, slots=True)
class Deal:
    """An opportunity with whose it is."""

    person: Person
    opportunity: Opportunity


def page(*, after: int, people: int, owner: Any, status: str, since: int) -> tuple[list[Deal], int | None]:
    """Return what these many people behind `after` have, and behind whom to go on; None at the end.

    Opportunities lie in the histories of people, so that a page is as long as its people have some that are asked for.
    """
    statement, values = (_OF_OWNER, [owner.pk]) if owner is not None else (_ALL, [])
    ids = [person for (person,) in sql.rows(statement, [*values, after, people + 1])]
    on = ids[:people]
    rows = Person.objects.select_related("owner").defer("attributes", "search").in_bulk(on)
    histories = histories_of(set(rows))
    found = [
        Deal(rows[person], each)
        for person in on
        if person in rows and rows[person].merged_into_id is None
        for each in opportunities(histories[person])
        if each.changed_at >= since and status in ("", each.status)
    ]
    return found, on[-1] if len(ids) > people else None
