"""Pages of the people list: any offered filter in any offered order, at a million people, without offsets.

A page is found in one of three ways. Where a filter has few people, they are fetched by its own index
and sorted. Where the order has an index that begins with the filter's column, it is read straight. Else the
order's index is walked in stretches and each row asked, until the page is full or the time is used up; then the
page says where it stopped and the list goes on from there. Each way gives the same rows in the same order.

FEW stands where the two cost the same: of a million people, a filter that leaves 10,000 fills a page of 50 after
walking some 5,000 rows, and a row walked costs twice a row fetched.
"""

import base64
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from embudo.leads.queries import reached
from embudo.leads.queries.belonging import Consented, Touched
from embudo.leads.queries.filters import Filter, OneOf, Reached, Score, Seen
from embudo.leads.queries.pieces import IS_LISTED, LISTED, Condition, apart, both, by_index, every, unindexed
from embudo.leads.queries.search import Search
from embudo.leads.sql import rows

SIZE = 50
FEW = 10_000  # people that are fetched and sorted at once
STRETCHES = (200, 800)  # rows of an index that are walked at a time: at first, at most
BUDGET_S = 0.04  # for finding one page, or one count
EXACT = 10_000  # counts go up to here


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

    def place(self, key: Any, id_: int) -> tuple[Any, int]:
        """Where a row with a number as its key stands among others: what Python sorts by."""
        return -key if self.descends else key, -id_ if self.turned else id_

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
REACHED = Sort("reached", _("when they got there"), "m.at", "passage_by_time")
COMPOSITE = {("stage", "engagement"): "person_by_stage", ("grade", "engagement"): "person_by_grade",
             ("source", "engagement"): "person_by_source"}  # fmt: skip

# What the list offers: every filter in every order, both ways; who reached a stage, by when they did.
# bench/pages.py measures each, tests/leads/queries/test_people.py reads each.
OFFERED = {
    **{kind: tuple(SORTS) for kind in (
        "none", "search", "stage", "grade", "score", "source", "seen", "unseen", "handoff", "tag", "company", "choice",
        "number", "touch", "consent",
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
        fits = fits and (_storable(key) if isinstance(key, str) else isinstance(key, float) or abs(key) < 2**63)
        return cls(key, id_) if fits else None


def _storable(text: str) -> bool:
    """Whether a database takes the text: no NUL, and no half of a character that only JSON can write."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


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
        return Page([each.id for each in shown], far, near if start else None, unfinished)
    return Page([each.id for each in reversed(shown)], near, far, unfinished)


def _found(
    filters: Sequence[Filter], sort: Sort, start: Position | None, wanted: int, budget_s: float
) -> tuple[list[Position], bool]:
    """Rows from `start` on; True with them when the time was up, and then the last one is where the walk stopped."""
    if sort.key == "reached":
        passed, unfinished = reached.people(filters, start, wanted, back=sort.turned, budget_s=budget_s)
        return [Position(at, person) for at, person in passed], unfinished
    deadline = time.monotonic() + budget_s
    few = _few(filters, sort)
    if few is not None:
        return _fetched(few, filters, sort, start, wanted), False
    return _walked(filters, sort, start, wanted, deadline)


def _few(filters: Sequence[Filter], sort: Sort) -> Filter | None:
    """The filter with the fewest people, when they are few enough to sort."""
    candidates = [each for each in filters if _has_driver(each) and not _served(each, sort, alone=len(filters) == 1)]
    counted = [(_bounded(each.driver, FEW + 1), index) for index, each in enumerate(candidates)]
    count, index = min(counted, default=(FEW + 1, -1))
    return candidates[index] if count <= FEW else None


def _has_driver(each: Filter) -> bool:
    """Whether an index finds its people; none finds a first letter, a last medium, or who never answered."""
    return not isinstance(each, Search | Touched | Consented) or each.indexed


def _served(each: Filter, sort: Sort, *, alone: bool) -> bool:
    """Whether walking the order needs no other help for this filter."""
    if isinstance(each, OneOf):
        return alone and (each.key, sort.key) in COMPOSITE
    return (isinstance(each, Score) and sort.key == "engagement") or (isinstance(each, Seen) and sort.key == "seen")


def _fetched(few: Filter, filters: Sequence[Filter], sort: Sort, start: Position | None, wanted: int) -> list[Position]:
    rest, ahead, among = _rest(few, filters), _ahead(sort, start), few.among
    asked = Condition(f"{among.sql} AND {rest.sql} AND {ahead.sql}", among.values + rest.values + ahead.values)
    return [Position(key, id_) for id_, key in sorted_by(sort, asked, wanted)]


def sorted_by(sort: Sort, among: Condition, most: int) -> list[tuple[Any, ...]]:
    """Return (id, key) of the first of the people `among`, called `p`, in an order.

    All are found before any is sorted: PostgreSQL would rather walk the index of the order until it met enough of
    them, which for few people, or none, is to its end.
    """
    found = f"SELECT p.id, {sort.column} AS key FROM {among.sql}{apart()}"
    order = f"key {'DESC' if sort.descends else 'ASC'}, id {'DESC' if sort.turned else 'ASC'}"
    return rows(f"SELECT id, key FROM ({found}) found ORDER BY {order} LIMIT %s", (*among.values, most))


def _rest(few: Filter, filters: Sequence[Filter]) -> Condition:
    """What people found by one filter are asked for; the index of words may have found them by a part of them."""
    return every([each.where for each in filters if each is not few or isinstance(each, Search)])


def _ahead(sort: Sort, start: Position | None) -> Condition:
    if start is None:
        return Condition("1 = 1")
    tie, beyond = sort.tie(start), sort.beyond(start)
    return Condition(f"(({tie.sql}) OR {beyond.sql})", tie.values + beyond.values)


def _walked(
    filters: Sequence[Filter], sort: Sort, start: Position | None, wanted: int, deadline: float
) -> tuple[list[Position], bool]:
    walk = _Walk.along(filters, sort)
    found: list[Position] = []
    for stretch in walk.stretches(start, wanted, deadline):
        found += [Position(key, id_) for id_, key, holds in stretch if holds]
        if len(found) >= wanted:
            return found[:wanted], False
        if walk.asked and stretch and time.monotonic() > deadline:
            id_, key, _holds = stretch[-1]
            return [*found, Position(key, id_)], True
    return found, False


@dataclass(frozen=True, slots=True)
class _Walk:
    """Along which index to walk, what it answers by itself, and what each row must be asked.

    Where one of several values begins the index there is an arm for each, read side by side. The bounds lie in the
    order itself: the walk begins at `near` and ends at `far`.
    """

    sort: Sort
    index: str
    arms: tuple[Condition, ...]
    near: tuple[Condition, ...]
    far: tuple[Condition, ...]
    asked: tuple[Condition, ...]

    @classmethod
    def along(cls, filters: Sequence[Filter], sort: Sort) -> "_Walk":
        index, arms = sort.index, [Condition("1 = 1")]
        near, far, asked = [], [], []
        for each in filters:
            if isinstance(each, OneOf) and index == sort.index and (each.key, sort.key) in COMPOSITE:
                index = COMPOSITE[each.key, sort.key]
                arms = [Condition(f"p.{each.key} = %s", (option,)) for option in each.options]
                continue
            least, most = _bounds(each, sort)
            if not _served(each, sort, alone=False):
                asked.append(each.where)
            (far if sort.descends else near).extend(least)
            (near if sort.descends else far).extend(most)
        return cls(sort, index, tuple(arms), tuple(near), tuple(far), tuple(asked))

    def stretches(self, start: Position | None, wanted: int, deadline: float) -> Iterator[list[tuple[Any, ...]]]:
        """Yield stretches of (id, key, whether the row is asked for) in order, until the index ends.

        Each is as long as the time that is left allows, as the one before tells.
        """
        size, most = STRETCHES if self.asked else (wanted, wanted)
        least = size // 2
        here = start
        while True:
            began = time.monotonic()
            stretch: list[tuple[Any, ...]] = []
            for segment, order in self.sort.segments(here):
                stretch += self._read(segment, order, size - len(stretch))
                if len(stretch) >= size:
                    break
            yield stretch
            if len(stretch) < size:
                return
            here = Position(stretch[-1][1], stretch[-1][0])
            ended = time.monotonic()
            affordable = size * max(deadline - ended, 0.0) / max(ended - began, 1e-6)
            size = max(least, min(most, 2 * size, int(affordable)))

    def _read(self, segment: Condition | None, order: str, size: int) -> list[tuple[Any, ...]]:
        question = every(self.asked)
        # From a position on, the near bound must not compete with it for the index: each stretch would begin anew.
        near = self.near if segment is None else tuple(_aside(each) for each in self.near)
        read: list[tuple[Any, ...]] = []
        for arm in self.arms:
            within = both(_all((Condition(LISTED), arm, *near, *self.far)), segment)
            read += rows(
                f"SELECT p.id, {self.sort.column}, CASE WHEN {question.sql} THEN 1 ELSE 0 END "
                f"FROM leads_person p{by_index(self.index)} WHERE {within.sql} ORDER BY {order} LIMIT %s",
                (*question.values, *within.values, size),
            )
        if len(self.arms) > 1:
            read.sort(key=lambda row: self.sort.place(row[1], row[0]))
        return read[:size]


def _bounds(each: Filter, sort: Sort) -> tuple[list[Condition], list[Condition]]:
    """The least and the most of the order's value among the people of a filter, as far as it says."""
    column = sort.column
    if isinstance(each, Score) and sort.key == "engagement":
        least = [Condition(f"{column} >= %s", (each.least,))] if each.least is not None else []
        return least, [Condition(f"{column} <= %s", (each.most,))] if each.most is not None else []
    if isinstance(each, Seen) and each.within and sort.key == "seen":
        return [Condition(f"{column} >= %s", (each.since_at,))], []
    if isinstance(each, Seen) and not each.within and sort.key in ("seen", "new"):
        return [], [Condition(f"{column} < %s", (each.since_at,))]  # nobody is seen last before they were seen first
    return [], []


def _aside(bound: Condition) -> Condition:
    """The same bound, not looked up."""
    return Condition(unindexed(bound.sql), bound.values)


def _all(conditions: Sequence[Condition]) -> Condition:
    """That all hold, each a plain comparison that an index may serve."""
    sql = " AND ".join(each.sql for each in conditions)
    return Condition(sql, tuple(value for each in conditions for value in each.values))


@dataclass(frozen=True, slots=True)
class Count:
    """How many people there are; when not exact, there are more."""

    number: int
    exact: bool = True


def count(filters: Sequence[Filter], *, budget_s: float = BUDGET_S) -> Count:
    """Return how many people the filters leave, counted up to EXACT and as far as the time reaches."""
    if any(isinstance(each, Reached) for each in filters):
        passed, unfinished = reached.people(filters, None, EXACT + 1, back=False, budget_s=budget_s)
        return _count(len(passed) - unfinished, unfinished=unfinished)
    deadline = time.monotonic() + budget_s
    few = _few(filters, SORTS["name"])
    if few is not None or (len(filters) == 1 and _has_driver(filters[0])):
        return _count(_bounded(_joined(few or filters[0], filters), EXACT + 1))
    if not filters:
        source = f"leads_person{by_index('person_by_engagement')}"
        return _count(_bounded(Condition(f"SELECT id FROM {source} WHERE {IS_LISTED}"), EXACT + 1))
    found, unfinished = _walked(filters, SORTS["engagement"], None, EXACT + 1, deadline)
    return _count(len(found) - unfinished, unfinished=unfinished)


def _count(number: int, *, unfinished: bool = False) -> Count:
    return Count(min(number, EXACT), not unfinished and number <= EXACT)


def _joined(few: Filter, filters: Sequence[Filter]) -> Condition:
    """The people of one filter who meet the others and stand in the list."""
    rest, among = _rest(few, filters), few.among
    return Condition(f"SELECT p.id FROM {among.sql} AND {rest.sql}", among.values + rest.values)


def _bounded(driver: Condition, most: int) -> int:
    counted = rows(f"SELECT count(*) FROM (SELECT 1 FROM ({driver.sql}) d LIMIT %s) c", (*driver.values, most))
    return int(counted[0][0])
