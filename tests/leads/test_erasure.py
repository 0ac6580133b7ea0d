from embudo.core.event import DAY
from embudo.eventlog import Cursor
from embudo.leads import erasure
from embudo.leads.erasure import erase
from embudo.leads.models import Dispute, Identifier, Merge, Person, PersonAttribute, Score, StageChange
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
