"""How long a re-score of everybody takes beside a plain sum of points, over the same segments in the same run.

    .venv/bin/python bench/rescore.py [--people N] [--events M] [--threads T] [--folder DIR] [--keep]

The segments are those of `embudo.demo.load` (about 50 bytes an event); `--folder` keeps and reuses them.
Each measurement runs in a process of its own, so that its peak memory is its own. `seconds` is engagement
and fit of everybody; `engagement_seconds` the part the baseline is to be compared with.
"""

import argparse
import json
import resource
import shutil
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import yaml
from pyarrow import feather

from embudo.core import condition
from embudo.core.definition import Definition
from embudo.definition import document
from embudo.demo.load import UNTIL, segments
from embudo.engines.on_duckdb import Facts, engage, opened, rescore_on

SHIPPED = Path(document.__file__).parent / "shipped/v0.yaml"
MEMORY_MB = 3000


def main() -> int:
    options = _options()
    folder = Path(options.folder or mkdtemp(prefix="embudo-rescore-", dir="/var/tmp"))
    try:
        made_s = _made(folder, options)
        figures = {"people": options.people, "events": options.events, "threads": options.threads, "made_s": made_s}
        for name in ("baseline", "engagement", "rescore"):
            figures |= _apart(name, folder, options)
        figures["ratio"] = round(figures["seconds"] / figures["baseline_seconds"], 2)
        figures["engagement_ratio"] = round(figures["engagement_seconds"] / figures["baseline_seconds"], 2)
        print(json.dumps(figures))
        return 0
    finally:
        if not (options.keep or options.folder):
            shutil.rmtree(folder)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--folder", help="where the segments lie or shall lie; they stay there")
    parser.add_argument("--keep", action="store_true", help="keep the segments that were made")
    parser.add_argument("--definition", type=Path, default=SHIPPED)
    return parser.parse_args()


def _made(folder: Path, options: argparse.Namespace) -> float:
    """Make the segments where there are none and return the seconds that took."""
    if (folder / "identity.arrow").exists():
        return 0.0
    start = time.perf_counter()
    load = segments(options.people, options.events, options.seed, folder, definition=_definition(SHIPPED))
    feather.write_feather(load.identity, str(folder / "identity.arrow"))
    return round(time.perf_counter() - start, 1)


def _apart(name: str, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_measured, name, folder, options.definition, options.threads).result()


def _measured(name: str, folder: Path, path: Path, threads: int) -> dict[str, Any]:
    definition = _definition(path)
    facts = Facts(sorted((folder / "segments").glob("*.parquet")), None, feather.read_table(folder / "identity.arrow"))
    with opened(facts, threads=threads, memory_mb=MEMORY_MB) as connection:
        start, cpu = time.perf_counter(), time.process_time()
        if name == "baseline":
            connection.execute(f"CREATE TEMP TABLE summed AS {_baseline(definition)}")
        elif name == "engagement":
            engage(connection, definition, UNTIL)
        else:
            rescore_on(connection, definition, UNTIL)
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak_mb = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    prefix = "" if name == "rescore" else f"{name}_"
    return {f"{prefix}seconds": round(seconds, 2), f"{prefix}cpu_s": round(cpu, 2), f"{prefix}peak_mb": peak_mb}


def _baseline(definition: Definition) -> str:
    """A plain sum of points by kind grouped by person: no limit, no fading, no condition but the kind."""
    points: dict[str, float] = {}
    for rule in definition.rules:
        for kind in condition.kinds(rule.when) or ():
            points.setdefault(kind, rule.points / 1000)
    cases = " ".join(f"WHEN '{kind}' THEN {value}" for kind, value in points.items())
    return (
        f"SELECT coalesce(i.person, f.subject) AS person, sum(CASE kind {cases} ELSE 0 END) AS points "
        "FROM facts AS f LEFT JOIN identity AS i ON i.subject = f.subject GROUP BY 1"
    )


def _definition(path: Path) -> Definition:
    return document.parse(yaml.safe_load(path.read_text()))


if __name__ == "__main__":
    sys.exit(main())
