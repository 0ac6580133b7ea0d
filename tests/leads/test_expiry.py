"""Facts leave after their time, and whoever they were about is what is left of them."""

from dataclasses import replace
from random import Random

import pytest

from embudo.collector.lag import lag_of
from embudo.core.event import DAY
from embudo.eventlog import Cursor
from embudo.leads import expiry
from embudo.leads.expiry import EXPIRED, expire
from embudo.leads.models import Person
from tests.cast import MONDAY, ada, bruno
from tests.leads.conftest import Following, forget_everything, rows

PAGES = (("page_viewed", 30),)


def passes(following: Following, days: int, retention: tuple[tuple[str, int], ...], *, followed: bool = True) -> int:
    """So many days after Monday the log lets go of what is too old, and the tables follow; return how much that was."""
    config = replace(following.config, retention=retention)
    evidence = expire(config, following.log, at=MONDAY + days * DAY, followed=followed)
    following.follower.catch_up()
    return evidence.rows


def kinds(following: Following) -> list[str]:
    return [row.event.kind for row in following.log.read(Cursor(), 10_000)[0]]


@pytest.mark.parametrize("sealed", [False, True])
def test_what_is_left_is_what_counts(following: Following, sealed: bool) -> None:
    following.hears(ada.visits("/pricing").visits("/docs").submits("contact"), bruno.visits("/"))
    before = following.person(ada).events
    if sealed:
        following.log.seal()
    assert passes(following, 40, PAGES) == 3
    assert following.person(ada).events == before - 2
    assert not Person.objects.filter(id=bruno.visitor).exists()
    assert "page_viewed" not in kinds(following)
    following.agrees()
    assert following.log.ledger().balanced
    assert following.log.verify() == []


def test_without_the_setting_everything_stays(following: Following) -> None:
    following.hears(ada.visits("/pricing"))
    assert passes(following, 4000, ()) == 0
    assert kinds(following) == ["page_viewed"]


def test_who_is_who_outlives_every_fact(following: Following) -> None:
    following.hears(ada.visits("/pricing").submits("contact").requests("demo"))
    assert passes(following, 400, (("*", 365),)) >= 2
    person = following.person(ada)
    assert (person.id, person.known) == (ada.subject, True)
    later = replace(next(iter(ada.visits("/docs"))), id="later", at=MONDAY + 401 * DAY, received_at=MONDAY + 401 * DAY)
    following.hears([later])
    assert following.person(ada).events == person.events + 1
    following.agrees()


def test_a_crash_before_it_was_said_is_made_good_by_the_next_run(
    following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    following.hears(ada.visits("/pricing").submits("contact"))
    with monkeypatch.context() as crashing:
        crashing.setattr(expiry, "_fact", lambda subject, at: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            passes(following, 40, PAGES)
    assert EXPIRED not in kinds(following)
    assert passes(following, 40, PAGES) == 0
    assert EXPIRED in kinds(following)
    following.agrees()


def test_what_says_so_leaves_in_its_turn_when_it_has_been_followed(following: Following) -> None:
    following.hears(ada.visits("/pricing").submits("contact"))
    passes(following, 40, PAGES)
    assert lag_of(following.config) in (0, None)
    passes(following, 80, PAGES, followed=False)
    assert EXPIRED in kinds(following)
    passes(following, 80, PAGES)
    assert EXPIRED not in kinds(following)
    passes(following, 200, PAGES)
    assert EXPIRED not in kinds(following)
    following.agrees()


def test_what_has_left_is_counted_without_what_only_said_so(following: Following) -> None:
    assert expiry.removed(following.log) is None
    following.hears(ada.visits("/pricing").visits("/docs").submits("contact"))
    passes(following, 40, PAGES)
    passes(following, 80, PAGES)
    removed = expiry.removed(following.log)
    assert removed and (removed.rows, removed.at) == (2, MONDAY + 40 * DAY)


@pytest.mark.parametrize("seed", range(4))
def test_random_histories_are_after_it_what_a_rebuild_gives(following: Following, seed: int) -> None:
    chance = Random(seed)
    for person in (ada, bruno):
        journey = person.journey(MONDAY + chance.randrange(60) * DAY)
        for _ in range(12):
            journey = chance.choice(
                [lambda j: j.visits("/pricing"), lambda j: j.submits("contact"), lambda j: j.requests("demo")]
            )(journey)
        facts = [
            replace(event, at=event.at + (day := chance.randrange(90) * DAY), received_at=event.received_at + day)
            for event in journey
        ]
        following.hears(sorted(facts, key=lambda event: event.received_at))
        if chance.random() < 0.5:
            following.log.seal()
    retention = chance.choice([PAGES, (("*", 40),), (("demo_requested", 10), ("*", 70))])
    passes(following, 120, retention)
    following.agrees()
    after = rows()
    forget_everything()
    following.follower.forget()
    following.follower.catch_up()
    assert rows()["people"].keys() == after["people"].keys()
    following.agrees()
