"""The index of people's words on SQLite, fed once for a whole batch; PostgreSQL feeds its own.

Triggers keep the index of whatever writes people. But each row they feed becomes a piece of the index by itself, which
costs more than all the rest of the row, so a batch holds them still and feeds its people together.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.db import connection

from embudo.leads import sql


@contextmanager
def fed_at_once(people: Collection[int]) -> Iterator[None]:
    """Index the words of these people, whose `search` or `known` the block may change, at its end; in a transaction."""
    if connection.vendor != "sqlite" or not people:
        yield
        return
    was = _words_of(people)
    sql.one("INSERT INTO person_search_held VALUES (1)")
    yield
    sql.one("DELETE FROM person_search_held")
    becomes = _words_of(people)
    gone = [each for each in was.items() if becomes.get(each[0]) != each[1]]
    new = [each for each in becomes.items() if was.get(each[0]) != each[1]]
    sql.many("INSERT INTO person_search(person_search, rowid, search) VALUES ('delete', %s, %s)", gone)
    sql.many("INSERT INTO person_search(rowid, search) VALUES (%s, %s)", new)


def _words_of(people: Collection[int]) -> dict[int, str]:
    return dict(sql.rows_where("id, search", "leads_person", "id", people, "AND known"))
