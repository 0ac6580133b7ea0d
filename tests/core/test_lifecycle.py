"""Stages follow from facts, scores and time, and each move says why."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from embudo.core import lifecycle, scoring
from embudo.core.event import DAY, HOUR, MINUTE, Door
from embudo.core.lifecycle import Why
from embudo.definition.document import parse
from tests.cast import MONDAY, Journey, ada, diego

AGREED = parse(yaml.safe_load((Path(__file__).parents[2] / "embudo/definition/shipped/v0.yaml").read_text()))
FITTING = {"industry": "logistics", "company_size": 180, "role": "director", "country": "MX"}
NEVER = 10_000 * DAY


def moves(journey: Journey, days: float = 0) -> list[tuple[str, Why]]:
    """The stages somebody reached, and why, up to `days` after their last fact."""
    _, found = lifecycle.walk(journey, AGREED, journey[-1].at + round(days * DAY))
    return [(each.to_stage, each.why) for each in found]


def stage(journey: Journey, days: float = 0) -> str:
    standing, _ = lifecycle.walk(journey, AGREED, journey[-1].at + round(days * DAY))
    return standing.stage


def fitting() -> Journey:
    return ada.visits("/").says(**FITTING)


def test_a_browser_is_a_visitor_and_a_form_makes_a_lead() -> None:
    assert moves(ada.visits("/").visits("/pricing")) == []
    assert moves(ada.visits("/").submits("guide")) == [("lead", Why.IDENTIFIED)]


def test_what_a_person_in_the_app_writes_of_a_visitor_makes_a_lead_only_when_it_names_them() -> None:
    visit = ada.visits("/")
    noted = replace(visit, door=Door.APP)
    of_visitor = noted._with("profile_changed", {"traits": {"city": "Lima"}}, identifier=f"person:{ada.visitor}")
    named = of_visitor._with("profile_changed", {"traits": {"name": "Ada"}}, identifier=f"person:{ada.visitor}")
    assert moves(of_visitor) == []
    assert moves(named) == [("lead", Why.IDENTIFIED)]


def test_fit_alone_or_engagement_alone_qualifies_nobody() -> None:
    assert stage(fitting()) == "lead"
    assert stage(diego.visits("/").requests("demo").requests("quote")) == "lead"


def test_fit_and_engagement_qualify_and_fading_takes_it_back() -> None:
    journey = fitting().requests("demo")
    assert moves(journey) == [("lead", Why.IDENTIFIED), ("qualified", Why.THRESHOLDS)]
    assert moves(journey, days=60)[-1] == ("lead", Why.FADED)
    _, found = lifecycle.walk(journey, AGREED, journey[-1].at + 60 * DAY)
    fell = found[-1]
    assert fell.cause is None
    assert scoring.explain(journey, AGREED, fell.at).score < 30 <= scoring.explain(journey, AGREED, fell.at - 1).score


def test_losing_the_profile_takes_qualified_back() -> None:
    journey = fitting().requests("demo").says(relation="competitor")
    assert moves(journey)[-1] == ("lead", Why.PROFILE)


def test_what_machines_do_moves_nobody() -> None:
    assert moves(fitting().by_machine().requests("demo")) == [("lead", Why.IDENTIFIED)]


def test_a_handoff_is_ready_with_profile_and_sales_action_within_its_window() -> None:
    journey = fitting().requests("demo")

    def is_ready(after: int) -> bool:
        at = journey[-1].at + after
        standing, _ = lifecycle.walk(journey, AGREED, at)
        fit = scoring.fit(FITTING, AGREED)
        return lifecycle.ready(standing, fit, AGREED, at)

    assert is_ready(0)
    assert is_ready(30 * DAY - 1)
    assert not is_ready(30 * DAY)


def test_without_the_profile_no_handoff_is_ready() -> None:
    journey = diego.visits("/").requests("demo")
    standing, _ = lifecycle.walk(journey, AGREED, journey[-1].at)
    assert standing.action is not None
    assert not lifecycle.ready(standing, scoring.fit(diego.traits, AGREED), AGREED, journey[-1].at)


def test_sales_accepts_and_the_deal_goes_its_way_to_ambassador() -> None:
    journey = (
        fitting().requests("demo").is_told("handoff_accepted").is_told("opportunity_opened", opportunity="a")
        .is_told("opportunity_won", opportunity="a", amount=9000).answers(10)
    )  # fmt: skip
    assert moves(journey)[2:] == [
        ("prospect", Why.ACCEPTED),
        ("opportunity", Why.OPPORTUNITY_OPENED),
        ("customer", Why.WON),
        ("ambassador", Why.RECOMMENDS),
    ]


def test_who_recommended_us_before_buying_becomes_an_ambassador_on_buying() -> None:
    assert moves(fitting().refers(diego).buys(100))[-2:] == [("customer", Why.WON), ("ambassador", Why.RECOMMENDS)]


def test_a_low_survey_answer_makes_no_ambassador() -> None:
    assert stage(fitting().buys(100).answers(6)) == "customer"


def test_a_rejected_handoff_goes_back_to_nurture_and_stays_until_the_scores_have_agreed_once() -> None:
    journey = fitting().requests("demo").is_told("handoff_rejected", reason="too_early")
    assert moves(journey)[-1] == ("lead", Why.REJECTED)
    assert stage(journey, days=1) == "lead"
    back = journey.later(days=90).requests("quote")
    assert moves(back)[-1] == ("qualified", Why.THRESHOLDS)


def test_a_rejection_answers_the_sales_action_and_a_new_one_asks_again() -> None:
    journey = fitting().requests("demo").is_told("handoff_rejected", reason="too_early")
    standing, _ = lifecycle.walk(journey, AGREED, journey[-1].at)
    assert standing.action is None
    again = journey.later(days=8).requests("quote")
    standing, _ = lifecycle.walk(again, AGREED, again[-1].at)
    assert lifecycle.ready(standing, scoring.fit(FITTING, AGREED), AGREED, again[-1].at)


def test_the_discarded_come_back_by_a_sales_action_only() -> None:
    journey = fitting().is_told("handoff_rejected", reason="spam", outcome="discarded")
    assert stage(journey) == "discarded"
    assert stage(journey.visits("/pricing")) == "discarded"
    assert moves(journey.requests("demo"))[-2:] == [("lead", Why.SALES_ACTION), ("qualified", Why.THRESHOLDS)]


def test_the_last_open_deal_lost_makes_a_lead_again() -> None:
    journey = fitting().is_told("opportunity_opened", opportunity="a").is_told("opportunity_opened", opportunity="b")
    one_left = journey.is_told("opportunity_lost", opportunity="a")
    assert stage(one_left) == "opportunity"
    assert moves(one_left.is_told("opportunity_lost", opportunity="b"))[-1] == ("lead", Why.LOST)


def test_a_customers_further_deals_change_no_stage() -> None:
    customer = fitting().buys(100)
    further = customer.is_told("opportunity_opened", opportunity="b").is_told("opportunity_lost", opportunity="b")
    assert stage(further) == "customer"


def test_a_stage_set_by_hand_holds_until_the_scores_agree_once() -> None:
    raised = ada.visits("/").submits("guide").is_told("stage_set", stage="qualified", reason="met at the fair")
    assert moves(raised)[-1] == ("qualified", Why.SET_BY_HAND)
    assert stage(raised, days=300) == "qualified"
    lowered = fitting().requests("demo").is_told("stage_set", stage="lead", reason="by mistake")
    assert stage(lowered) == "lead"
    assert stage(lowered.visits("/pricing")) == "lead"


def test_an_unknown_stage_changes_nothing() -> None:
    assert stage(ada.visits("/").is_told("stage_set", stage="hero")) == "lead"


def test_next_change_is_the_instant_at_which_something_changes_and_no_other() -> None:
    journey = fitting().requests("demo")
    at = journey[-1].at
    standing, _ = lifecycle.walk(journey, AGREED, at)
    scores = lifecycle.Scores(scoring.fit(FITTING, AGREED), scoring.curve(journey, AGREED, at))
    turn = lifecycle.next_change(standing, scores, AGREED)
    assert turn is not None
    before, none = lifecycle.passes(standing, scores, AGREED, turn - 1)
    assert none == () and lifecycle.ready(before, scores.fit, AGREED, turn - 1)
    after, moved = lifecycle.passes(standing, scores, AGREED, turn)
    assert moved or not lifecycle.ready(after, scores.fit, AGREED, turn)


def test_nothing_changes_by_itself_for_somebody_who_does_not_fit() -> None:
    journey = diego.visits("/").requests("demo")
    standing, _ = lifecycle.walk(journey, AGREED, journey[-1].at)
    scores = lifecycle.Scores(scoring.fit(diego.traits, AGREED), scoring.curve(journey, AGREED, journey[-1].at))
    assert lifecycle.next_change(standing, scores, AGREED) is None


VERBS = st.lists(
    st.tuples(st.sampled_from(["visits", "requests", "rejected", "accepted", "opened", "lost", "won", "set"]),
              st.integers(0, 45 * DAY // HOUR)),
    max_size=14,
)  # fmt: skip


def lived(verbs: list[tuple[str, int]]) -> Journey:
    """A fitting person's journey out of drawn verbs and pauses in hours."""
    journey = fitting()
    for verb, hours in verbs:
        journey = journey.later(hours=hours)
        match verb:
            case "visits":
                journey = journey.visits("/pricing")
            case "requests":
                journey = journey.requests("demo")
            case "set":
                journey = journey.is_told("stage_set", stage="qualified" if hours % 2 else "lead")
            case "accepted" | "rejected":
                journey = journey.is_told(f"handoff_{verb}")
            case _:
                journey = journey.is_told(f"opportunity_{verb}", opportunity="a")
    return journey


@given(VERBS, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(verbs: list[tuple[str, int]], random: object) -> None:
    events = list(lived(verbs))
    shuffled = events[:]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert lifecycle.walk(shuffled, AGREED, NEVER) == lifecycle.walk(events, AGREED, NEVER)


@given(VERBS, st.integers(0, 200))
def test_moves_are_a_chain_in_time_and_stopping_on_the_way_adds_none(verbs: list[tuple[str, int]], days: int) -> None:
    journey = lived(verbs)
    until = MONDAY + days * DAY
    standing, found = lifecycle.walk(journey, AGREED, until)
    assert [each.from_stage for each in found] == ["visitor", *(each.to_stage for each in found[:-1])][: len(found)]
    assert [each.at for each in found] == sorted(each.at for each in found)
    assert standing.stage == (found[-1].to_stage if found else "visitor")
    _, whole = lifecycle.walk(journey, AGREED, until + 400 * DAY)
    assert whole[: len(found)] == found


@given(VERBS, st.lists(st.integers(1, 60 * DAY // MINUTE), max_size=6))
def test_time_may_pass_in_any_number_of_steps(verbs: list[tuple[str, int]], steps: list[int]) -> None:
    journey = lived(verbs)
    at = journey[-1].at
    standing, _ = lifecycle.walk(journey, AGREED, at)
    fit = scoring.fit({**FITTING}, AGREED)
    scores = lifecycle.Scores(fit, scoring.curve(journey, AGREED, at))
    end = at + sum(steps) * MINUTE
    once = lifecycle.passes(standing, scores, AGREED, end)
    moved: tuple[lifecycle.Move, ...] = ()
    for step in steps:
        standing, more = lifecycle.passes(standing, scores, AGREED, standing.at + step * MINUTE)
        moved += more
    assert (standing, moved) == once


@pytest.mark.parametrize("kind", ["handoff_accepted", "opportunity_opened", "opportunity_won"])
def test_sales_facts_bring_the_discarded_back(kind: str) -> None:
    journey = fitting().is_told("stage_set", stage="discarded").is_told(kind, opportunity="a")
    assert stage(journey) in ("prospect", "opportunity", "customer")
