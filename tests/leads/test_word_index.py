"""The index of people's words holds the words of those who are known, whoever wrote them."""

from collections import Counter

import pytest
from django.core.management import call_command
from django.db import connection

from embudo.core.event import DAY
from embudo.leads import rebuild, sql
from embudo.leads.models import Person
from embudo.leads.queries.search import Search
from tests.cast import MONDAY, ada, bruno, clara
from tests.leads.conftest import Following

TABLES = ("company", "person", "score", "identifier")


def found(text: str) -> set[int]:
    search = Search.of(text)
    assert search is not None
    return {id_ for (id_,) in sql.rows(search.driver.sql, search.driver.values)}


def indexed_as_known() -> bool:
    """Whether the index of SQLite holds each word once for each known person who has it, and no other."""
    if connection.vendor != "sqlite":
        return True
    sql.one("CREATE VIRTUAL TABLE IF NOT EXISTS temp.held_words USING fts5vocab('main', 'person_search', 'row')")
    texts = Person.objects.filter(known=True).values_list("search", flat=True)
    wanted = Counter(word for text in texts for word in set(text.split()))
    return dict(sql.rows("SELECT term, doc FROM held_words")) == wanted


def test_a_batch_indexes_whom_it_adds_renames_and_merges(following: Following) -> None:
    following.hears(ada.visits("/"), bruno.visits("/"))
    assert indexed_as_known()
    tuesday = (each.journey(MONDAY + DAY).submits("contact") for each in (ada, bruno, clara))
    following.hears(*tuesday)
    assert found("ada") == {following.person(ada).id}
    assert indexed_as_known()

    later = ada.journey(MONDAY + 2 * DAY)
    following.hears(later.says(name="Augusta King", email=ada.mail), bruno.journey(MONDAY + 2 * DAY).visits("/pricing"))
    assert (found("augusta"), found("okafor")) == ({following.person(ada).id}, set())
    assert indexed_as_known()


def test_what_others_write_is_indexed_by_the_triggers(following: Following) -> None:
    following.hears(ada.submits("contact"))
    person = following.person(ada)
    person.search = "lovelace"
    person.save()
    assert found("lovelace") == {person.id}
    person.search = "lovelace king"
    person.save()
    assert (found("lovelace"), found("king")) == ({person.id}, {person.id})
    person.known = False
    person.save()
    assert found("lovelace") == set()
    person.known, person.search = True, "ada king"
    person.save()
    assert (found("lovelace"), found("king")) == (set(), {person.id})
    assert indexed_as_known()
    person.search = "lovelace"
    person.save()
    person.delete()
    assert found("lovelace") == set()
    assert indexed_as_known()


@pytest.mark.django_db(transaction=True)
def test_filled_tables_are_migrated_there_and_back(following: Following) -> None:
    following.hears(ada.submits("contact"), bruno.submits("contact"))
    person, indexes = following.person(ada).id, made("index")
    try:
        call_command("migrate", "leads", "0010", verbosity=0)
        names = {table: columns(table) for table in TABLES}
        before = {table: held(table, names[table]) for table in TABLES}
        assert found("ada") == {person}
    finally:
        call_command("migrate", verbosity=0)

    assert {table: held(table, names[table]) for table in TABLES} == before
    assert made("index") == indexes
    following.hears(clara.submits("contact"))
    assert found("clara") == {following.person(clara).id}
    assert indexed_as_known()
    rebuild.ask(following.log)  # what later versions keep beside comes with it
    while following.follower.advance_rebuild():
        pass
    following.agrees()


def columns(table: str) -> str:
    """The columns that a table has now."""
    with connection.cursor() as cursor:
        return ", ".join(each.name for each in connection.introspection.get_table_description(cursor, f"leads_{table}"))


def held(table: str, names: str) -> set[str]:
    """The rows of a table."""
    return {repr(row) for row in sql.rows(f"SELECT {names} FROM leads_{table}")}


def made(kind: str) -> set[str]:
    """The names of what SQLite has of a kind."""
    if connection.vendor != "sqlite":
        return set()
    return {name for (name,) in sql.rows("SELECT name FROM sqlite_master WHERE type = %s", [kind])}
