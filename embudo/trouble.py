"""What to tell an operator, in one sentence, when disk, tables or log refuse."""

import re
import sqlite3
from collections.abc import Iterator
from urllib.parse import urlsplit

from embudo.config import Config
from embudo.eventlog import LogUnavailable
from embudo.install import reason

_PREPARE = "The tables are not of this version: `embudo prepare` brings them up to date (`embudo up` does it, too)."
_POSTGRESQL = {  # what the server or its library says, and what to do
    r"password authentication failed|no password supplied": "check user and password in EMBUDO_DATABASE_URL",
    r'role ".*" does not exist': "there is no such user; check EMBUDO_DATABASE_URL, or make it: createuser",
    r'database ".*" does not exist': "there is no such database; check EMBUDO_DATABASE_URL, or make it: createdb",
    r"Connection refused|No such file or directory": "nothing listens there; start PostgreSQL or check host and port",
    r"translate host name|not known|resolve": "no machine has that name; check the host in EMBUDO_DATABASE_URL",
    r"timeout expired|timed out|No route|unreachable": "it does not answer; check the network and EMBUDO_DATABASE_URL",
    r"permission denied": "the user may not do that; make it the owner of the database",
    r"too many (clients|connections)": "it has no connection left; raise max_connections or run fewer processes",
    r"No space left": "its disk is full; free some room",
}
_SQLITE = {
    r"disk is full": "The disk is full; free some room and try again.",
    r"readonly database": "The files may only be read: run Embudo as their owner, or give them away with chown -R.",
    r"unable to open": "A file of it cannot be opened: check that this account may read and write there.",
    r"malformed|not a database": "A file of it is damaged: restore the last backup into a new folder (embudo restore).",
    r"is locked": "Another program holds its tables for too long; end it and try again.",
    r"disk I/O": "The disk refuses: look at its room and health (dmesg), then try again.",
}


def words_of(error: BaseException, config: Config) -> str | None:
    """Return the sentence for an error of disk, tables or log; None when it is of another kind."""
    chain = list(_causes(error))
    if not any(isinstance(each, OSError | sqlite3.Error | LogUnavailable) or _is_of_database(each) for each in chain):
        return None
    text = " ".join(str(each) for each in chain)
    if re.search(r'no such (table|column)|(relation|column) ".*" does not exist', text):
        return _PREPARE
    if not config.embedded and any(_is_of_database(each) or isinstance(each, LogUnavailable) for each in chain):
        return _of_postgresql(text, str(chain[-1]), config)
    for pattern, words in _SQLITE.items():
        if re.search(pattern, text):
            return f"The install in {config.data} cannot be used. {words}"
    refused = next((each for each in chain if isinstance(each, OSError)), None)
    if refused is not None:
        return f"{refused.filename or config.data}: {reason(refused)}."
    return f"The install in {config.data} cannot be used: {chain[-1]}. `embudo doctor` says more."


def _of_postgresql(text: str, last: str, config: Config) -> str:
    parts = urlsplit(config.database_url)
    place = f"{parts.hostname or 'this machine'}:{parts.port or 5432}{parts.path}"
    for pattern, words in _POSTGRESQL.items():
        if re.search(pattern, text):
            return f"PostgreSQL at {place}: {words}."
    lines = [line for line in last.splitlines() if line.strip()] or [text]
    return f"PostgreSQL at {place} refuses: {lines[0].strip()}. `embudo doctor` says more."


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _is_of_database(error: BaseException) -> bool:
    """Django's and psycopg's errors, told by their names so that neither is loaded for it."""
    names = {f"{each.__module__}.{each.__qualname__}" for each in type(error).__mro__}
    return bool(names & {"django.db.utils.DatabaseError", "django.db.utils.InterfaceError", "psycopg.Error"})
