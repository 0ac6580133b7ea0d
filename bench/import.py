"""How many rows of a CSV file a second are imported with matching, and how many until the tables show them.

    .venv/bin/python bench/import.py [--rows N] [--seed S] [--database URL] [--data DIR]

The file is made up: people with a mail address, a phone without country code, a company, attributes and, for one in
ten, a deal with dates. Half of them are known from an earlier file. A real `embudo follow` runs beside the import, as
in an install that is up; `--alone` has the import recorded first and followed by this process then, so that the
processor time of both is known. Ends with one JSON line.
"""

import argparse
import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embudo.eventlog import Log

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

MAP = """
name: bench
who:
  mail: Email
  phone: {column: Phone, country: MX}
key: Email
at: {column: Created}
dates: ["%d/%m/%Y %H:%M"]
zone: America/Mexico_City
attributes:
  name: Name
  company: Company
  company_size: {column: Size, kind: number}
  industry: {column: Industry, kind: choice}
  budget: {column: Budget, kind: money}
first_touch:
  source: Source
facts:
  - kind: opportunity_won
    when: {column: Won}
    at: {column: Won}
    props: {opportunity: Email, amount: {column: Budget, kind: money}}
"""
STARTED_S = 3.0  # until a process follows
HEADERS = ("Email", "Name", "Phone", "Company", "Size", "Industry", "Budget", "Source", "Created", "Won")


def main() -> int:
    """Run the bench; return an exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", default="", help="postgresql://... for the server shape")
    parser.add_argument("--data", type=Path, help="folder for the install; default: a temporary one")
    parser.add_argument("--undo", action="store_true", help="take the second file back afterwards, and follow that")
    parser.add_argument("--alone", action="store_true", help="record first and follow then, in one process")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="embudo-bench-", dir=given.data) as folder:
        os.environ |= {"EMBUDO_DATA": folder, "EMBUDO_DATABASE_URL": given.database}
        os.environ["DJANGO_SETTINGS_MODULE"] = "embudo.settings"
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        from embudo.memory import collect_seldom

        collect_seldom()  # as every process of an install
        print(json.dumps(run(Path(folder), given)))
    return 0


def run(folder: Path, given: argparse.Namespace) -> dict[str, object]:
    """Import half of the people, then all of them, and return the figures of the second file."""
    from django.conf import settings

    from embudo.eventlog import open_log
    from embudo.imports import mapping
    from embudo.imports.run import Import
    from embudo.leads.follow import Follower

    rows, seed = given.rows, given.seed
    (folder / "map.yaml").write_text(MAP)
    plan = mapping.read(folder / "map.yaml", zone="UTC")
    log = open_log(settings.EMBUDO)
    make(folder / "first.csv", range(0, rows, 2), seed)
    make(folder / "all.csv", range(rows), seed + 1)
    for _ in Import(log, plan, "people").run(folder / "first.csv"):
        pass
    Follower(settings.EMBUDO, log).catch_up()
    work = Import(log, plan, "people")
    with following(log, given.alone) as catch_up:
        began, busy = time.perf_counter(), time.process_time()
        for _ in work.run(folder / "all.csv"):
            pass
        recorded, cpu = time.perf_counter() - began, time.process_time() - busy
        catch_up()
        visible, cpu_visible = time.perf_counter() - began, time.process_time() - busy
    again = time.perf_counter()
    second = Import(log, plan, "people")
    for _ in second.run(folder / "all.csv"):
        pass
    return {
        "bench": "import",
        "shape": "server" if given.database else "embedded",
        "rows": work.totals.rows,
        **work.totals.outcomes,
        "facts": work.totals.facts,
        "rows_per_s": round(rows / recorded),
        "visible_rows_per_s": round(rows / visible),
        "again_rows_per_s": round(rows / (time.perf_counter() - again)),
        "again_unchanged": second.totals.outcomes["unchanged"],
        "cpu_ms_per_op": round(cpu / rows * 1000, 4),
        "visible_cpu_ms_per_op": round(cpu_visible / rows * 1000, 4) if given.alone else None,
        **(undone(log, rows) if given.undo else {}),
    }


def undone(log: "Log", rows: int) -> dict[str, object]:
    """Take the second file back and return how many rows a second that was, and the longest transaction of follow."""
    import resource

    from django.conf import settings

    from embudo.imports import undo
    from embudo.leads.clock import now
    from embudo.leads.follow import Follower
    from embudo.leads.models import ImportRun

    record = ImportRun.objects.order_by("id")[1]
    began, busy = time.perf_counter(), time.process_time()
    for _rows in undo.take_back(record, log, by=None, at=now()):
        pass
    appended = time.perf_counter() - began
    follower = Follower(settings.EMBUDO, log)
    follower.catch_up()
    return {
        "undo_appended_rows_per_s": round(rows / appended),
        "undo_rows_per_s": round(rows / (time.perf_counter() - began)),
        "undo_cpu_ms_per_op": round((time.process_time() - busy) / rows * 1000, 4),
        "undo_longest_write_ms": round(follower.longest_write_s * 1000, 1),
        "undo_batch": follower.size,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


@contextmanager
def following(log: "Log", alone: bool) -> Iterator[Callable[[], object]]:
    """Have a process of its own follow the log, and give what waits until it has; `alone`, give what follows it."""
    from django.conf import settings

    from embudo.leads.follow import Follower, cursor_of_tables

    if alone:
        yield Follower(settings.EMBUDO, log).catch_up
        return

    def wait() -> None:
        while not cursor_of_tables().passed(log.end()):
            if follow.poll() is not None:
                raise SystemExit("embudo follow has ended")
            time.sleep(0.02)

    follow = subprocess.Popen([sys.executable, "-m", "embudo.cli", "follow"], cwd=ROOT)
    try:
        time.sleep(STARTED_S)
        yield wait
    finally:
        follow.send_signal(signal.SIGTERM)
        follow.wait(timeout=20)


def make(path: Path, numbers: range, seed: int) -> None:
    """Write a file of made-up people; another seed gives the same people other attributes."""
    random = Random(seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADERS)
        writer.writerows(row(number, random) for number in numbers)


def row(number: int, random: Random) -> tuple[object, ...]:
    """One made-up person; one in ten has a deal."""
    day, month = random.randint(1, 28), random.randint(1, 12)
    won = f"{day:02}/{month:02}/2026 12:00" if number % 10 == 0 and month < 8 else ""
    phone = f"55 {number // 10_000 + 1000:04} {number % 10_000:04}"
    industry, source = random.choice(("software", "retail", "finance", "other")), random.choice(("fair", "ads", ""))
    return (
        f"Person.{number}@firm{number % 5000}.example", f"Name{number % 997} Surname{number}", phone,
        f"Firm {number % 5000}", random.randint(1, 2000), industry, f"${random.randint(1, 90):,}000", source,
        f"{day:02}/{month:02}/2025 10:{number % 60:02}", won,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
