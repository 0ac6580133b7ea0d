"""Opportunities of everybody, page by page, in the order in which their rows were written."""

import re
from dataclasses import dataclass
from typing import Any

from embudo.doors.api.shown import MOST_ID
from embudo.leads import sql
from embudo.leads.models import Person
from embudo.leads.opportunities import COLUMNS, Opportunity

NAMES = ", ".join(COLUMNS)


@dataclass(frozen=True, slots=True)
class Position:
    """A place between two opportunities: behind this number of those written last at an instant."""

    written_at: int
    number: int

    @property
    def text(self) -> str:
        """The position as addresses write it."""
        return f"{self.written_at}~{self.number}"

    @classmethod
    def of(cls, text: str) -> "Position | None":
        """Return the position an address writes, or None when it is none."""
        found = re.fullmatch("(-?[0-9]{1,19})~([0-9]{1,19})", text, re.ASCII)
        position = cls(int(found[1]), int(found[2])) if found else None
        return position if position and abs(position.written_at) < MOST_ID and position.number < MOST_ID else None


@dataclass(frozen=True, slots=True)
class Deal:
    """An opportunity with whose it is, and when that was written last."""

    person: Person
    opportunity: Opportunity
    written_at: int


def page(
    *, after: Position | None, size: int, owner: Any, status: str, since: int
) -> tuple[list[Deal], Position | None]:
    """Return these opportunities behind `after`, so many, and behind which to go on; None at the end."""
    begin = after if after and after.written_at >= since else Position(since, -1)
    wanted = {"owner_id": owner.pk if owner else None, "status": status or None}
    given = {column: value for column, value in wanted.items() if value is not None}
    narrowed = "".join(f" AND {column} = %s" for column in given)
    found = sql.rows(
        f"SELECT id, person_id, written_at, {NAMES} FROM leads_opportunity WHERE (written_at, id) > (%s, %s){narrowed}"
        " ORDER BY written_at, id LIMIT %s",
        [begin.written_at, begin.number, *given.values(), size + 1],
    )
    shown = found[:size]
    rows = Person.objects.select_related("owner").defer("attributes", "search")
    people = rows.in_bulk({person for _number, person, *_rest in shown})
    deals = [
        Deal(people[person], Opportunity.of_row(row), written_at)
        for _number, person, written_at, *row in shown
        if person in people
    ]
    if len(found) <= size:
        return deals, None
    number, _person, written_at, *_row = shown[-1]
    return deals, Position(written_at, number)
