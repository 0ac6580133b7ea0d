"""Pages of the people list: any offered filter in any offered order, at a million people, without offsets.

A page is found in one of three ways. Where a filter has few people, they are fetched by its own index
and sorted. Where the order has an index that begins with the filter's column, it is read straight. Else the
order's index is walked in stretches and each row asked, until the page is full or the time is used up; then the
page says where it stopped and the list goes on from there. Each way gives the same rows in the same order.
"""

import base64
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from embudo.leads.queries import reached
from embudo.leads.queries.filters import Filter, OneOf, Reached, Score, Seen
from embudo.leads.queries.pieces import IS_LISTED, LISTED, Condition, both, by_index, every
from embudo.leads.sql import rows

SIZE = 50
FEW = 3000  # people that are fetched and sorted at once
STRETCH = 3000  # rows of an index that are walked at a time
BUDGET_S = 0.05
EXACT = 10_000  # counts up to here are exact


@dataclass(frozen=True, slots=True)
class Sort:
    """An order of the list: the expression it sorts by and the index that holds it. Ties go by id, ascending."""

    key: str
    label: Any
    column: str
    index: str
    down: bool = True  # the natural direction
    turned: bool = False  # the other direction, ties too

    @property
    def address(self) -> str:
        """How an address writes it."""
        return f"-{self.key}" if self.turned else self.key

    def turn(self) -> "Sort":
        """Return the same order, the other way round."""
        return replace(self, turned=not self.turned)

    @property
    def descends(self) -> bool:
        """Whether the largest comes first."""
        return self.down is not self.turned

    @property
    def order(self) -> str:
        """The ORDER BY of the rows."""
        return f"{self.column} {'DESC' if self.descends else 'ASC'}, {self.tie_order}"

    @property
    def tie_order(self) -> str:
        """The ORDER BY of rows with the same value."""
        return f"p.id {'DESC' if self.turned else 'ASC'}"

    def segments(self, position: "Position | None") -> list[tuple[Condition | None, str]]:
        """What follows a position, in two parts so that an index answers each: its ties, then all beyond it."""
        if position is None:
            return [(None, self.order)]
        return [(self.tie(position), self.tie_order), (self.beyond(position), self.order)]

    def tie(self, position: "Position") -> Condition:
        """The condition of rows with the value of the position that come after it."""
        return Condition(f"{self.column} = %s AND p.id {'<' if self.turned else '>'} %s", (position.key, position.id))

    def beyond(self, position: "Position") -> Condition:
        """The condition of rows whose value comes after that of the position."""
        return Condition(f"{self.column} {'<' if self.descends else '>'} %s", (position.key,))


SORTS = {
    each.key: each
    for each in (
        Sort("engagement", _("engagement"), "p.engagement_order", "person_by_engagement"),
        Sort("seen", _("last seen"), "p.last_seen_at", "person_by_last_seen"),
        Sort("new", _("first seen"), "p.first_seen_at", "person_by_first_seen"),
        Sort("fit", _("fit"), "COALESCE(p.fit, -1.0)", "person_by_fit"),
        Sort("name", _("name"), "p.search", "person_by_name", down=False),
    )
}
REACHED = Sort("reached", _("when they got there"), "m.at", "move_by_time")
COMPOSITE = {("stage", "engagement"): "person_by_stage", ("grade", "engagement"): "person_by_grade",
             ("source", "engagement"): "person_by_source"}  # fmt: skip

# What the list offers: every filter in every order, both ways; who reached a stage, by when they did.
# bench/pages.py measures each, tests/leads/test_queries_people.py reads each.
OFFERED = {
    **{kind: tuple(SORTS) for kind in (
        "none", "search", "stage", "grade", "score", "source", "seen", "unseen", "handoff", "choice", "number",
    )},
    "reached": ("reached",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Position:
    """A place between two rows of the list."""

    key: Any
    id: int

    @property
    def text(self) -> str:
        """The position as addresses write it."""
        return base64.urlsafe_b64encode(json.dumps([self.key, self.id]).encode()).decode().rstrip("=")

    @classmethod
    def of(cls, text: str, sort: Sort) -> "Position | None":
        """Return the position an address writes, or None when it is none for this order."""
        try:
            key, id_ = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        except (ValueError, TypeError, RecursionError):
            return None
        wanted = str if sort.key == "name" else int | float
        fits = isinstance(key, wanted) and not isinstance(key, bool) and isinstance(id_, int) and abs(id_) < 2**63
        fits = fits and (isinstance(key, str | float) or abs(key) < 2**63)
        return cls(key, id_) if fits else None


@dataclass(frozen=True, slots=True)
class Page:
    """The ids of one page in order, where the pages beside it begin, and whether the search stopped before its end."""

    ids: list[int]
    after: Position | None = None
    before: Position | None = None
    unfinished: bool = False


def sort_of(text: str, filters: Sequence[Filter]) -> Sort:
    """Return the order an address asks for; who reached a stage is always listed by when."""
    if any(isinstance(each, Reached) for each in filters):
        return REACHED
    sort = SORTS.get(text.lstrip("-"), SORTS["engagement"])
    return sort.turn() if text.startswith("-") else sort


def page(
    filters: Sequence[Filter],
    sort: Sort,
    *,
    after: Position | None = None,
    before: Position | None = None,
    size: int = SIZE,
    budget_s: float = BUDGET_S,
) -> Page:
    """Return the page that follows `after`, or ends at `before`, or the first one."""
    going = sort if before is None else sort.turn()
    start = after if before is None else before
    found, unfinished = _found(filters, going, start, size + 1, budget_s)
    more = unfinished or len(found) > size
    shown = found[:-1] if unfinished else found[:size]
    far = (found if unfinished else shown)[-1] if more else None
    near = shown[0] if shown else start
    if before is None:
        return Page([_person(each) for each in shown], far, near if start else None, unfinished)
    return Page([_person(each) for each in reversed(shown)], near, far, unfinished)


@dataclass(frozen=True, slots=True)
class Move(Position):
    """A position in the list of moves: `id` is the move's, `person` who moved."""

    person: int = 0


def _person(position: Position) -> int:
    return position.person if isinstance(position, Move) else position.id


def _found(
    filters: Sequence[Filter], sort: Sort, start: Position | None, wanted: int, budget_s: float
) -> tuple[list[Position], bool]:
    """Rows from `start` on; True with them when the time was up, and then the last one is where the walk stopped."""
    if sort.key == "reached":
        return [Move(at, move, person) for move, at, person in reached.moves(filters, sort, start, wanted)], False
    few = _few(filters, sort)
    if few is not None:
        return _fetched(few, filters, sort, start, wanted), False
    return _walked(filters, sort, start, wanted, budget_s)


def _few(filters: Sequence[Filter], sort: Sort) -> Filter | None:
    """The filter with the fewest people, when they are few enough to sort."""
    candidates = [each for each in filters if not _served(each, sort, alone=len(filters) == 1)]
    counted = [(_bounded(each.driver, FEW + 1), index) for index, each in enumerate(candidates)]
    count, index = min(counted, default=(FEW + 1, -1))
    return candidates[index] if count <= FEW else None


def _served(each: Filter, sort: Sort, *, alone: bool) -> bool:
    """Whether walking the order needs no other help for this filter."""
    if isinstance(each, OneOf):
        return alone and len(each.options) == 1 and (each.key, sort.key) in COMPOSITE
    return (isinstance(each, Score) and sort.key == "engagement") or (isinstance(each, Seen) and sort.key == "seen")


def _fetched(few: Filter, filters: Sequence[Filter], sort: Sort, start: Position | None, wanted: int) -> list[Position]:
    rest = every([each.where for each in filters if each is not few])
    ahead = _ahead(sort, start)
    driver = few.driver
    found = rows(
        f"SELECT p.id, {sort.column} FROM ({driver.sql}) d CROSS JOIN leads_person p "
        f"WHERE p.id = d.id AND {LISTED} AND {rest.sql} AND {ahead.sql} ORDER BY {sort.order} LIMIT %s",
        (*driver.values, *rest.values, *ahead.values, wanted),
    )
    return [Position(key, id_) for id_, key in found]


def _ahead(sort: Sort, start: Position | None) -> Condition:
    if start is None:
        return Condition("1 = 1")
    tie, beyond = sort.tie(start), sort.beyond(start)
    return Condition(f"(({tie.sql}) OR {beyond.sql})", tie.values + beyond.values)


def _walked(
    filters: Sequence[Filter], sort: Sort, start: Position | None, wanted: int, budget_s: float
) -> tuple[list[Position], bool]:
    deadline = time.monotonic() + budget_s
    index, fixed, asked = _split(filters, sort)
    found: list[Position] = []
    for segment, order in sort.segments(start):
        for stretch in _stretches(index, both(fixed, segment), asked, sort, wanted, order):
            found += [Position(key, id_) for id_, key, holds in stretch if holds]
            if len(found) >= wanted:
                return found[:wanted], False
            if asked and stretch and time.monotonic() > deadline:
                id_, key, _holds = stretch[-1]
                return [*found, Position(key, id_)], True
    return found, False


def _split(filters: Sequence[Filter], sort: Sort) -> tuple[str, Condition, list[Condition]]:
    """The index to walk, what it answers by itself, and what each row must be asked."""
    index, fixed, asked = sort.index, [Condition(LISTED)], []
    for each in filters:
        single = isinstance(each, OneOf) and len(each.options) == 1
        if single and index == sort.index and (each.key, sort.key) in COMPOSITE:
            index = COMPOSITE[each.key, sort.key]
            fixed.append(Condition(f"p.{each.key} = %s", each.options))
        elif _served(each, sort, alone=False):
            fixed.append(each.where)
        else:
            asked.append(each.where)
    sql = " AND ".join(each.sql for each in fixed)
    return index, Condition(sql, tuple(value for each in fixed for value in each.values)), asked


def _stretches(
    index: str, fixed: Condition, asked: list[Condition], sort: Sort, wanted: int, first_order: str
) -> Iterator[list[tuple[Any, ...]]]:
    """Stretches of (id, key, whether the row is asked for) in order, until the index ends."""
    question = every(asked)
    by = by_index(index)
    here: Position | None = None
    size = STRETCH if asked else wanted
    while True:
        stretch: list[tuple[Any, ...]] = []
        for segment, order in sort.segments(here) if here else [(None, first_order)]:
            within = both(fixed, segment)
            stretch += rows(
                f"SELECT p.id, {sort.column}, CASE WHEN {question.sql} THEN 1 ELSE 0 END FROM leads_person p{by} "
                f"WHERE {within.sql} ORDER BY {order} LIMIT %s",
                (*question.values, *within.values, size - len(stretch)),
            )
            if len(stretch) >= size:
                break
        yield stretch
        if len(stretch) < size:
            return
        here = Position(stretch[-1][1], stretch[-1][0])


def count(filters: Sequence[Filter]) -> int:
    """Return how many people the filters leave; EXACT + 1 stands for more than EXACT."""
    if any(isinstance(each, Reached) for each in filters):
        return reached.count(filters, EXACT + 1)
    few = _few(filters, SORTS["name"])
    if few is not None:
        rest = every([each.where for each in filters if each is not few])
        source = f"({few.driver.sql}) d CROSS JOIN leads_person p"
        sql = f"SELECT count(*) FROM {source} WHERE p.id = d.id AND {LISTED} AND {rest.sql}"
        return int(rows(sql, few.driver.values + rest.values)[0][0])
    if len(filters) == 1 and filters[0].key != "q":
        return _bounded(filters[0].driver, EXACT + 1)
    if not filters:
        source = f"leads_person{by_index('person_by_engagement')}"
        return _bounded(Condition(f"SELECT id FROM {source} WHERE {IS_LISTED}"), EXACT + 1)
    asked = every([each.where for each in filters])
    return _bounded(
        Condition(f"SELECT p.id FROM leads_person p WHERE {LISTED} AND {asked.sql}", asked.values), EXACT + 1
    )


def _bounded(driver: Condition, most: int) -> int:
    counted = rows(f"SELECT count(*) FROM (SELECT 1 FROM ({driver.sql}) d LIMIT %s) c", (*driver.values, most))
    return int(counted[0][0])
