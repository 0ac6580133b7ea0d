"""How far `follow` is behind the log, for the metrics: the one thing the door reads that the site's half writes."""

import sqlite3
from contextlib import closing

from embudo.config import Config
from embudo.eventlog import LogUnavailable, shared_log

_SQL = 'SELECT shard, "offset" FROM leads_followcursor'


def lag_of(config: Config) -> int | None:
    """Return how many events are kept and not yet followed; None where there are no tables to tell it."""
    try:
        followed = dict(_rows(config))
        return sum(max(0, offset - followed.get(shard, 0)) for shard, offset in shared_log(config).end().items())
    except (sqlite3.Error, LogUnavailable, OSError):
        return None


def _rows(config: Config) -> list[tuple[int, int]]:
    if config.embedded:
        with closing(sqlite3.connect(f"{config.tables.absolute().as_uri()}?mode=ro", uri=True, timeout=1)) as tables:
            return tables.execute(_SQL).fetchall()
    import psycopg

    try:
        with psycopg.connect(config.database_url, connect_timeout=2) as server:
            return server.execute(_SQL).fetchall()
    except psycopg.Error as error:
        raise OSError(str(error)) from error
