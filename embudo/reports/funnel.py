"""The funnel of a period from sums that are kept while people move; `core/funnel.py` is the plain reading it equals.

Whole days are sums (`leads/passages.py`), what is left of the first and the last day is counted from the rows. What
has happened behind the period's end is taken off again. A median is found in two steps: the bucket of spans in which
it lies, and in that bucket by the spans themselves. Visitors who stayed are counted by their first moves.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from embudo.core.event import DAY
from embudo.core.funnel import RANK, STAGES, Step
from embudo.leads.passages import BUCKETS, LEAD, NEGATIVE, OPEN, PAST, bucket_of, shortest
from embudo.leads.queries.pieces import by_index
from embudo.leads.sql import rows
from embudo.reports.period import Period

ALL_BUCKETS = (OPEN, NEGATIVE, *BUCKETS)
HEAVY, PARTS = 2000, 8  # spans of a bucket above which only one of so many parts of it is fetched


def funnel(period: Period) -> list[Step]:
    """Return one Step per stage, counted up to the end of the period."""
    span = Span.of(period)
    sums = _sums(span)
    there, appeared = _populations(span), _appeared(span)
    return [
        Step(
            stage=stage,
            population=there[stage],
            entered=sums.entered[rank] if rank else appeared,
            converted=sums.converted[rank],
            median=_median(span, rank, sums),
            negative=_negative(span, rank, sums) if sums.spans[rank][NEGATIVE] else (),
        )
        for rank, stage in enumerate(STAGES)
    ]


def entered(period: Period) -> list[int]:
    """Return how many people first reached each stage in the period."""
    span = Span.of(period)
    found: Counter[int] = Counter()
    for rank, _bucket, count, _spans in _counted(span):
        found[rank] += count
    return [found[rank] if rank else _appeared(span) for rank in range(len(STAGES))]


@dataclass(frozen=True, slots=True)
class Span:
    """A period as it is added up: whole days [first, last), and the instants before and behind them."""

    start: int
    end: int
    first: int
    last: int
    parts: tuple[tuple[int, int], ...]
    ended: bool  # something has happened behind the end

    @classmethod
    def of(cls, period: Period) -> "Span":
        """Return the days of a period; when nothing has happened behind its end the last day is whole."""
        start, end = period.start, period.end
        moves = f"leads_stagechange{by_index('move_by_time')}"
        ended = bool(rows(f"SELECT 1 FROM {moves} WHERE superseded_at IS NULL AND at >= %s LIMIT 1", [end]))
        first, last = -(-start // DAY), end // DAY if ended else end // DAY + 1
        parts = ((start, first * DAY), (last * DAY, end)) if first <= last else ((start, end),)
        return cls(start, end, first, last, tuple(part for part in parts if part[0] < part[1]), ended)


@dataclass(slots=True)
class _Sums:
    """By rank: who entered, who went further, how many spans lie in each bucket; `past`: (person, span) besides."""

    entered: list[int] = field(default_factory=lambda: [0] * len(STAGES))
    converted: list[int] = field(default_factory=lambda: [0] * len(STAGES))
    spans: list[Counter[int]] = field(default_factory=lambda: [Counter() for _stage in STAGES])
    past: list[list[tuple[int, int]]] = field(default_factory=lambda: [[] for _stage in STAGES])

    def add(self, rank: int, bucket: int, entered: int, spans: int) -> None:
        self.entered[rank] += entered
        self.spans[rank][bucket] += spans
        if bucket != OPEN:
            self.converted[rank] += entered


def _sums(span: Span) -> _Sums:
    sums = _Sums()
    for counted in _counted(span):
        sums.add(*counted)
    if span.ended:
        for rank, bucket, entered, spans in _later(span):
            sums.converted[rank] -= entered
            sums.spans[rank][bucket] -= spans
        for rank, person, length in _past(span):
            sums.spans[rank][bucket_of(length)] += 1
            sums.past[rank].append((person, length))
    return sums


# -- the rows ----------------------------------------------------------------------------------------

Counted = tuple[int, int, int, int]  # rank, bucket, entered, spans

EACH = ", ".join(f"({rank}, {bucket})" for rank in range(len(STAGES)) for bucket in ALL_BUCKETS)
SUMS = "SELECT p.rank, p.bucket, sum(p.entered), sum(p.spans)"


def _counted(span: Span) -> Iterator[Counted]:
    """What began in the period, by rank and bucket, in several parts."""
    yield from _ints(
        "SELECT rank, bucket, sum(entered), sum(spans) FROM leads_passageday WHERE day >= %s AND day < %s"
        " GROUP BY rank, bucket",
        (span.first, span.last),
    )
    for part in span.parts:
        yield from _ints(f"{SUMS} FROM {_passages()} AND p.at >= %s AND p.at < %s GROUP BY 1, 2", part)


def _later(span: Span) -> list[Counted]:
    """What began in the period and went on behind its end."""
    return _ints(f"{SUMS} FROM {_reaching(span)} GROUP BY 1, 2", (span.end, span.end))


def _reaching(span: Span) -> str:
    """Passages of the period that go on behind its end; a bucket is read as far back as its spans reach."""
    each = ", ".join(
        f"({rank}, {bucket}, {max(span.start, span.end - shortest(bucket + 1))})"
        for rank in range(len(STAGES))
        for bucket in BUCKETS
    )
    return (
        f"(VALUES {each}) AS k CROSS JOIN leads_passage AS p{by_index('passage_by_bucket')} WHERE p.rank = k.column1"
        " AND p.bucket = k.column2 AND p.at >= k.column3 AND p.at < %s AND p.next_at >= %s"
    )


def _past(span: Span) -> list[tuple[int, int, int]]:
    """The spans that counted up to the period's end and do not any more: (rank, person, length)."""
    found = rows(
        f"SELECT rank, person_id, next_at - at FROM leads_passage AS p{by_index('passage_by_bucket')}"
        f" WHERE rank IN ({', '.join(map(str, range(len(STAGES))))}) AND bucket = %s"
        " AND at >= %s AND at < %s AND next_at < %s AND until_at >= %s",
        (PAST, span.start, span.end, span.end, span.end),
    )
    return [(rank, person, length) for rank, person, length in found]


def _median(span: Span, rank: int, sums: _Sums) -> float | None:
    """The middle of the spans in order, or the mean of the two that stand there."""
    counts = [(bucket, n) for bucket, n in sorted(sums.spans[rank].items()) if bucket >= 0 and n]
    ends = list(accumulate(n for _bucket, n in counts))
    if not ends:
        return None
    middle: list[int] = []
    first, part = 0, list[int]()  # some of the spans in order, and the place of the first of them
    for place in ((ends[-1] - 1) // 2, ends[-1] // 2):
        if not first <= place < first + len(part):
            bucket, n = counts[at := bisect_right(ends, place)]
            skipped, part = _part(span, rank, bucket, n, place - ends[at] + n, sums)
            first = ends[at] - n + skipped
        middle.append(part[place - first])
    return sum(middle) / 2


def _part(span: Span, rank: int, bucket: int, n: int, place: int, sums: _Sums) -> tuple[int, list[int]]:
    """Some spans of one bucket of `n` in order, that at `place` among them; and how many of the bucket stand before."""
    low, high, skipped = shortest(bucket), shortest(bucket + 1), 0
    past = [length for _person, length in sums.past[rank] if low <= length < high]
    passages = (
        f"FROM leads_passage AS p{by_index('passage_by_bucket')}"
        " WHERE rank = %s AND bucket = %s AND at >= %s AND at < %s AND next_at < %s AND spans = 1"
    )
    values = (rank, bucket, span.start, span.end, span.end)
    if n > HEAVY:  # rows are counted much faster than they are fetched
        edges = [low + (high - low) * number // PARTS for number in range(PARTS + 1)]
        inner = edges[1:-1]
        below = ", ".join(f"count(*) FILTER (WHERE next_at - at < {edge})" for edge in inner)
        (counted,) = rows(f"SELECT {below} {passages}", values)
        counts = [each + sum(length < edge for length in past) for each, edge in zip(counted, inner, strict=True)]
        at = bisect_right(counts, place)
        low, high, skipped = edges[at], edges[at + 1], counts[at - 1] if at else 0
    found = rows(f"SELECT next_at - at {passages} AND next_at - at >= {low} AND next_at - at < {high}", values)
    return skipped, sorted([length for (length,) in found] + [length for length in past if low <= length < high])


def _negative(span: Span, rank: int, sums: _Sums) -> tuple[int, ...]:
    """The people whose next entry lies before."""
    query = (
        f"SELECT person_id FROM leads_passage AS p{by_index('passage_by_bucket')}"
        " WHERE rank = %s AND bucket = %s AND at >= %s AND at < %s AND spans = 1"
    )
    now = [person for (person,) in rows(query, (rank, NEGATIVE, span.start, span.end))]
    return tuple(sorted(now + [person for person, length in sums.past[rank] if length < 0]))


def _ints(statement: str, values: Sequence[int]) -> list[Counted]:
    """The rows of a query as plain integers; PostgreSQL adds integers up to a decimal."""
    return [(rank, bucket, int(entered), int(spans)) for rank, bucket, entered, spans in rows(statement, values)]


def _populations(span: Span) -> Counter[str]:
    """Entries less exits, up to the end."""
    query = "SELECT from_stage, to_stage, sum(moves) FROM leads_moveday WHERE day < %s GROUP BY 1, 2"
    moves = rows(query, (span.last,))
    if span.ended:
        query = f"SELECT from_stage, to_stage, count(*) {_moves('move_by_time')} GROUP BY 1, 2"
        moves += rows(query, (span.last * DAY, span.end))
    there: Counter[str] = Counter()
    for from_stage, to_stage, n in moves:
        there[to_stage] += int(n)
        there[from_stage] -= int(n)
    return there


def _appeared(span: Span) -> int:
    """How many people appeared in the period in a stage of the funnel."""
    query = "SELECT to_stage, sum(moves) FROM leads_moveday WHERE day >= %s AND day < %s AND from_stage = '' GROUP BY 1"
    moves = rows(query, (span.first, span.last))
    for part in span.parts:
        moves += rows(f"SELECT to_stage, count(*) {_moves('move_by_arrival')} AND from_stage = '' GROUP BY 1", part)
    return sum(int(n) for stage, n in moves if stage in RANK)


def _moves(index: str) -> str:
    return f"FROM leads_stagechange{by_index(index)} WHERE superseded_at IS NULL AND at >= %s AND at < %s"


def _passages() -> str:
    """Passages of any stage and bucket, each sought by the index, ready for a range of time."""
    passages = f"leads_passage AS p{by_index('passage_by_bucket')}"
    return f"(VALUES {EACH}) AS k CROSS JOIN {passages} WHERE p.rank = k.column1 AND p.bucket = k.column2"


# -- where they come from ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Origin:
    """Leads of a period that came by one source (first touch), and how many of them have qualified by now."""

    source: str
    leads: int
    qualified: int
    share: float  # of all leads of the period, 0 to 1

    @property
    def conversion(self) -> float:
        """The share of them that has qualified, 0 to 1."""
        return self.qualified / self.leads


def origins(period: Period, most: int = 8) -> list[Origin]:
    """Return where those come from who first became a lead in the period, the largest source first."""
    span = Span.of(period)
    leads: Counter[str] = Counter()
    qualified: Counter[str] = Counter()
    for source, entered, further in _by_source(span):
        leads[source] += int(entered)
        qualified[source] += int(further)
    total = leads.total()
    largest = sorted((-n, source) for source, n in leads.items() if n)[:most]
    return [Origin(source, -n, qualified[source], -n / total) for n, source in largest]


def _by_source(span: Span) -> Iterator[tuple[str, int, int]]:
    """Leads of the period and how many have gone further, by source, in several parts."""
    query = "SELECT source, sum(entered), sum(further) FROM leads_sourceday WHERE day >= %s AND day < %s GROUP BY 1"
    yield from rows(query, (span.first, span.last))
    lead = f"p.rank = {LEAD} AND p.entered = 1"
    for part in span.parts:
        within = f"{_passages()} AND {lead} AND p.at >= %s AND p.at < %s"
        yield from rows(f"SELECT p.source, count(*), count(p.next_at) FROM {within} GROUP BY 1", part)
    if span.ended:
        later = f"{_reaching(span)} AND {lead}"
        yield from rows(f"SELECT p.source, 0, -count(*) FROM {later} GROUP BY 1", (span.end, span.end))
