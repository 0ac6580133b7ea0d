"""How fast the log is: appending in groups, reading on, one subject's history, sealing, compacting.

    .venv/bin/python bench/log.py [--events N] [--group N] [--subjects N] [--database URL]

Ends with one JSON line. `*_per_s` and `*_ms` are wall time; `*_cpu_us` (of one event) and `*_cpu_ms` are the steadier
figures on a noisy machine. On PostgreSQL they leave out the server's share. With --database, give an empty database.
"""

import argparse
import gc
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from statistics import median

from embudo.config import Config
from embudo.core.event import SECOND, Door, Event, subject_of
from embudo.eventlog import Cursor, Log, open_log

BEGIN = 1_772_442_000 * SECOND
BUSY = "anon:the-busy-one"  # has a thousand events, spread over everything


UNINDEXED = 100_000  # so many new keys a writer leaves to others


def event(number: int, random: Random, subjects: int, busy_every: int) -> Event:
    """Return a page view as the tracker sends it."""
    name = BUSY if number % busy_every == 0 else f"anon:{random.randrange(subjects):032x}"
    page = f"/guides/{random.randrange(60)}"
    return Event(
        source="site-norte",
        id=f"{random.getrandbits(128):032x}",
        kind="page_viewed",
        at=BEGIN + number * SECOND,
        received_at=BEGIN + number * SECOND,
        known_at=BEGIN + number * SECOND,
        identifier=name,
        subject=subject_of(name),
        door=Door.PUBLIC,
        anonymous_id=name[5:],
        site="site-norte",
        props={"path": page, "url": f"https://norte.example{page}", "title": "Guide", "topic": "routing"},
        context={
            "referrer": "https://www.google.com/",
            "utm": {"source": "google", "medium": "cpc", "campaign": "spring"},
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0",
            "locale": "es-MX",
        },
    )


def timed(act: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds an act takes on the wall and on this process's CPU."""
    wall, cpu = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - wall, time.process_time() - cpu


def speed(name: str, count: float, act: Callable[[], object]) -> dict[str, float]:
    """Return how many things an act does a second, and the CPU microseconds of one."""
    wall, cpu = timed(act)
    return {f"{name}_per_s": round(count / wall), f"{name}_cpu_us": cpu / count * 1e6}


def append(log: Log, events: list[Event], group: int) -> None:
    """Append events in groups, each durable before the next."""
    for start in range(0, len(events), group):
        log.append(events[start : start + group])


def read(log: Log) -> int:
    """Read everything and return how many rows there were."""
    cursor, count = Cursor(), 0
    while rows := (page := log.read(cursor, 1_000))[0]:
        cursor, count = page[1], count + len(rows)
    return count


def history(name: str, log: Log) -> dict[str, float]:
    """Return the median milliseconds of the busy subject's history, on the wall and on the CPU."""
    times = [timed(lambda: log.history([subject_of(BUSY)])) for _ in range(15)]
    return {
        f"history_{name}_ms": median(wall for wall, _ in times) * 1000,
        f"history_{name}_cpu_ms": median(cpu for _, cpu in times) * 1000,
    }


def main() -> None:
    """Measure, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--group", type=int, default=500)
    parser.add_argument("--subjects", type=int, default=200_000)
    parser.add_argument("--database", default="")
    given = parser.parse_args()
    random, quarter = Random(1), given.events // 4
    busy_every = max(1, given.events // 1_000)
    events = [event(number, random, given.subjects, busy_every) for number in range(given.events)]
    gc.freeze()  # a collector does not hold all events it ever saw
    with tempfile.TemporaryDirectory(prefix="embudo-bench-") as folder:
        log = open_log(Config(data=Path(folder), database_url=given.database))
        found: dict[str, float] = {"events": given.events, "group": given.group}
        some = min(quarter, UNINDEXED)
        append(log, events[:some], given.group)
        found |= speed("index", log.unindexed(), log.index)
        found |= speed("append", given.events - some, lambda: append(log, events[some:], given.group))
        found |= speed("duplicates", quarter, lambda: append(log, events[:quarter], given.group))
        found["history_events"] = len(log.history([subject_of(BUSY)]))
        found |= speed("read_tail", given.events, lambda: read(log)) | history("tail", log)
        found |= speed("seal", given.events, log.seal)
        found["bytes_per_row"] = sum(path.stat().st_size for path in log.segments()) / given.events
        found |= speed("read_segments", given.events, lambda: read(log)) | history("1_segment", log)
        late: list[tuple[float, float]] = []
        for first in range(given.events, given.events + 3 * quarter, quarter):
            append(log, [event(first + each, random, given.subjects, 10**9) for each in range(quarter)], 2_000)
            late.append(timed(log.seal))  # beside segments whose keys are forgotten
        found["seal_late_per_s"] = 3 * quarter / sum(wall for wall, _ in late)
        found["seal_late_cpu_us"] = sum(cpu for _, cpu in late) / (3 * quarter) * 1e6
        found |= speed("compact", given.events + 3 * quarter, lambda: log.compact(fewest=2))
        found |= history("compacted", log)
        found["verify_problems"] = len(log.verify())
        log.close()
    print(json.dumps({name: round(value, 2) for name, value in found.items()}))


if __name__ == "__main__":
    main()
