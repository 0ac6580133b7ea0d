from dataclasses import replace

import pytest
from django.contrib.auth import get_user_model

from embudo.core.event import DAY
from embudo.eventlog import Cursor
from embudo.leads import rebuild
from embudo.leads.check import check
from embudo.leads.follow import Follower
from embudo.leads.models import (
    Company,
    Dispute,
    Identifier,
    Merge,
    Person,
    PersonAttribute,
    Rebuild,
    Score,
    StageChange,
)  # fmt: skip
from tests.cast import MONDAY, ada, bruno, clara
from tests.leads.conftest import Following, rows
from tests.leads.test_follow import STORY
from tests.leads.test_identity import merged


def rebuilds(following: Following) -> None:
    """Whoever follows carries a rebuild out."""
    rebuild.ask(following.log)
    while following.follower.advance_rebuild():
        pass


def test_incremental_equals_rebuild(following: Following) -> None:
    following.hears(STORY[:20])
    following.hears(STORY[20:])
    following.hears(merged(ada.subject, bruno.subject))
    before, ended = rows(), following.log.end()
    rebuilds(following)

    assert rows() == before
    assert following.log.end() == ended
    run = Rebuild.objects.get()
    assert (run.events, run.events_in_all) == (sum(ended.values()),) * 2
    assert run.finished_at is not None
    following.agrees()


def test_a_rebuild_replays_decisions_and_never_makes_them_anew(
    following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    following.hears(STORY)
    before = rows()
    monkeypatch.setattr("embudo.leads.identity.decide", lambda *_: [])
    rebuilds(following)

    assert rows() == before


def test_a_rebuild_that_died_goes_on_where_it_stopped(following: Following) -> None:
    following.hears(STORY)
    before = rows()
    rebuild.ask(following.log)
    following.follower.size = 7
    for _ in range(2):
        following.follower.advance_rebuild()
    following.follower = Follower(following.config, following.log)
    following.follower.size = 7
    while following.follower.advance_rebuild():
        pass

    assert rows() == before


def test_a_rebuild_keeps_owners_and_the_moves_recorded_before(following: Following) -> None:
    following.hears(ada.requests("demo"))
    user = get_user_model().objects.create_user("luis@norte.example", "a long password", name="Luis")
    Person.objects.update(owner=user)
    moves = StageChange.objects.count()
    rebuilds(following)

    assert following.person(ada).owner == user
    assert StageChange.objects.filter(superseded_why="rebuild").count() == moves


@pytest.mark.parametrize(
    ("what", "tamper"),
    [
        ("stage", lambda: Person.objects.filter(pk=ada.subject).update(stage="customer")),
        ("engagement", lambda: Person.objects.filter(pk=ada.subject).update(engagement=1.5)),
        ("events", lambda: Person.objects.filter(pk=ada.subject).update(events=99)),
        ("stage moves", lambda: StageChange.objects.filter(to_stage="qualified").delete()),
        ("attribute values", lambda: PersonAttribute.objects.filter(attribute="city").delete()),
        ("existence", lambda: Person.objects.filter(pk=bruno.subject).delete()),
        ("owner of identifier", lambda: Identifier.objects.filter(pk=ada.visitor).update(person=bruno.subject)),
    ],
)
def test_the_check_names_what_was_tampered_with(following: Following, what: str, tamper: object) -> None:
    following.hears(ada.visits("/").requests("demo"), bruno.submits("contact"))
    following.agrees()
    tamper()
    findings = check(following.log, following.follower.online.definition, following.follower.cursor)

    assert [each.what for each in findings.differences if each.what.startswith(what)]


def test_the_check_compares_merges_that_were_undone_disputes_companies_and_what_is_due(following: Following) -> None:
    following.hears(ada.visits("/").requests("demo"))
    clicked = replace(bruno, browser=ada.browser)
    following.hears(clicked.journey(MONDAY + DAY).submits("contact"))
    following.hears(merged(ada.subject, bruno.subject, at=MONDAY + 2 * DAY))
    following.hears(merged(ada.subject, bruno.subject, kind="people_unmerged", at=MONDAY + 3 * DAY))
    following.agrees()
    assert Merge.objects.exclude(unmerged_at=None).exists()
    assert Dispute.objects.exists()
    for what, tamper in (
        ("merge into", lambda: Merge.objects.update(unmerged_at=7)),
        ("dispute about", lambda: Dispute.objects.update(settled_at=7)),
        ("next change", lambda: Score.objects.filter(person=ada.subject).update(next_change_at=7)),
        ("domain of company", lambda: Company.objects.update(domain="elsewhere.example")),
        ("name of company", lambda: Company.objects.update(name="Elsewhere")),
    ):
        tamper()
        findings = check(following.log, following.follower.online.definition, following.follower.cursor)
        assert [each for each in findings.differences if each.what.startswith(what)], what


def test_the_command_follows_to_the_end_and_says_that_all_is_equal(
    following: Following, capsys: pytest.CaptureFixture[str], settings: object
) -> None:
    settings.EMBUDO = following.config
    following.log.append(list(STORY))

    assert rebuild.main(["--check"]) == 0
    assert "exactly equal" in capsys.readouterr().out
    Score.objects.all().delete()
    Person.objects.filter(pk=clara.subject).update(name="Somebody Else")
    assert rebuild.main(["--check"]) == 1
    assert "Somebody Else" in capsys.readouterr().out
    assert rebuild.main([]) == 0
    assert rebuild.main(["--check"]) == 0


def test_decisions_by_hand_keep_their_place_between_the_others(following: Following) -> None:
    following.hears(ada.submits("contact"))
    clicked = replace(bruno, browser=ada.browser)
    following.log.append(
        [*clicked.journey(MONDAY + DAY).submits("contact"), *merged(ada.subject, bruno.subject, at=MONDAY + 2 * DAY)]
    )
    following.follower.catch_up()
    before = rows()
    rebuilds(following)

    assert rows() == before
    following.agrees()
    assert following.follower.cursor != Cursor()


@pytest.mark.django_db
def test_new_facts_in_one_shard_do_not_stand_for_old_ones_in_another() -> None:
    until = Cursor({0: 90, 1: 110})
    number = Rebuild.objects.create(started_at=0, cleared_at=0, events_in_all=200, until=until.to_text()).pk
    rebuild.note_progress(number, Cursor({0: 210, 1: 40}), until)
    run = Rebuild.objects.get()
    assert (run.finished_at, run.events) == (None, 130)
    rebuild.note_progress(number, Cursor({0: 210, 1: 110}), until)
    assert Rebuild.objects.get().finished_at is not None


def test_a_rebuild_drops_companies_nobody_works_at(following: Following) -> None:
    following.hears(ada.submits("contact"))
    Company.objects.create(id=5, name="Gone", domain="gone.example")
    rebuilds(following)
    assert not Company.objects.filter(id=5).exists()
    assert Company.objects.filter(domain=ada.mail.partition("@")[2]).exists()
