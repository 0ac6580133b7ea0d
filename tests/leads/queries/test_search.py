"""Search finds people by the beginnings of words, whatever case and accents, and keeps up with changes."""

import importlib

import pytest
from django.apps import apps

from embudo.leads import profile
from embudo.leads.models import Person
from embudo.leads.queries import people
from embudo.leads.queries.pieces import LISTED
from embudo.leads.queries.search import Search
from embudo.leads.sql import rows
from tests.cast import Someone, ada, bruno, clara, mallory

CREATED = 1_780_000_000_000_000


def known(who: Someone, number: int, **changes: object) -> Person:
    shown = {"name": who.name, "mail": who.mail, "phone": who.phone, "company_name": who.company}
    fields = {"known": True, "created_at": CREATED, "first_seen_at": CREATED, "last_seen_at": CREATED, **shown}
    return Person.objects.create(id=number, **{"search": profile.search_text(shown), **fields, **changes})


def by_index(text: str) -> set[int]:
    search = Search.of(text)
    assert search is not None
    return {id_ for (id_,) in rows(search.driver.sql, search.driver.values)}


def by_asking(text: str) -> set[int]:
    search = Search.of(text)
    assert search is not None
    return {
        id_
        for (id_,) in rows(f"SELECT id FROM leads_person p WHERE {LISTED} AND {search.where.sql}", search.where.values)
    }


@pytest.fixture
def cast(db: None) -> None:
    for number, who in enumerate((ada, bruno, clara, mallory), start=1):
        known(who, number)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ada", {1}),
        ("ADA ok", {1}),
        ("okafor ada", {1}),
        ("logistica", {1}),
        ("LOGÍSTICA", {1}),
        ("ada@norte.example", {1}),
        ("norte", {1}),
        ("8181234567", {1}),
        ("+52 81 8123", {1}),
        ("(81) 8123-4567", {1}),
        ("8123-4567", {1}),
        ("528181234", {1}),
        ("11987654321", {2}),
        ("example", {1, 2, 3, 4}),
        ("script", {4}),
        ("kafor", set()),
        ("zzz", set()),
    ],
)
def test_words_are_found_by_their_beginnings(cast: None, text: str, found: set[int]) -> None:
    assert by_index(text) == found
    assert by_asking(text) == found


@pytest.mark.parametrize("text", ["", "  ", "\x00"])
def test_without_a_text_there_is_no_search(text: str) -> None:
    assert Search.of(text) is None


@pytest.mark.parametrize("text", ["%", "_", '"', "*", "'", "-", "@."])
def test_a_text_without_a_word_finds_nobody(cast: None, text: str) -> None:
    assert by_index(text) == by_asking(text) == set()
    search = Search.of(text)
    assert search is not None
    assert (people.count([search]), people.page([search], people.SORTS["name"]).ids) == (people.Count(0), [])


@pytest.mark.parametrize(
    ("name", "typed"),
    [("Łukasz Wałęsa", "lukasz walesa"), ("Søren Kierkegård", "soren kierkegard"), ("Đorđe", "dorde"),
     ("Jürgen Groß", "gross"), ("Þór Æsir", "thor aesir"), ("Kadıköy", "kadikoy"), ("Œuvrard", "oeuvrard")],
)  # fmt: skip
def test_letters_are_found_as_people_type_them_without_their_key(db: None, name: str, typed: str) -> None:
    known(ada, 1, name=name, search=profile.search_text({"name": name, "mail": "", "phone": "", "company_name": ""}))
    assert by_index(typed) == by_asking(typed) == by_index(name) == {1}


def test_people_who_are_there_are_folded_anew_by_the_migration(db: None) -> None:
    known(ada, 1, search="łukasz wałesa")
    known(bruno, 2, search="bruno")
    migration = importlib.import_module(
        "embudo.leads.migrations.0013_people_are_found_whatever_letters_their_names_have"
    )
    migration.forwards(apps, None)
    assert (by_index("lukasz"), by_index("bruno")) == ({1}, {2})


@pytest.mark.parametrize(
    "text", ['ada"', "ada*", "ada AND", "NEAR(ada)", "ada' OR '1'='1", "a:b", "col:ada", "^ada", "ada\x00"]
)
def test_what_is_typed_is_never_syntax(cast: None, text: str) -> None:
    assert by_index(text) == by_asking(text)


def test_the_index_follows_every_change(db: None) -> None:
    person = known(ada, 1, known=False)
    assert by_index("ada") == set()
    Person.objects.filter(pk=1).update(known=True)
    assert by_index("ada") == {1}
    Person.objects.filter(pk=1).update(search="grace hopper")
    assert (by_index("ada"), by_index("hop")) == (set(), {1})
    Person.objects.filter(pk=1).update(known=False)
    assert by_index("hop") == set()
    Person.objects.filter(pk=1).update(known=True)
    person.delete()
    assert by_index("hop") == set()


def test_rows_written_by_upsert_are_found_by_their_new_words(db: None) -> None:
    known(ada, 1)
    person = Person(id=1, known=True, created_at=CREATED, first_seen_at=CREATED, last_seen_at=CREATED, search="grace")
    Person.objects.bulk_create([person], update_conflicts=True, update_fields=["search"], unique_fields=["id"])
    assert (by_index("ada"), by_index("grace")) == (set(), {1})
