"""What the facts say of opportunities, and the table of it, by which those of everybody are found.

Each part of an opportunity is what was said of it last by the order of facts, so that it does not matter in which order
they arrive. Follow folds new facts into the rows, and writes those of a person anew whose history it reads again.

A row says when it was written last (`written_at`). That is no part of what the facts say: by it a reader finds what is
new here, however old the fact is that says it.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from embudo.core.event import Event
from embudo.core.money import currency_of, is_amount
from embudo.leads import clock, sql
from embudo.leads.history import counted
from embudo.leads.kept import Kept
from embudo.leads.sentences import text
from embudo.leads.summary import undated

STATUS = {"opportunity_opened": "open", "opportunity_moved": "", "opportunity_won": "won", "opportunity_lost": "lost"}
KINDS = tuple(STATUS)
FILLING = "opportunities"
COLUMNS = (
    "opportunity", "name", "amount", "currency", "status", "stage", "reason", "opened_at", "changed_at", "closed_at",
    "dated", "said",
)  # fmt: skip
KEY = ("person_id", "opportunity")
ADD = sql.upsert("leads_opportunity", ", ".join(KEY), ("person_id", *COLUMNS, "written_at"), kept=KEY)
OWNER = "(SELECT p.owner_id FROM leads_person p WHERE p.id = person_id)"
OWNED = (
    f"UPDATE leads_opportunity SET owner_id = {OWNER}, written_at = %s"
    f" WHERE person_id = %s AND COALESCE(owner_id, -1) <> COALESCE({OWNER}, -1)"
)
Order = tuple[int, str, str]
Row = tuple[Any, ...]  # of COLUMNS


@dataclass(frozen=True)
class Opportunity:
    """One opportunity as its facts tell it: open, won or lost."""

    id: str
    name: str = ""
    amount: float | None = None
    currency: str = ""
    status: str = "open"
    stage: str = ""
    reason: str = ""  # why it was lost
    opened_at: int = 0  # of its first fact
    changed_at: int = 0  # of its last
    closed_at: int | None = None  # when it was won or lost
    dated: bool = True  # whether the last of its facts has a known time
    said: Mapping[str, Order] = field(default_factory=dict)  # part -> the order of the fact that said it

    @property
    def row(self) -> Row:
        """What the table says of it."""
        said = json.dumps(self.said, sort_keys=True)
        return (
            self.id, self.name, self.amount, self.currency, self.status, self.stage, self.reason, self.opened_at,
            self.changed_at, self.closed_at, self.dated, said,
        )  # fmt: skip

    @classmethod
    def of_row(cls, row: Sequence[Any]) -> "Opportunity":
        """Return the opportunity of which a row of COLUMNS tells; SQLite has numbers for yes and no."""
        *plain, dated, said = row
        return cls(*plain, bool(dated), {part: tuple(order) for part, order in json.loads(said).items()})


Standing = dict[str, Opportunity]


def opportunities(history: Iterable[Event]) -> list[Opportunity]:
    """Return the opportunities of a history, the last changed first."""
    return sorted(_with({}, counted(history)).values(), key=lambda each: -each.changed_at)


def rows_of(history: Iterable[Event]) -> list[Row]:
    """Return what the rows of a person say (COLUMNS) whose facts that count these are, in any order."""
    return [each.row for each in _with({}, history).values()]


def of(people: Collection[int]) -> dict[int, list[Opportunity]]:
    """Return the opportunities of these people, the last changed first; who has none is not in it."""
    return {person: sorted(each.values(), key=lambda each: -each.changed_at) for person, each in _load(people).items()}


def write(people: Iterable[Kept], now: int) -> None:
    """Write what the facts of a batch change, which is of this instant, inside the transaction of the caller."""
    heard = [kept for kept in people if kept.whole or kept.opportunities]
    there = _load([kept.id for kept in heard])
    found = (
        (kept.id, there.get(kept.id, {}), _with({} if kept.whole else there.get(kept.id, {}), kept.opportunities))
        for kept in heard
    )
    _change(found, now)


def filled() -> bool:
    """Whether the table says all that it should; after an upgrade follow fills it first."""
    return not sql.rows("SELECT 1 FROM leads_filling WHERE name = %s", [FILLING])


def hand_over(visitor: int, person: int, now: int) -> None:
    """The visitor's opportunities become those of the person they turned out to be."""
    moved = "UPDATE leads_opportunity SET person_id = %s, written_at = %s WHERE person_id = %s"
    sql.one(moved, [person, now, visitor])


def settle_owners(people: Collection[int], now: int) -> None:
    """Let the rows of these people name who looks after them, whom the people show already."""
    sql.many(OWNED, [(now, person) for person in people])


def write_anew(histories: Mapping[int, Iterable[Event]]) -> None:
    """Write the rows of these people as their facts that count say, inside the transaction of the caller."""
    sql.hold("leads_person", histories.keys())  # or an owner given meanwhile would be missed
    there = _load(histories.keys())
    found = ((person, there.get(person, {}), _with({}, history)) for person, history in histories.items())
    _change(found, clock.now())


def _change(found: Iterable[tuple[int, Standing, Standing]], now: int) -> None:
    """Write what is other than before, by person; a row that stays keeps its number, by which pages go on."""
    rows, gone = [], []
    for person, was, becomes in found:
        rows += [(person, *each.row, now) for id_, each in becomes.items() if each != was.get(id_)]
        gone += [(person, id_) for id_ in was.keys() - becomes.keys()]
    sql.many("DELETE FROM leads_opportunity WHERE person_id = %s AND opportunity = %s", gone)
    sql.many(ADD, rows)
    settle_owners({row[0] for row in rows}, now)


def _load(people: Collection[int]) -> dict[int, Standing]:
    found: dict[int, Standing] = {}
    columns = f"person_id, {', '.join(COLUMNS)}"
    for person, *row in sql.rows_where(columns, "leads_opportunity", "person_id", people):
        each = Opportunity.of_row(tuple(row))
        found.setdefault(person, {})[each.id] = each
    return found


# -- the rule ----------------------------------------------------------------------------------------


def _with(standing: Mapping[str, Opportunity], history: Iterable[Event]) -> Standing:
    found = dict(standing)
    for event in history:
        if event.kind in STATUS:
            id_ = _plain(event.props.get("opportunity"))
            found[id_] = _take(found.get(id_) or Opportunity(id_, opened_at=event.at), event)
    return found


def _take(each: Opportunity, event: Event) -> Opportunity:
    """Let one fact more count, whatever came before it."""
    said = dict(each.said)
    changes: dict[str, Any] = {"opened_at": min(each.opened_at, event.at)}
    for part, values in _told(event).items():
        if part not in said or event.order > said[part]:
            said[part] = event.order
            changes |= values
    return replace(each, said=said, **changes)


def _told(event: Event) -> dict[str, dict[str, Any]]:
    """What a fact says, by the part of the opportunity of which it is."""
    props, status = event.props, STATUS[event.kind]
    name, stage, amount = _plain(props.get("name")), _plain(props.get("stage")), props.get("amount")
    told: dict[str, dict[str, Any]] = {"change": {"changed_at": event.at, "dated": not undated(event)}}
    if name:
        told["name"] = {"name": name}
    if stage:
        told["stage"] = {"stage": stage}
    if is_amount(amount):
        told["worth"] = {"amount": float(amount or 0), "currency": currency_of(props.get("currency")) or ""}
    if status:
        reason = _plain(props.get("reason")) if status == "lost" else ""
        told["status"] = {"status": status, "reason": reason, "closed_at": None if status == "open" else event.at}
    return told


def _plain(value: Any) -> str:
    """A property as short text, without the one character that PostgreSQL cannot keep."""
    return text(value.replace("\0", "") if isinstance(value, str) else value)
