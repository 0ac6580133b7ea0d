"""The batch engine on DuckDB: scores everybody at an instant from the log's segments and tail."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from embudo.core.definition import Definition
from embudo.engines.sql import INSTANTS, Asked, engagement, instants
from embudo.engines.sql_calendar import Calendar
from embudo.engines.sql_fit import fit
from embudo.eventlog.columns import schema

Connection = duckdb.DuckDBPyConnection
PORTION = 20_000_000  # facts worked on at once


@dataclass(frozen=True, slots=True)
class Facts:
    """The log as the batch engine reads it, and who is who.

    `segments` and `tail` go together as `Log.snapshot` gives them. `identity` (subject, person) holds the
    subjects whose surviving person is another, merges followed to the end. `revised` (subject, source,
    id, verdict) holds the facts whose verdict was revised, each with the last one.
    """

    segments: Sequence[Path] = ()
    tail: pa.Table | None = None
    identity: pa.Table | None = None
    revised: pa.Table | None = None


def rescore(facts: Facts, definition: Definition, at: int, *, threads: int = 2, memory_mb: int = 3000) -> pa.Table:
    """Return (person, engagement, g0.., fit, known_share, disqualified_by) of everybody at the instant, by person.

    `engagement` is unrounded; NULL where no rule counted anything, as `fit` is where nothing was stated: such a
    person has the score, or the fit, of no facts.
    """
    with opened(facts, threads=threads, memory_mb=memory_mb) as connection:
        return rescore_on(connection, definition, at)


def rescore_on(connection: Connection, definition: Definition, at: int, *, portion: int = PORTION) -> pa.Table:
    """Do as `rescore` on a connection that `opened` gave."""
    engage(connection, definition, at, portion=portion)
    _keep(connection, "fitted", fit(definition, at).sql)
    table = connection.execute("SELECT * FROM engaged FULL JOIN fitted USING (person) ORDER BY person").to_arrow_table()
    connection.execute("DROP TABLE engaged; DROP TABLE fitted")
    return table


def engage(connection: Connection, definition: Definition, at: int, *, portion: int = PORTION) -> None:
    """Make the table `engaged` (person, engagement, g0..), portion by portion: lists being made stay in memory."""
    asked = Asked(definition, at, calendar(connection, definition, at))
    (count,) = connection.execute("SELECT count(*) FROM kept_facts").fetchone() or (0,)
    portions = -(-count // portion) or 1
    even = (instants(asked, subjects=span).sql for span in _spans("subject", portions))
    _keep(connection, INSTANTS, instants(asked, odd=True).sql, *even)
    _keep(connection, "engaged", *(engagement(asked, span).sql for span in _spans("person", portions)))
    connection.execute(f"DROP TABLE {INSTANTS}")


def _spans(name: str, count: int) -> list[str]:
    """Conditions that share the subjects out, as many to each: they are hashes of 63 bits, but for some by hand."""
    edges = [2**63 * number // count for number in range(1, count)]
    lows, highs = [f"{name} >= {edge}" for edge in edges], [f"{name} < {edge}" for edge in edges]
    return [f"({low} AND {high})" for low, high in zip(["TRUE", *lows], [*highs, "TRUE"], strict=True)]


def calendar(connection: Connection, definition: Definition, at: int) -> Calendar:
    """Return the calendar of the definition's zone, from the first fact to the instant."""
    if definition.zone == "UTC" or not any(rule.limit for rule in definition.rules):
        return Calendar.of("UTC", at, at)
    found = connection.execute('SELECT min("at") FROM facts').fetchone()
    first_at = found[0] if found and found[0] is not None else at
    return Calendar.of(definition.zone, min(first_at, at), at)


@contextmanager
def opened(facts: Facts, *, threads: int = 2, memory_mb: int = 3000) -> Iterator[Connection]:
    """Yield a connection with the relations `facts` and `identity`; what does not fit in memory spills to a folder."""
    with TemporaryDirectory(prefix="embudo-batch-") as spill, duckdb.connect() as connection:
        connection.execute(f"SET threads = {threads}; SET memory_limit = '{memory_mb}MB'")
        connection.execute(
            f"SET temp_directory = '{spill}'; SET preserve_insertion_order = false; SET enable_progress_bar = false; "
            "SET parquet_metadata_cache = true"  # the footers of small row groups take a second for 100 million facts
        )
        parts = [f"SELECT * FROM {_relation(connection, facts)}"]
        if facts.revised is not None and facts.revised.num_rows:
            parts = _with_verdicts(connection, facts.revised, parts[0])
        connection.execute(f"CREATE TEMP VIEW facts AS {' UNION ALL '.join(parts)}")
        _identity(connection, facts.identity)
        yield connection


def _relation(connection: Connection, facts: Facts) -> str:
    parts = []
    if facts.segments:
        files = ", ".join("'" + str(path).replace("'", "''") + "'" for path in facts.segments)
        parts.append(f"SELECT * FROM read_parquet([{files}])")
    tail = schema().empty_table() if facts.tail is None else facts.tail
    if tail.num_rows or not parts:
        connection.register("tail", tail)
        parts.append("SELECT * FROM tail")
    connection.execute(f"CREATE TEMP VIEW kept_facts AS {' UNION ALL BY NAME '.join(parts)}")
    return "kept_facts"


def _with_verdicts(connection: Connection, revised: pa.Table, kept: str) -> list[str]:
    """Only the facts of subjects with a revision are joined to it; the others are read as they are."""
    connection.register("revised_given", revised)
    connection.execute("CREATE TEMP TABLE revised AS SELECT * FROM revised_given")
    subjects = "(SELECT subject FROM revised)"
    return [
        f"{kept} WHERE subject NOT IN {subjects}",
        f"SELECT k.* REPLACE (coalesce(r.verdict, k.verdict) AS verdict) FROM kept_facts AS k "
        f"LEFT JOIN revised AS r ON r.source = k.source AND r.id = k.id WHERE k.subject IN {subjects}",
    ]


def _identity(connection: Connection, identity: pa.Table | None) -> None:
    connection.execute("CREATE TEMP TABLE identity (subject BIGINT, person BIGINT)")
    if identity is not None and identity.num_rows:
        connection.register("identity_given", identity)
        connection.execute("INSERT INTO identity SELECT subject, person FROM identity_given WHERE subject <> person")
        connection.unregister("identity_given")


def _keep(connection: Connection, name: str, *queries: str) -> None:
    """Make a table of what these queries give."""
    for number, query in enumerate(queries):
        connection.execute(f"INSERT INTO {name} {query}" if number else f"CREATE TEMP TABLE {name} AS {query}")
