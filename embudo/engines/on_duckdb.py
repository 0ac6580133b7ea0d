"""The batch engine on DuckDB: scores everybody at an instant from the log's segments and tail."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from embudo.core.definition import Definition
from embudo.engines.sql import Asked, Query, engagement
from embudo.engines.sql_calendar import Calendar
from embudo.engines.sql_fit import fit
from embudo.eventlog.columns import schema

Connection = duckdb.DuckDBPyConnection


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


def rescore_on(connection: Connection, definition: Definition, at: int) -> pa.Table:
    """Do as `rescore` on a connection that `opened` gave."""
    asked = Asked(definition, at, calendar(connection, definition, at))
    _keep(connection, "engaged", engagement(asked))
    _keep(connection, "fitted", fit(definition, at))
    table = connection.execute("SELECT * FROM engaged FULL JOIN fitted USING (person) ORDER BY person").to_arrow_table()
    connection.execute("DROP TABLE engaged; DROP TABLE fitted")
    return table


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
            f"SET temp_directory = '{spill}'; SET preserve_insertion_order = false; SET enable_progress_bar = false"
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


def _keep(connection: Connection, name: str, query: Query) -> None:
    connection.execute(f"CREATE TEMP TABLE {name} AS {query.sql}")
