"""Tags: who shows them, through merges and their end, a rebuild and an erasure."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from embudo.accounts.models import User
from embudo.core.event import DAY
from embudo.leads import rebuild, tag_changes, tags
from embudo.leads.clock import now
from embudo.leads.erasure import erase
from embudo.leads.models import Person, Tag, Tagging
from tests.cast import MONDAY, Someone, ada, bruno, clara
from tests.leads.conftest import Following
from tests.leads.races import meanwhile
from tests.leads.test_identity import merged


@pytest.fixture
def rosa(db: None) -> User:
    return User.objects.create_user("rosa@norte.example", name="Rosa", role="sales")


@pytest.fixture(autouse=True)
def people(following: Following) -> None:
    following.hears(ada.submits("contact"), bruno.submits("contact"))


def put(name: str, *people: Someone) -> Tag:
    tag = tags.tag_of(name, make=True)
    assert tag is not None
    tags.put([each.subject for each in people], tag, by=None)
    return tag


def shown(who: Someone) -> list[str]:
    return tags.of([who.subject]).get(who.subject, [])


def joins(following: Following, kind: str = "people_merged") -> None:
    following.hears(merged(ada.subject, bruno.subject, kind=kind, at=now()))


def test_a_tag_is_the_same_whatever_its_case_and_blanks() -> None:
    assert put("Fair  2026", ada) == put(" fair 2026", ada)
    assert shown(ada) == ["Fair 2026"]
    assert tags.tag_of(" \0 ", make=True) is None


def test_a_merge_shows_the_tags_of_both_and_an_unmerge_gives_each_its_own(following: Following) -> None:
    put("vip", ada, bruno), put("fair", bruno)
    joins(following)
    assert (shown(ada), shown(bruno)) == (["fair", "vip"], [])
    following.agrees()
    joins(following, "people_unmerged")
    assert (shown(ada), shown(bruno)) == (["vip"], ["fair", "vip"])
    following.agrees()


def test_a_tag_taken_off_the_survivor_is_off_both(following: Following) -> None:
    vip = put("vip", ada, bruno)
    joins(following)
    tags.take([ada.subject], vip)
    joins(following, "people_unmerged")
    assert (shown(ada), shown(bruno)) == ([], [])


def test_tags_survive_a_rebuild(following: Following) -> None:
    put("vip", ada), put("fair", bruno)
    joins(following)
    rebuild.ask(following.log)
    while rebuild.running():
        following.follower.advance_rebuild()
    assert shown(ada) == ["fair", "vip"]
    following.agrees()


def test_the_check_finds_a_tag_that_the_wrong_one_shows(following: Following) -> None:
    put("vip", ada)
    Tagging.objects.update(person_id=bruno.subject)
    with pytest.raises(AssertionError, match="who shows tag"):
        following.agrees()


def test_a_tag_of_a_visitor_goes_with_whom_they_turn_out_to_be(following: Following) -> None:
    following.hears(clara.journey(MONDAY).visits("/"))
    vip = tags.tag_of("vip", make=True)
    assert vip is not None
    tags.put([clara.visitor], vip, by=None)
    following.hears(clara.journey(MONDAY + DAY).submits("contact"))
    assert shown(clara) == ["vip"]
    following.agrees()


def test_of_somebody_erased_no_tag_is_left(following: Following) -> None:
    put("vip", ada, bruno)
    joins(following)
    erase(ada.subject, by="Luis", why="she asked", log=following.log)
    following.follower.catch_up()
    assert not Tagging.objects.exists()
    assert not Person.objects.filter(known=True).exists()


def test_who_was_merged_meanwhile_is_tagged_as_whom_they_are_now(following: Following) -> None:
    vip = tags.tag_of("vip", make=True)
    assert vip is not None
    joins(following)
    tags.put([bruno.subject], vip, by=None)
    assert (shown(ada), shown(bruno)) == (["vip"], [])
    following.agrees()
    joins(following, "people_unmerged")
    assert (shown(ada), shown(bruno)) == ([], ["vip"])
    joins(following)
    tags.take([bruno.subject], vip)
    assert shown(ada) == []
    following.agrees()


def test_a_visitor_who_is_somebody_by_now_is_tagged_as_such(following: Following) -> None:
    following.hears(clara.journey(MONDAY).visits("/"))
    vip = tags.tag_of("vip", make=True)
    assert vip is not None
    following.hears(clara.journey(MONDAY + DAY).submits("contact"))
    following.hears(merged(ada.subject, clara.subject, kind="people_merged", at=now()))
    tags.put([clara.visitor], vip, by=None)
    assert shown(ada) == ["vip"] and Tagging.objects.get().put_on == clara.subject
    following.agrees()


def test_who_was_erased_meanwhile_is_not_tagged(following: Following) -> None:
    vip = tags.tag_of("vip", make=True)
    assert vip is not None
    erase(ada.subject, by="Luis", why="she asked", log=following.log)
    following.follower.catch_up()
    tags.put([ada.subject, bruno.subject], vip, by=None)
    assert shown(bruno) == ["vip"] and Tagging.objects.count() == 1


def joined(rosa: User) -> None:
    old, vip = tags.tag_of("old"), tags.tag_of("vip", make=True)
    assert old and vip
    tag_changes.join(old, vip, by=rosa)


@pytest.mark.parametrize("put_on", [lambda _rosa: put("vip", bruno), joined])
def test_a_tag_put_on_while_follow_merges_is_not_lost(
    following: Following, rosa: User, put_on: Callable[[User], object]
) -> None:
    """PostgreSQL lets both write at once: whoever follows waits until it is on."""
    put("old", bruno)
    with meanwhile(lambda: put_on(rosa)):
        joins(following)
    assert "vip" in shown(ada)
    following.agrees()


def test_who_puts_a_tag_on_waits_for_nobody_who_writes_people() -> None:
    """Rows of people are written in any order; waiting for them with some in hand would block both for good."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")

    def puts() -> None:
        put("vip", ada, bruno)
        connection.close()

    with transaction.atomic():
        Person.objects.filter(pk=bruno.subject).update(events=0)
        putting = threading.Thread(target=puts)
        putting.start()
        putting.join(10)
        assert shown(bruno) == ["vip"]
