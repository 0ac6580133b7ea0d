"""The scores of everybody by the batch engine, compared with those that follow keeps."""

import time
from collections.abc import Callable
from typing import Any

from embudo.core.definition import Definition
from embudo.engines.online import Online
from embudo.eventlog import Cursor, Log
from embudo.leads import sql
from embudo.leads.who import Who

Compare = Callable[[int, str, Any, Any], None]
REVISED = ("subject", "source", "id", "verdict")


def compare_batch(compare: Compare, log: Log, definition: Definition, through: Cursor, who: Who) -> int:
    """Compare engagement and fit at one instant, and return how many people the batch engine scored.

    It reads whole segments, so it says nothing (0) while one of them holds more than was followed.
    """
    from embudo.engines.on_duckdb import rescore

    if not through.passed(log.sealed()):
        return 0
    online = Online(definition)
    kept = sql.rows("SELECT person_id, state FROM leads_score")
    states = {person: online.decode(bytes(blob)) for person, blob in kept}
    at = max([time.time_ns() // 1000, *(state.latest[0] for state in states.values() if state)])
    scored = rescore(_facts(log, through, who), definition, at).to_pylist()
    for row in scored:
        person, state = row["person"], states.get(row["person"])
        if state is None:  # somebody of whom only machines' facts are known
            continue
        engagement, fit = online.curve(state).at(at), online.fit(state).score
        compare(person, "engagement now", engagement, row["engagement"] or 0.0)
        if row["fit"] is not None:
            compare(person, "fit now", fit, row["fit"])
    return len(scored)


def _facts(log: Log, through: Cursor, who: Who) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    from embudo.engines.on_duckdb import Facts

    segments, tail = log.snapshot()
    for shard in range(log.shards):
        unseen = pc.and_(pc.equal(tail["shard"], shard), pc.greater(tail["offset"], through.offset(shard)))
        tail = tail.filter(pc.invert(unseen))
    moved = who.moved()
    identity = pa.table({"subject": pa.array(moved.keys(), pa.int64()), "person": pa.array(moved.values(), pa.int64())})
    kinds = (pa.int64(), pa.string(), pa.string(), pa.string())
    columns = zip(*who.revised, strict=True) if who.revised else ((),) * len(REVISED)
    revised = pa.table({name: pa.array(c, k) for name, c, k in zip(REVISED, columns, kinds, strict=True)})
    return Facts(segments, tail, identity, revised)
