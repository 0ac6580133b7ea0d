"""The load of benches: the generator's own facts, dealt out to a million people and written straight to segments.

A pool of moments (what somebody did, with its properties) comes from a small history; every row of the load
is a moment of the pool with a person, an instant and an id of its own. The segments are real ones.
"""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import feather

from embudo.config import Config
from embudo.core.definition import Definition
from embudo.core.event import DAY, SECOND, Event, is_anonymous, subject_of
from embudo.demo.chance import dice
from embudo.demo.history import history
from embudo.eventlog.columns import COLUMNS, packed, props_json, schema, unpacked
from embudo.eventlog.manifest import Segment
from embudo.eventlog.segments import Archive, table_of

UNTIL = 1_785_542_400_000_000  # 1 August 2026, 00:00 UTC
DAYS = 365
ROWS_IN_SEGMENT = 5_000_000
PORTION = 200_000  # rows made at once
KNOWN_SHARE = 0.25
NAMED_SHARE = 0.3  # of the facts of somebody who is known: those that carry the mail address
OF_ONE_PERSON = frozenset(("email", "phone", "name", "first_name", "last_name"))


@dataclass(frozen=True, slots=True)
class Load:
    """What was written: its segments, and who is who (subject -> person, for the subjects that were linked)."""

    segments: tuple[Segment, ...]
    identity: pa.Table


@dataclass(frozen=True, slots=True)
class Slice:
    """One segment to be written: its place in the log and the span of time it covers."""

    number: int
    first: int  # offset
    rows: int
    begins_at: int
    ends_at: int
    seed: int


def segments(people: int, events: int, seed: int, folder: Path, *, definition: Definition, workers: int = 2) -> Load:
    """Write `events` facts of `people` as segments and manifest of a log under `folder`; return what they are."""
    crowd = _crowd(people, seed)
    slices = _slices(events, seed)
    archive = Archive(folder)
    with TemporaryDirectory(dir=_made(folder)) as place:
        feather.write_feather(crowd, f"{place}/crowd", compression="uncompressed")
        feather.write_feather(_moments(seed, definition), f"{place}/moments", compression="uncompressed")
        with ProcessPoolExecutor(max(1, workers), mp_context=get_context("spawn")) as pool:
            written = tuple(pool.map(_write, slices, [folder] * len(slices), [place] * len(slices)))
    manifest = archive.manifest()
    archive.save(manifest.replaced([], written, at=None))
    return Load(written, _identity(crowd))


def people(config: Config, count: int, *, seed: int = 1, known_share: float = 1.0) -> None:
    """Fill an install's tables with the demo company and `count` people more (demo/crowd.py); needs Django."""
    from embudo.demo import crowd
    from embudo.demo.fill import Plan

    crowd.people(config, count, Plan(people=20_000, days=DAYS, seed=seed, until=UNTIL), known_share=known_share)


def _slices(events: int, seed: int) -> list[Slice]:
    count = max(1, round(events / ROWS_IN_SEGMENT))
    begins = UNTIL - DAYS * DAY
    edges = [events * number // count for number in range(count + 1)]
    return [
        Slice(
            number,
            first + 1,
            last - first,
            begins + DAYS * DAY * number // count,
            begins + DAYS * DAY * (number + 1) // count,
            seed,
        )
        for number, (first, last) in enumerate(pairwise(edges))
    ]


def _crowd(people: int, seed: int) -> pa.Table:
    """One row for each subject, sorted: whose it is and its share of all facts. Few people do most."""
    random = dice(seed, 6)
    rows: list[tuple[int, str, str | None, bool, int, float]] = []
    for number in range(people):
        browser = f"{number:08x}-{random.getrandbits(48):012x}"
        share = random.lognormvariate(0.0, 1.0)
        anonymous = f"anon:{browser}"
        if random.random() >= KNOWN_SHARE:
            rows.append((subject_of(anonymous), anonymous, browser, False, subject_of(anonymous), share))
            continue
        mail = f"mail:p{number}@load.example"
        person = subject_of(mail)
        rows.append((person, mail, browser, True, person, 3 * share * NAMED_SHARE))
        rows.append((subject_of(anonymous), anonymous, browser, False, person, 3 * share * (1 - NAMED_SHARE)))
    rows.sort()
    names = ("subject", "identifier", "anonymous_id", "named", "person", "share")
    return pa.table(dict(zip(names, zip(*rows, strict=True), strict=True)))


def _identity(crowd: pa.Table) -> pa.Table:
    linked = crowd.filter(pc.not_equal(crowd["subject"], crowd["person"]))
    return linked.select(["subject", "person"])


def _moments(seed: int, definition: Definition) -> pa.Table:
    """The pool: facts of a small history without what belongs to one person, named ones and others."""
    facts = [
        each
        for each in history(people=3000, days=DAYS, seed=seed, until=UNTIL, definition=definition)
        if not each.kind.startswith("people_")
    ]
    rows = [(0, *unpacked(packed(fact, props_json(fact)))) for fact in map(_anybody, facts)]
    named = pa.array([not is_anonymous(each.identifier) for each in facts])
    return table_of(rows).set_column(COLUMNS.index("named"), "named", named)


def _anybody(event: Event) -> Event:
    """The fact without what would say whose it was."""
    traits = {key: value for key, value in event.props.get("traits", {}).items() if key not in OF_ONE_PERSON}
    props = {key: value for key, value in event.props.items() if key not in ("traits", "view")}
    if traits:
        props["traits"] = traits
    return Event(
        event.source, "", event.kind, 0, 0, 0, "", 0, event.door, event.verdict, event.reasons,
        site=event.site, props=props, context={},
    )  # fmt: skip


def _write(part: Slice, folder: Path, place: str) -> Segment:
    """Write one segment and return it."""
    crowd = feather.read_table(f"{place}/crowd")
    moments = feather.read_table(f"{place}/moments")
    archive = Archive(folder)
    last = part.first + part.rows - 1
    writer = archive.writer(0, part.first, last)
    for table in _portions(part, crowd, moments):
        writer.add(table)
    written = writer.finish()
    assert written is not None
    return written


def _portions(part: Slice, crowd: pa.Table, moments: pa.Table) -> Iterator[pa.Table]:
    """The rows of one segment, by subject and time, some at a time."""
    random = dice(part.seed, 7, part.number)
    anonymous, named = (moments.filter(pc.equal(moments["named"], flag)).combine_chunks() for flag in (False, True))
    pool = pa.concat_tables([anonymous, named]).combine_chunks()
    ends = _ends(crowd["share"], part.rows, random)
    done = 0
    while done < part.rows:
        count = min(PORTION, part.rows - done)
        yield _portion(part, crowd, pool, anonymous.num_rows, ends, done, count, random)
        done += count


def _ends(shares: pa.ChunkedArray, rows: int, random: Random) -> pa.Array:
    """For each subject the row behind its last: shares of the rows, with chance in the remainders."""
    noise = pc.random(len(shares), initializer=random.getrandbits(32))
    edges = pc.cumulative_sum(pc.multiply(shares, pc.add(0.5, noise)))
    scaled = pc.multiply(edges, rows / edges[-1].as_py())
    return pc.cast(pc.round(scaled), pa.int64()).combine_chunks()


def _portion(
    part: Slice, crowd: pa.Table, pool: pa.Table, anonymous: int, ends: pa.Array, done: int, count: int, random: Random
) -> pa.Table:
    """Rows `done` to `done + count` of a segment: their subjects by `ends`, instants in order within each subject."""
    rows = _range(done, count)
    who = pc.search_sorted(ends, rows, side="right").cast(pa.int64())
    people = crowd.take(who)
    end = ends.take(who)
    begin = pc.coalesce(pa.concat_arrays([pa.array([0], pa.int64()), ends.slice(0, len(ends) - 1)]).take(who), 0)
    of_subject = pc.cast(pc.subtract(end, begin), pa.float64())
    rank = pc.cast(pc.subtract(rows, begin), pa.float64())
    chance = pc.random(count, initializer=random.getrandbits(32))
    share = pc.divide(pc.add(rank, chance), of_subject)
    at = pc.add(
        pc.cast(pc.multiply(share, float(part.ends_at - part.begins_at - SECOND)), pa.int64(), safe=False),
        part.begins_at,
    )
    moment = _drawn(people["named"].combine_chunks(), anonymous, pool.num_rows, random)
    return _dressed(part, rows, people, pool.take(moment), at)


def _drawn(named: pa.Array, anonymous: int, moments: int, random: Random) -> pa.Array:
    """The place of a moment in the pool for each row: named ones stand behind the others."""
    chance = pc.random(len(named), initializer=random.getrandbits(32))
    low = pc.if_else(named, float(anonymous), 0.0)
    wide = pc.if_else(named, float(moments - anonymous), float(anonymous))
    return pc.cast(pc.floor(pc.add(low, pc.multiply(chance, wide))), pa.int64())


def _dressed(part: Slice, rows: pa.Array, people: pa.Table, moments: pa.Table, at: pa.Array) -> pa.Table:
    """The rows as a table of the log's columns."""
    offset = _shuffled(rows, part)
    received_at = pc.add(at, SECOND // 5)
    own: dict[str, Any] = {
        "shard": pa.nulls(len(rows), pa.int32()).fill_null(0),
        "offset": offset,
        "id": pc.binary_join_element_wise("load", pc.cast(offset, pa.string()), "-"),
        "at": at,
        "received_at": received_at,
        "known_at": received_at,
        "identifier": people["identifier"],
        "subject": people["subject"],
        "named": people["named"],
        "anonymous_id": people["anonymous_id"],
    }
    columns = [own.get(name, moments[name] if name not in own else None) for name in COLUMNS]
    return pa.table(columns, schema=schema()).combine_chunks()


def _shuffled(rows: pa.Array, part: Slice) -> pa.Array:
    """Offsets in the order of arrival know nothing of subjects: another order of the same numbers."""
    step = next(step for step in (7_368_787, 1_299_709, 104_729, 7_919, 101, 1) if part.rows % step)
    product = pc.multiply(rows, step)
    remainder = pc.subtract(product, pc.multiply(pc.divide(product, part.rows), part.rows))
    return pc.add(remainder, part.first)


def _range(first: int, count: int) -> pa.Array:
    return pa.array(range(first, first + count), pa.int64())


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
