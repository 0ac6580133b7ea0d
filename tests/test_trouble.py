"""Errors of disk, tables and log become one sentence; errors of ours stay errors."""

import errno
import sqlite3

import pytest
from django.db.utils import OperationalError, ProgrammingError

from embudo.config import Config
from embudo.eventlog import LogUnavailable
from embudo.trouble import words_of

EMBEDDED, SERVER = Config(), Config(database_url="postgresql://ana:hunter2@db.example/embudo")


@pytest.mark.parametrize(
    ("config", "error", "words"),
    [
        (EMBEDDED, OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (
            EMBEDDED,
            PermissionError(errno.EACCES, "Permission denied", "/srv/x"),
            "/srv/x: this account has no permission",
        ),
        (EMBEDDED, OperationalError("database or disk is full"), "The disk is full"),
        (EMBEDDED, sqlite3.OperationalError("attempt to write a readonly database"), "may only be read"),
        (EMBEDDED, LogUnavailable("unable to open database file"), "cannot be opened"),
        (EMBEDDED, OperationalError("no such table: leads_person"), "embudo prepare"),
        (SERVER, OperationalError("connection failed: Connection refused"), "nothing listens there"),
        (SERVER, OperationalError('FATAL: password authentication failed for user "ana"'), "check user and password"),
        (SERVER, OperationalError('FATAL: database "embudo" does not exist'), "no such database"),
        (SERVER, OperationalError('FATAL: role "ana" does not exist'), "no such user"),
        (SERVER, ProgrammingError('relation "leads_person" does not exist'), "embudo prepare"),
        (SERVER, OperationalError("something odd\nLINE 1"), "refuses: something odd."),
    ],
)
def test_the_sentence_says_what_to_do(config: Config, error: Exception, words: str) -> None:
    said = words_of(error, config)
    assert said is not None
    assert words in said
    assert "hunter2" not in said and "\n" not in said


def test_an_error_of_ours_has_no_such_words() -> None:
    assert words_of(KeyError("x"), EMBEDDED) is None
    wrapped = ValueError("x")
    wrapped.__context__ = OSError("on the way")
    assert words_of(wrapped, EMBEDDED) is None
