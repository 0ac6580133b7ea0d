"""What the funnel counts, made again from the standing moves and compared with what is kept."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from embudo.leads import passages, sql

Compare = Callable[[int, str, Any, Any], None]
SLICE = 5000  # people at a time


def compare_passages(compare: Compare) -> None:
    """Compare the passages of everybody, and the sums by day; those are of nobody: person 0."""
    passing, by_source = passages.Pairs(), passages.Pairs()
    last = -(1 << 63)
    while people := _people_after(last):
        kept = sql.rows_where(", ".join(passages.COLUMNS), "leads_passage", "person_id", people)
        wanted = [passage for each in passages.wanted_of(people).values() for passage in each]
        there, rebuilt = Counter(passages.Passage(*row) for row in kept), Counter(wanted)
        for passage in there.keys() ^ rebuilt.keys():
            compare(passage.person, f"passage {passage[1:]}", there[passage], rebuilt[passage])
        for passage in wanted:
            passages.count(passage, 1, passing, by_source)
        last = people[-1]
    days = {tuple(key): n for *key, n in sql.rows("SELECT day, from_stage, to_stage, moves FROM leads_moveday") if n}
    compare(0, "moves by day", days, {tuple(key): n for *key, n in sql.rows(passages.BY_DAY)})
    by_day = _kept("rank, bucket, day, entered, spans FROM leads_passageday")
    compare(0, "passages by day", by_day, _without_zeros(passing))
    by_day = _kept("day, source, entered, further FROM leads_sourceday")
    compare(0, "leads by source", by_day, _without_zeros(by_source))


def _people_after(last: int) -> list[int]:
    """The next people who have moved or have a passage."""
    query = (
        "SELECT person_id FROM leads_stagechange WHERE superseded_at IS NULL AND from_stage <> '' AND person_id > %s"
        " UNION SELECT person_id FROM leads_passage WHERE person_id > %s ORDER BY 1 LIMIT %s"
    )
    return [person for (person,) in sql.rows(query, (last, last, SLICE))]


def _kept(query: str) -> dict[Any, list[int]]:
    return _without_zeros({tuple(key): [one, other] for *key, one, other in sql.rows(f"SELECT {query}")})


def _without_zeros(pairs: dict[Any, list[int]]) -> dict[Any, list[int]]:
    return {key: pair for key, pair in pairs.items() if any(pair)}
