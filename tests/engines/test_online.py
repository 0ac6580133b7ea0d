"""What the online engine keeps, when it asks for the history, and how its state is stored."""

from dataclasses import replace

import pytest

from embudo.core.event import DAY, Verdict
from embudo.core.lifecycle import LEAD, QUALIFIED, VISITOR, Why
from embudo.definition.document import parse
from embudo.engines import online as engine
from embudo.engines.online import HistoryNeeded, Online, mark
from tests.cast import MONDAY, ada

DEFINITION = parse(
    {
        "profile": {"criteria": [{"name": "Knows us", "when": {"industry": "logistics"}, "points": 10}]},
        "engagement": {
            "groups": [
                {
                    "name": "Web",
                    "rules": [
                        {"name": "Views", "when": {"kind": "page_viewed"}, "points": 1, "limit": "2 per day"},
                        {"name": "Asks", "when": {"kind": "demo_requested"}, "points": 50},
                        {"name": "Joins", "when": {"kind": "newsletter_subscribed"}, "points": 5, "fading": False},
                    ],
                }
            ]
        },
        "promotion": {"actions": [{"name": "Asks", "when": {"kind": "demo_requested"}}]},
    }
)
online = Online(DEFINITION)


def folded(history):
    state = online.fresh()
    for event in history:
        online.fold(state, event)
    return state


def test_a_fact_that_comes_late_takes_the_place_of_a_later_one():
    first, second, third = ada.visits("/").visits("/").visits("/")
    late = folded([second, third, first])
    assert late.kept == folded([first, second, third]).kept
    assert online.curve(late).at(third.at) == online.curve(folded([first, second])).at(third.at)


def test_lasting_points_stay():
    state = folded(ada.subscribes())
    assert online.curve(state).at(MONDAY + 3650 * DAY) == 5.0


def test_a_demo_of_somebody_who_fits_qualifies_and_fading_ends_it():
    state = online.fresh()
    moves = [move for event in ada.requests("demo") for move in online.fold(state, event)]
    assert [(move.from_stage, move.to_stage) for move in moves] == [(VISITOR, LEAD), (LEAD, QUALIFIED)]
    due = online.next_change(state)
    assert due is not None
    assert online.passes(state, due - 1) == ()
    (fall,) = online.passes(state, due)
    assert (fall.to_stage, fall.why, fall.at) == (LEAD, Why.FADED, due)
    assert online.passes(state, due) == ()


def test_a_late_fact_of_a_known_person_asks_for_the_history():
    visit, demo = ada.visits("/").requests("demo")
    state = folded([demo])
    with pytest.raises(HistoryNeeded):
        online.fold(state, visit)
    again, moves = online.replay([demo, visit])
    assert online.standing(again).stage == QUALIFIED
    assert len(moves) == 2


def test_a_late_fact_of_a_mere_visitor_is_folded():
    first, second = ada.visits("/").visits("/")
    state = folded([second])
    online.fold(state, first)
    assert online.curve(state).at(second.at) == online.curve(folded([first, second])).at(second.at)


def test_machines_leave_the_score_alone_but_time_passes():
    state = folded(replace(each, verdict=Verdict.MACHINE) for each in ada.visits("/").visits("/"))
    assert online.curve(state).at(state.followed_at) == 0.0
    assert state.kept == {}


def test_only_so_many_periods_are_kept_and_older_facts_ask_for_the_history():
    journey = ada.journey()
    for _ in range(engine.PERIODS_KEPT + 1):
        journey = journey.visits("/").later(days=1)
    state = folded(journey)
    assert len(state.kept[0]) == engine.PERIODS_KEPT
    with pytest.raises(HistoryNeeded):
        online.fold(state, ada.journey(at=MONDAY - DAY).visits("/")[0])


def test_a_state_comes_back_as_it_was_stored_and_only_for_its_definition():
    state = folded(ada.visits("/").subscribes().requests("demo"))
    assert online.decode(online.encode(state)) == state
    assert Online(replace(DEFINITION, half_life=DAY)).decode(online.encode(state)) is None
    assert online.decode(b"") is None
    assert online.decode(b"\xc1 broken") is None
    assert online.decode(online.encode(state)[:-3]) is None


def test_the_mark_changes_with_anything_a_definition_says():
    assert mark(DEFINITION) == mark(replace(DEFINITION))
    assert mark(DEFINITION) != mark(replace(DEFINITION, zone="Europe/Madrid"))


def test_replay_up_to_an_instant_knows_nothing_later():
    history = ada.visits("/").requests("demo")
    state, moves = online.replay(history, until=history[0].at)
    assert moves == ()
    assert online.standing(state).stage == VISITOR
    assert online.profile(state) == {}


def test_more_kinds_than_are_kept_compiled_are_compiled_anew(monkeypatch):
    monkeypatch.setattr(engine, "KINDS_KEPT", 2)
    few = Online(DEFINITION)
    state = few.fresh()
    journey = ada.does("a").does("b").does("c").visits("/")
    for event in journey:
        few.fold(state, event)
    assert few.curve(state).at(journey[-1].at) == 1.0
