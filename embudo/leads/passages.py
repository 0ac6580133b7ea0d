"""What the funnel counts, kept while people move: how each person passed each stage, and sums of that by day.

A passage has the instant a person first reached a stage and that at which they went further. Sums by day and by the
length of the span make any period a sum of few rows; `reports/funnel.py` adds them up. They are written with the moves,
in the same transaction and last, in one order, so that two processes that write do not wait for each other in a ring.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import transaction

from embudo.core.event import DAY
from embudo.core.funnel import RANK, STAGES
from embudo.leads import sql

OPEN, NEGATIVE, PAST = -1, -2, -3  # buckets: nothing follows so far, it lies before, it counted only for a time
LEAD = RANK["lead"]
STEPS = 2  # bits: an octave has four buckets, so a bucket is at most a quarter wide
LARGEST = 1 << 58  # microseconds; what is longer is in the last bucket
ENDLESS = 1 << 62


class Passage(NamedTuple):
    """A row of leads_passage without its id."""

    person: int
    rank: int
    at: int
    next_at: int | None
    bucket: int
    entered: int
    spans: int
    until_at: int | None
    source: str


class Entered(NamedTuple):
    """A first entry into a stage; `dated` tells whether its time is known."""

    at: int
    dated: bool


def bucket_of(span: int | None) -> int:
    """Return the bucket of a span in microseconds; None: nothing follows."""
    if span is None:
        return OPEN
    if span < 0:
        return NEGATIVE
    if span < 1 << STEPS:
        return span
    shift = min(span, LARGEST).bit_length() - 1 - STEPS
    return (shift << STEPS) + (min(span, LARGEST) >> shift)


def shortest(bucket: int) -> int:
    """Return the shortest span of a bucket that is not negative, in microseconds; that behind the last is endless."""
    if bucket < 1 << STEPS:
        return bucket
    if bucket > bucket_of(LARGEST):
        return ENDLESS
    shift = (bucket >> STEPS) - 1
    return ((bucket & (1 << STEPS) - 1) + (1 << STEPS)) << shift


BUCKETS = range(bucket_of(LARGEST) + 1)


def passages(person: int, first: Mapping[str, Entered], source: str) -> list[Passage]:
    """Return the passages of somebody who has entered these stages first at these instants."""
    found: list[Passage] = []
    further: int | None = None
    for rank in range(len(STAGES) - 1, -1, -1):
        entry = first.get(STAGES[rank])
        reached = min((at for at in (further, entry.at if entry else None) if at is not None), default=None)
        if reached is not None and (rank or further is not None):
            found += _passages_of(person, rank, reached, further, first, source if rank == LEAD else "")
        further = reached
    return found


def _passages_of(
    person: int, rank: int, reached: int, further: int | None, first: Mapping[str, Entered], source: str
) -> list[Passage]:
    """Those of one stage: when it was reached, and each entry that followed the one into the stage for a time."""
    bucket = bucket_of(None if further is None else further - reached)
    reach = Passage(person, rank, reached, further, bucket, 1, 0, None, source)
    spans = []
    until: int | None = None
    entry = first.get(STAGES[rank])
    for stage in STAGES[rank + 1 :] if entry else ():
        following = first.get(stage)
        if following is None or (until is not None and following.at >= until):
            continue
        if entry and entry.dated and following.dated:
            bucket = bucket_of(following.at - entry.at) if until is None else PAST
            spans.append(Passage(person, rank, entry.at, following.at, bucket, 0, 1, until, ""))
        until = following.at
    if spans and spans[0][2:5] == reach[2:5]:
        reach = reach._replace(spans=1)
        del spans[0]
    return [reach, *spans]


# -- what a transaction changed ----------------------------------------------------------------------


@dataclass
class Changes:
    """The moves that a transaction added and withdrew; `settle` counts them, as its last step."""

    days: Counter[tuple[int, str, str]] = field(default_factory=Counter)  # (day, from, to) -> moves more or fewer
    people: set[int] = field(default_factory=set)  # whose passages may be others now

    def added(self, person: int, from_stage: str, to_stage: str, at: int) -> None:
        """Note a move that stands from now on."""
        self.days[at // DAY, from_stage, to_stage] += 1
        if from_stage:  # who only appeared has no passage
            self.people.add(person)

    def withdrawn(self, person: int, from_stage: str, to_stage: str, at: int) -> None:
        """Note a move that does not stand any more."""
        self.days[at // DAY, from_stage, to_stage] -= 1
        self.people.add(person)

    def settle(self) -> None:
        """Write the passages of the people who moved, and the sums."""
        passages_by_day, sources_by_day = renew(self.people)
        _add(ADD_MOVES, self.days)
        _add_pairs(ADD_PASSAGES, passages_by_day)
        _add_pairs(ADD_SOURCES, sources_by_day)


class Pairs(defaultdict[Any, list[int]]):
    """Two sums for each key."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__(lambda: [0, 0])


ADD_MOVES = (
    "INSERT INTO leads_moveday (day, from_stage, to_stage, moves) VALUES (%s, %s, %s, %s)"
    " ON CONFLICT (day, from_stage, to_stage) DO UPDATE SET moves = leads_moveday.moves + excluded.moves"
)
ADD_PASSAGES = (
    "INSERT INTO leads_passageday (rank, bucket, day, entered, spans) VALUES (%s, %s, %s, %s, %s)"
    " ON CONFLICT (rank, bucket, day) DO UPDATE SET"
    " entered = leads_passageday.entered + excluded.entered, spans = leads_passageday.spans + excluded.spans"
)
ADD_SOURCES = (
    "INSERT INTO leads_sourceday (day, source, entered, further) VALUES (%s, %s, %s, %s)"
    " ON CONFLICT (day, source) DO UPDATE SET"
    " entered = leads_sourceday.entered + excluded.entered, further = leads_sourceday.further + excluded.further"
)
COLUMNS = ("person_id", *Passage._fields[1:])
ADD_PASSAGE = sql.insert("leads_passage", COLUMNS)


def renew(people: Collection[int]) -> tuple[Pairs, Pairs]:
    """Make the passages of these people those of their standing moves; return what that adds to the sums.

    The sums are {(rank, bucket, day): [entered, spans]} and {(day, source): [entered, further]}.
    """
    wanted = wanted_of(people)
    columns = f"id, {', '.join(COLUMNS)}"
    gone: list[int] = []
    passing, by_source = Pairs(), Pairs()
    for id_, *row in sql.rows_where(columns, "leads_passage", "person_id", people):
        passage = Passage(*row)
        if passage in wanted[passage.person]:
            wanted[passage.person].remove(passage)
        else:
            gone.append(id_)
            count(passage, -1, passing, by_source)
    new = [passage for each in wanted.values() for passage in each]
    for passage in new:
        count(passage, 1, passing, by_source)
    sql.delete_where("leads_passage", "id", gone)
    sql.add(ADD_PASSAGE, new)
    return passing, by_source


def wanted_of(people: Collection[int]) -> dict[int, list[Passage]]:
    """Return the passages that these people's standing moves give."""
    first: dict[int, dict[str, Entered]] = {person: {} for person in people}
    columns, standing = "person_id, to_stage, at, dated", "AND superseded_at IS NULL ORDER BY at, id"
    for person, stage, at, dated in sql.rows_where(columns, "leads_stagechange", "person_id", people, standing):
        if stage in RANK:
            first[person].setdefault(stage, Entered(at, bool(dated)))
    leads = [person for person, stages in first.items() if any(RANK[stage] >= LEAD for stage in stages)]
    sources: dict[int, str] = dict(sql.rows_where("id, source", "leads_person", "id", leads))
    return {person: passages(person, stages, sources.get(person, "")) for person, stages in first.items()}


def count(passage: Passage, times: int, passing: Pairs, by_source: Pairs) -> None:
    """Add a passage to the sums, or take it away."""
    if passage.bucket == PAST:
        return
    day = passage.at // DAY
    pair = passing[passage.rank, passage.bucket, day]
    pair[0] += times * passage.entered
    pair[1] += times * passage.spans
    if passage.rank == LEAD and passage.entered:
        pair = by_source[day, passage.source]
        pair[0] += times
        pair[1] += times * (passage.next_at is not None)


def _add(statement: str, counts: Mapping[tuple[Any, ...], int]) -> None:
    sql.many(statement, [(*key, n) for key, n in sorted(counts.items()) if n])


def _add_pairs(statement: str, pairs: Pairs) -> None:
    sql.many(statement, [(*key, *pair) for key, pair in sorted(pairs.items()) if any(pair)])


# -- all of it ---------------------------------------------------------------------------------------

TABLES = ("leads_passage", "leads_passageday", "leads_sourceday", "leads_moveday")
SLICE = 300  # people counted in one transaction: below 50 ms
BY_DAY = (  # days before 1970 are negative, and SQL divides towards zero
    f"SELECT (at - CASE WHEN at < 0 THEN {DAY - 1} ELSE 0 END) / {DAY}, from_stage, to_stage, count(*)"
    " FROM leads_stagechange WHERE superseded_at IS NULL GROUP BY 1, 2, 3"
)


def forget() -> None:
    """Empty the sums; the passages themselves go in slices."""
    for table in TABLES[1:]:
        sql.one(f"DELETE FROM {table}")
    while sql.one(f"DELETE FROM leads_passage WHERE id IN (SELECT id FROM leads_passage LIMIT {SLICE * 2})"):
        pass


def count_all() -> None:
    """Count everybody anew from the standing moves, in short transactions, while nobody else writes moves."""
    forget()
    moves = sql.rows(BY_DAY)
    with transaction.atomic():
        _add(ADD_MOVES, {tuple(key): n for *key, n in moves})
    query = (
        "SELECT DISTINCT person_id FROM leads_stagechange WHERE superseded_at IS NULL AND from_stage <> ''"
        " AND person_id > %s ORDER BY person_id LIMIT %s"
    )
    last = -(1 << 63)
    while people := [person for (person,) in sql.rows(query, [last, SLICE])]:
        changes = Changes(people=set(people))
        with transaction.atomic():
            changes.settle()
        last = people[-1]
