import pytest

from embudo.core.event import DAY, Door
from embudo.eventlog import Cursor
from embudo.leads import erasure, rebuild
from embudo.leads.erasure import NotNow, erase
from embudo.leads.models import Company, Dispute, Identifier, Merge, Person, PersonAttribute, Score, StageChange
from tests.cast import MONDAY, ada, bruno
from tests.leads.conftest import Following
from tests.leads.test_identity import merged

TABLES = (Person, Score, StageChange, PersonAttribute, Identifier, Merge, Dispute)


def test_of_somebody_erased_no_row_is_left(following: Following) -> None:
    following.hears(bruno.submits("contact"))
    before = [table.objects.count() for table in TABLES]
    following.hears(ada.visits("/pricing").submits("contact").requests("demo"))
    evidence = erase(ada.subject, by="Luis", why="she asked", log=following.log)
    following.follower.catch_up()

    assert evidence.rows >= 3
    assert [table.objects.count() for table in TABLES] == before
    facts = [row.event for row in following.log.read(Cursor(), 1000)[0]]
    assert not [event for event in facts if "ada" in str(event)]
    following.agrees()


def test_a_retry_of_what_was_erased_comes_to_nothing_and_a_new_visit_is_somebody_new(following: Following) -> None:
    journey = ada.visits("/pricing").submits("contact")
    following.hears(journey)
    erase(ada.subject, by="Luis", why="she asked", log=following.log)
    following.hears(journey)
    assert Person.objects.count() == 0

    later = ada.journey(4_000_000_000_000_000).visits("/docs")
    following.hears(later)
    assert (Person.objects.get().id, Person.objects.get().known) == (ada.visitor, False)
    following.agrees()


def test_an_erasure_takes_those_merged_into_the_person_along(following: Following) -> None:
    following.hears(ada.submits("contact"), bruno.submits("contact"), merged(ada.subject, bruno.subject))
    erase(bruno.subject, by="Luis", why="they asked", log=following.log)
    following.follower.catch_up()

    assert [table.objects.count() for table in TABLES] == [0] * len(TABLES)
    following.hears(bruno.journey(4_000_000_000_000_000 + DAY).submits("contact"))
    assert Person.objects.get().id == bruno.subject
    assert Person.objects.get().first_seen_at > MONDAY
    following.agrees()


def test_the_command_erases_by_mail_address_only_when_told_yes(
    following: Following, settings, monkeypatch, capsys
) -> None:
    settings.EMBUDO = following.config
    monkeypatch.setattr(erasure, "the_log", lambda: following.log)
    following.hears(ada.visits("/").submits("contact"))
    assert erasure.main(["nobody@norte.example", "--why", "asked"]) == 2
    assert erasure.main([ada.mail, "--why", "asked"]) == 1
    assert Person.objects.filter(mail=ada.mail).exists()
    assert erasure.main([ada.mail, "--why", "asked", "--yes"]) == 0
    following.follower.catch_up()
    assert not Person.objects.filter(mail=ada.mail).exists()
    assert "Erased" in capsys.readouterr().out


def test_what_is_not_followed_yet_is_followed_before_anything_is_erased(following: Following) -> None:
    """A form that links the browser has arrived, but its facts are not in the tables."""
    following.log.append(ada.visits("/pricing"))
    following.follower.catch_up()
    following.log.append(ada.journey(MONDAY + DAY).submits("contact"))
    erase(ada.subject, by="Luis", why="she asked", log=following.log)

    assert following.log.read(Cursor(), 1000)[0][:-1] == []
    following.follower.forget()
    following.follower.catch_up()
    assert [table.objects.count() for table in TABLES] == [0] * len(TABLES)


def test_nobody_is_erased_while_people_are_computed_again(following: Following) -> None:
    following.hears(ada.submits("contact"))
    rebuild.ask(following.log)
    with pytest.raises(NotNow):
        erase(ada.subject, by="Luis", why="she asked", log=following.log)
    assert following.log.history([ada.subject])


def test_somebody_merged_in_the_batch_in_which_they_appeared_is_found_and_erased(following: Following) -> None:
    following.hears(
        ada.through(Door.SECRET).does("profile_changed", traits={"email": ada.mail}),
        bruno.through(Door.SECRET).does("profile_changed", traits={"email": bruno.mail}),
        merged(bruno.subject, ada.subject),
    )
    assert Person.objects.get(pk=ada.subject).merged_into_id == bruno.subject
    following.agrees()
    found = erasure._found(ada.mail)
    assert found is not None and found.id == ada.subject


def test_the_company_of_the_last_one_who_worked_there_goes_along(following: Following) -> None:
    following.hears(ada.submits("contact"))
    assert Company.objects.count() == 1
    erase(ada.subject, by="Luis", why="she asked", log=following.log)
    following.follower.forget()
    following.follower.catch_up()
    assert Company.objects.count() == 0


def test_who_was_erased_and_stands_in_the_tables_again_is_forgotten_and_who_came_back_is_not(
    following: Following,
) -> None:
    following.hears(ada.submits("contact"), bruno.submits("contact"))
    following.log.erase([ada.subject, ada.visitor], by="Luis", why="the tables do not know of it, as after a restore")
    assert erasure.erase_again(following.log) == 1
    following.follower.forget()
    following.follower.catch_up()
    assert list(Person.objects.values_list("id", flat=True)) == [bruno.subject]
    assert erasure.erase_again(following.log) == 0
