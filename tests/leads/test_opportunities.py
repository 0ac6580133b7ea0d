"""Opportunities as their facts tell them: in any order, folded, replayed, merged, erased, filled after an upgrade."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embudo.accounts.models import UserStays
from embudo.core.event import DAY, Door, Event, Verdict, subject_of
from embudo.leads import filling, opportunities, owners, rebuild
from embudo.leads.clock import now
from embudo.leads.erasure import erase
from embudo.leads.follow import Follower
from embudo.leads.history import REVISED, WITHDRAWN
from embudo.leads.models import Filling, Opportunity, Person
from tests.cast import MONDAY, Someone, ada, bruno, clara
from tests.leads.conftest import Following, forget_everything, rows
from tests.leads.test_follow import told
from tests.leads.test_identity import merged


def deal(who: Someone | str, verb: str, at: int, opportunity: Any = "D-1", **props: Any) -> list[Event]:
    identifier = who if isinstance(who, str) else f"person:{who.subject}"
    moment, kind = MONDAY + at * DAY, f"opportunity_{verb}"
    id_ = f"{kind}-{opportunity}-{at}-{sorted(props.items())}"
    said = {"opportunity": opportunity, **props}
    subject = subject_of(identifier)
    fact = Event("app", id_, kind, moment, moment, moment, identifier, subject, Door.APP, Verdict.HUMAN, props=said)
    return [fact]


def about(who: Someone, fact: Event, kind: str, **more: Any) -> list[Event]:
    at = MONDAY + 40 * DAY
    props = {"source": fact.source, "id": fact.id, **more}
    id_ = f"{kind}-{fact.id}"
    return [Event("app", id_, kind, at, at, at, f"person:{who.subject}", who.subject, Door.APP, props=props)]


def shown(who: Someone) -> dict[str, tuple[str, float | None]]:
    return {each.opportunity: (each.status, each.amount) for each in Opportunity.objects.filter(person=who.subject)}


@pytest.fixture
def people(following: Following) -> Following:
    following.hears(ada.submits("contact"), bruno.submits("contact"))
    return following


def test_an_opportunity_is_what_was_said_of_it_last(people: Following) -> None:
    people.hears(deal(ada, "opened", 1, name="Fleet", amount=900, currency="EUR"))
    people.hears(deal(ada, "moved", 3, stage="offer"), deal(ada, "opened", 2, "D-2", amount=5, currency="USD"))
    people.hears(deal(ada, "won", 5, amount=800, currency="EUR"))
    first = Opportunity.objects.get(opportunity="D-1")
    assert (first.name, first.amount, first.currency, first.status, first.stage) == (
        "Fleet",
        800,
        "EUR",
        "won",
        "offer",
    )
    days = [(each - MONDAY) // DAY for each in (first.opened_at, first.changed_at, first.closed_at or 0)]
    assert days == [1, 5, 5]
    assert shown(ada) == {"D-1": ("won", 800), "D-2": ("open", 5)}
    people.agrees()


def test_what_comes_late_says_nothing_over_what_was_said_after_it(people: Following) -> None:
    people.hears(deal(ada, "lost", 9, reason="price", amount=70))
    number = Opportunity.objects.get().pk
    people.hears(deal(ada, "moved", 4, stage="offer", amount=60), deal(ada, "opened", 2, name="Fleet", amount=50))
    found = Opportunity.objects.get()
    assert (found.pk, found.name, found.amount, found.stage) == (number, "Fleet", 70, "offer")
    assert (found.status, found.reason, found.opened_at) == ("lost", "price", MONDAY + 2 * DAY)
    people.hears(deal(ada, "opened", 11))
    found.refresh_from_db()
    assert (found.status, found.reason, found.closed_at) == ("open", "", None)
    people.agrees()


FACTS = [
    *deal(ada, "opened", 1, name="Fleet", amount=900, currency="EUR"), *deal(ada, "moved", 2, stage="offer"),
    *deal(ada, "moved", 3, stage="talks", amount=1000), *deal(ada, "won", 4), *deal(ada, "lost", 5, reason="price"),
    *deal(ada, "opened", 6, "D-2"), *deal(ada, "lost", 7, "D-2", reason="timing"), *deal(ada, "moved", 8, "D-2"),
]  # fmt: skip


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), size=st.integers(1, 9))
def test_neither_the_order_of_facts_nor_the_size_of_batches_matters(
    following: Following, tmp_path_factory: pytest.TempPathFactory, seed: int, size: int
) -> None:
    forget_everything()
    wanted = told(following, FACTS, 1000, tmp_path_factory)["opportunities"]
    assert {row[1:] for row in wanted} == set(opportunities.rows_of(FACTS))
    forget_everything()
    random = Random(seed)
    shuffled = [*FACTS, *random.sample(FACTS, 3)]
    random.shuffle(shuffled)
    assert told(following, shuffled, size, tmp_path_factory)["opportunities"] == wanted


def test_joining_puts_opportunities_together_and_taking_apart_gives_them_back(people: Following) -> None:
    people.hears(deal(ada, "opened", 1, amount=1), deal(bruno, "opened", 2, "D-2"), deal(bruno, "won", 3, amount=7))
    before = rows()["opportunities"]
    people.hears(merged(ada.subject, bruno.subject))
    assert (shown(ada), shown(bruno)) == ({"D-1": ("won", 7), "D-2": ("open", None)}, {})
    people.agrees()
    people.hears(merged(ada.subject, bruno.subject, kind="people_unmerged", at=MONDAY + 9 * DAY))
    assert rows()["opportunities"] == before and shown(ada) == {"D-1": ("open", 1)}
    people.agrees()


def test_an_opportunity_is_of_who_looks_after_the_person(people: Following, django_user_model: Any) -> None:
    luis, rosa = (django_user_model.objects.create(email=f"{each}@x.example") for each in ("luis", "rosa"))
    people.hears(deal(ada, "opened", 1), deal(bruno, "opened", 2, "D-2"))
    owners.give(Person.objects.get(pk=bruno.subject), luis, by=luis)
    assert owned() == {"D-1": None, "D-2": luis.pk}
    people.hears(merged(ada.subject, bruno.subject), deal(ada, "opened", 3, "D-3"))
    assert owned() == dict.fromkeys(("D-1", "D-2", "D-3"), luis.pk)
    people.agrees()
    owners.give(Person.objects.get(pk=ada.subject), rosa, by=luis)
    people.hears(merged(ada.subject, bruno.subject, kind="people_unmerged", at=MONDAY + 9 * DAY))
    assert owned() == {"D-1": rosa.pk, "D-2": luis.pk, "D-3": rosa.pk}
    people.agrees()
    Opportunity.objects.filter(opportunity="D-2").update(owner=rosa)
    with pytest.raises(AssertionError, match="owner of opportunities"):
        people.agrees()
    with pytest.raises(UserStays):
        rosa.delete()


def owned() -> dict[str, int | None]:
    return dict(Opportunity.objects.values_list("opportunity", "owner_id"))


def test_what_was_taken_back_or_done_by_a_machine_was_never_said(people: Following) -> None:
    opened, won = deal(ada, "opened", 1, amount=4), deal(ada, "won", 2)
    people.hears(opened, won, deal(bruno, "opened", 1))
    people.hears(about(ada, won[0], WITHDRAWN))
    assert shown(ada) == {"D-1": ("open", 4)}
    people.hears(about(ada, opened[0], REVISED, verdict="machine"))
    assert (shown(ada), shown(bruno)) == ({}, {"D-1": ("open", None)})
    assert opportunities.opportunities(people.log.history([ada.subject])) == []
    people.agrees()


def test_a_visitor_takes_what_they_want_to_buy_to_the_person_they_turn_out_to_be(following: Following) -> None:
    following.hears(clara.journey(MONDAY).visits("/"))
    following.hears(deal(f"person:{clara.visitor}", "opened", 1, amount=3))
    assert written_anew(lambda: following.hears(clara.journey(MONDAY + DAY).submits("contact"))) == {"D-1"}
    assert shown(clara) == {"D-1": ("open", 3)} and Opportunity.objects.count() == 1
    following.agrees()


def test_what_no_column_takes_is_cut_or_left_out(people: Following) -> None:
    people.hears(deal(ada, "opened", 1, "D" * 900, name=f"a\0 b{'x' * 900}", amount=-5, currency="no money"))
    people.hears(deal(ada, "moved", 2, 77, stage=["x"], amount=True))
    found = {each.opportunity: each for each in Opportunity.objects.all()}
    assert set(found) == {"77", f"{'D' * 159}…"} and found["77"].amount is None
    cut = found[f"{'D' * 159}…"]
    assert (cut.name[:6], len(cut.name), cut.amount, cut.currency) == ("a bxxx", 160, None, "")
    people.agrees()


def test_an_erasure_and_a_rebuild_leave_what_the_facts_say(people: Following) -> None:
    people.hears(deal(ada, "opened", 1, amount=4), deal(bruno, "opened", 2))
    before = rows()["opportunities"]
    rebuild.ask(people.log)
    while rebuild.running():
        people.follower.advance_rebuild()
    assert rows()["opportunities"] == before
    erase(ada.subject, by="Luis", why="she asked", log=people.log)
    people.follower.catch_up()
    assert (shown(ada), shown(bruno)) == ({}, {"D-1": ("open", None)})
    people.agrees()


def test_a_row_says_when_it_was_written_last_however_old_what_it_tells(
    people: Following, django_user_model: Any
) -> None:
    first, other = deal(ada, "opened", 5, amount=4), deal(ada, "opened", 6, "D-2")
    people.hears(first, other, deal(bruno, "opened", 1, "D-3"))
    assert written_anew(lambda: people.hears(deal(ada, "moved", 2, stage="offer"))) == {"D-1"}
    assert written_anew(lambda: people.hears(deal(clara, "opened", -900, "D-4"))) == {"D-4"}
    moved = deal(ada, "won", 7, "D-2")
    assert written_anew(lambda: people.hears(moved)) == {"D-2"}
    assert written_anew(lambda: people.hears(about(ada, moved[0], WITHDRAWN))) == {"D-2"}
    assert written_anew(lambda: people.hears(ada.visits("/pricing"), moved)) == set()
    luis, found = django_user_model.objects.create(email="luis@x.example"), Person.objects.get(pk=ada.subject)
    assert written_anew(lambda: owners.give(found, luis, by=luis)) == {"D-1", "D-2"}
    assert written_anew(lambda: owners.give(found, luis, by=luis)) == set()
    assert written_anew(lambda: people.hears(merged(ada.subject, bruno.subject))) == {"D-3"}
    people.agrees()
    Opportunity.objects.update(written_at=0)
    people.agrees()
    rebuild.ask(people.log)
    while rebuild.running():
        people.follower.advance_rebuild()
    assert set(written()) == {"D-1", "D-2", "D-3", "D-4"} and min(written().values()) > MONDAY


def written() -> dict[str, int]:
    return dict(Opportunity.objects.values_list("opportunity", "written_at"))


def written_anew(act: Callable[[], Any]) -> set[str]:
    """Those that were written while this was done, at an instant of it."""
    was, began = written(), now()
    act()
    found = {id_ for id_, at in written().items() if at != was.get(id_)}
    assert all(began <= written()[id_] <= now() for id_ in found)
    return found


@pytest.mark.parametrize("change", [{"status": "lost"}, {"amount": 5}, {"said": "{}"}, {"opportunity": "other"}])
def test_the_check_finds_what_is_not_in_the_facts(people: Following, change: dict[str, Any]) -> None:
    people.hears(deal(ada, "opened", 1, amount=4))
    Opportunity.objects.update(**change)
    with pytest.raises(AssertionError, match="opportunities"):
        people.agrees()


@pytest.mark.parametrize("sealed", [False, True])
def test_an_install_that_was_there_before_the_table_gets_it_filled_once(
    people: Following, monkeypatch: pytest.MonkeyPatch, sealed: bool
) -> None:
    monkeypatch.setattr(filling, "PORTION", 1)
    people.hears(deal(ada, "opened", 1), deal(bruno, "opened", 2, "D-2"), deal(bruno, "won", 3, "D-2", amount=7))
    people.hears(deal(clara, "opened", 4, "D-3"), merged(ada.subject, bruno.subject))
    if sealed:
        people.log.seal(at_least=1)
    before = rows()["opportunities"]
    Opportunity.objects.all().delete()
    for name in (opportunities.FILLING, "of a later version"):
        Filling.objects.create(name=name)
    assert not opportunities.filled()
    people.follower = Follower(people.config, people.log)
    assert opportunities.filled()
    assert rows()["opportunities"] == before and len(before) == 3
    assert list(Filling.objects.values_list("name", flat=True)) == ["of a later version"]
    people.agrees()
