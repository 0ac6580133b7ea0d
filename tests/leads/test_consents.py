"""Consents in force, as the rows by which the list finds people: folded, replayed, merged, filled after an upgrade."""

from typing import Any

import pytest

from embudo.core.consent import CONSENT_GIVEN, CONSENT_WITHDRAWN
from embudo.core.event import DAY, Door, Event, Verdict, subject_of
from embudo.leads import consents, filling, rebuild
from embudo.leads.erasure import erase
from embudo.leads.follow import Follower
from embudo.leads.history import WITHDRAWN
from embudo.leads.models import Filling, PersonConsent
from tests.cast import MONDAY, Someone, ada, bruno, clara
from tests.leads.conftest import Following
from tests.leads.test_identity import merged


def says(who: str, kind: str, at: int, id: str = "", **props: Any) -> list[Event]:
    at = MONDAY + at * DAY
    verdict = Verdict.HUMAN
    id = id or f"{kind}-{at}-{sorted(props.items())}"
    return [Event("app", id, kind, at, at, at, who, subject_of(who), Door.APP, verdict, props=props)]


def of(who: Someone) -> str:
    return f"person:{who.subject}"


def shown(who: Someone) -> dict[str, bool]:
    return {each.purpose: each.given for each in PersonConsent.objects.filter(person=who.subject)}


@pytest.fixture(autouse=True)
def people(following: Following) -> None:
    following.hears(ada.submits("contact"), bruno.submits("contact"))


def test_the_last_answer_stands_whatever_comes_first(following: Following) -> None:
    following.hears(says(of(ada), CONSENT_WITHDRAWN, 3, purpose="newsletter"))
    following.hears(says(of(ada), CONSENT_GIVEN, 2, purpose="newsletter"))
    assert shown(ada) == {"newsletter": False}
    following.hears(says(of(ada), CONSENT_GIVEN, 5, purpose="newsletter"), says(of(ada), CONSENT_GIVEN, 1, purpose="x"))
    assert shown(ada) == {"newsletter": True, "x": True}
    following.agrees()


def test_a_withdrawal_of_everything_takes_back_what_is_earlier_and_comes_later(following: Following) -> None:
    following.hears(says(of(ada), CONSENT_GIVEN, 1, purpose="newsletter"), says(of(ada), CONSENT_WITHDRAWN, 3))
    assert shown(ada) == {"newsletter": False, "": False}
    following.hears(says(of(ada), CONSENT_GIVEN, 2, purpose="phone"), says(of(ada), CONSENT_GIVEN, 4, purpose="x"))
    assert shown(ada) == {"newsletter": False, "phone": False, "x": True, "": False}
    following.agrees()


def test_a_name_no_purpose_can_have_makes_no_row(following: Following) -> None:
    following.hears(says(of(ada), CONSENT_GIVEN, 1, purposes={"A b": True, "": True, "x" * 41: True, "phone": True}))
    assert shown(ada) == {"phone": True}
    following.agrees()


def test_joining_puts_answers_together_and_taking_apart_gives_them_back(following: Following) -> None:
    following.hears(says(of(ada), CONSENT_GIVEN, 1, purpose="phone"), says(of(bruno), CONSENT_WITHDRAWN, 2))
    following.hears(merged(ada.subject, bruno.subject))
    assert (shown(ada), shown(bruno)) == ({"phone": False, "": False}, {})
    following.agrees()
    following.hears(merged(ada.subject, bruno.subject, kind="people_unmerged", at=MONDAY + 9 * DAY))
    assert (shown(ada), shown(bruno)) == ({"phone": True}, {"": False})
    following.agrees()


def test_what_was_taken_back_was_never_said(following: Following) -> None:
    following.hears(says(of(ada), CONSENT_GIVEN, 1, "yes", purpose="phone"))
    following.hears(says(of(ada), CONSENT_WITHDRAWN, 2, "no", purpose="phone"))
    following.hears(_taken_back(ada, "no"))
    assert shown(ada) == {"phone": True}
    following.hears(_taken_back(ada, "yes"))
    assert shown(ada) == {}
    following.agrees()


def _taken_back(who: Someone, id: str) -> list[Event]:
    at = MONDAY + 9 * DAY
    props = {"source": "app", "id": id}
    fact = Event("app", f"{id}-back", WITHDRAWN, at, at, at, of(who), who.subject, Door.APP, Verdict.HUMAN, props=props)
    return [fact]


def test_a_visitor_takes_their_answer_to_the_person_they_turn_out_to_be(following: Following) -> None:
    following.hears(clara.journey(MONDAY).visits("/"))
    following.hears(says(f"person:{clara.visitor}", CONSENT_GIVEN, 1, purpose="profiling"))
    following.hears(clara.journey(MONDAY + DAY).submits("contact"))
    assert shown(clara) == {"profiling": True}
    assert PersonConsent.objects.count() == 1
    following.agrees()


def test_an_erasure_and_a_rebuild_leave_what_the_facts_say(following: Following) -> None:
    following.hears(says(of(ada), CONSENT_GIVEN, 1, purpose="phone"), says(of(bruno), CONSENT_GIVEN, 1, purpose="x"))
    rebuild.ask(following.log)
    while rebuild.running():
        following.follower.advance_rebuild()
    assert (shown(ada), shown(bruno)) == ({"phone": True}, {"x": True})
    erase(ada.subject, by="Luis", why="she asked", log=following.log)
    following.follower.catch_up()
    assert shown(ada) == {}
    following.agrees()


def test_the_check_finds_an_answer_that_is_not_in_the_facts(following: Following) -> None:
    following.hears(says(of(ada), CONSENT_GIVEN, 1, purpose="phone"))
    PersonConsent.objects.update(given=False)
    with pytest.raises(AssertionError, match="consents"):
        following.agrees()


@pytest.mark.parametrize("sealed", [False, True])
def test_an_install_that_was_there_before_the_table_gets_it_filled_once(
    following: Following, monkeypatch: pytest.MonkeyPatch, sealed: bool
) -> None:
    monkeypatch.setattr(filling, "PORTION", 1)
    following.hears(says(of(ada), CONSENT_GIVEN, 1, purpose="phone"), says(of(bruno), CONSENT_GIVEN, 2, purpose="x"))
    following.hears(merged(ada.subject, bruno.subject))
    if sealed:
        following.log.seal(at_least=1)
    PersonConsent.objects.all().delete()
    Filling.objects.create(name=consents.FILLING)
    following.follower = Follower(following.config, following.log)
    assert shown(ada) == {"phone": True, "x": True}
    assert not Filling.objects.exists()
    following.agrees()
