"""How many facts a second one core follows: log -> identity -> score -> stage -> tables.

    .venv/bin/python bench/follow.py [--people N] [--seed S] [--database URL] [--data DIR]

The facts are a year of the demo company, in the order in which they were received. Ends with one JSON line.
`retractions` are facts that took something away (verdicts revised, merges undone), followed at the end one by one.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

UNTIL = 1_785_542_400_000_000  # 1 August 2026
PORTION = 2000


def main() -> int:
    """Run the bench; return an exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--retractions", type=int, default=200)
    parser.add_argument("--database", default="", help="postgresql://... for the server shape")
    parser.add_argument("--data", type=Path, help="folder for the install; default: a temporary one")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="embudo-bench-", dir=given.data) as folder:
        set_up(folder, given.database)
        print(json.dumps(run(given.people, given.seed, given.retractions, given.database)))
    return 0


def set_up(folder: str, database: str) -> None:
    """Make an empty install and have Django use it."""
    os.environ |= {"EMBUDO_DATA": folder, "EMBUDO_DATABASE_URL": database}
    os.environ["DJANGO_SETTINGS_MODULE"] = "embudo.settings"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def run(people: int, seed: int, retractions: int, database: str) -> dict[str, object]:
    """Fill the log, follow it on one core and return the figures."""
    from django.conf import settings

    from embudo.definition.in_force import in_force
    from embudo.demo.history import history
    from embudo.eventlog import open_log
    from embudo.leads.follow import Follower

    log, portion = open_log(settings.EMBUDO), []
    clicks = []
    for event in history(people=people, days=365, seed=seed, until=UNTIL, definition=in_force()):
        portion.append(event)
        if event.kind == "mail_clicked" and len(clicks) < retractions:
            clicks.append(event)
        if len(portion) == PORTION:
            log.append(portion)
            portion = []
    log.append(portion)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    follower = Follower(settings.EMBUDO, log)
    began, busy = time.perf_counter(), time.process_time()
    count = follower.catch_up()
    took, cpu = time.perf_counter() - began, time.process_time() - busy
    log.append([revised(event) for event in clicks])
    taken = []
    while True:
        began = time.perf_counter()
        follower.size = 1
        if not follower.step():
            break
        taken.append(time.perf_counter() - began)
    taken.sort()
    return {
        "bench": "follow",
        "shape": "server" if database else "embedded",
        "events": count,
        "people": people,
        "events_per_s": round(count / took),
        "events_per_cpu_s": round(count / cpu),
        "cpu_ms_per_op": round(cpu / count * 1000, 4),
        "longest_write_ms": round(follower.longest_write_s * 1000, 1),
        "retraction_p50_ms": round(taken[len(taken) // 2] * 1000, 2) if taken else None,
        "retraction_p99_ms": round(taken[int(len(taken) * 0.99)] * 1000, 2) if taken else None,
    }


def revised(event: object) -> object:
    """The fact that a click was a machine's after all."""
    props = {"source": event.source, "id": event.id, "verdict": "machine"}
    return replace(event, source="bench", id=f"revised-{event.id}", kind="verdict_revised", props=props)


if __name__ == "__main__":
    sys.exit(main())
