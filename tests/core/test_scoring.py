"""Fit, engagement and their explanation, on histories one can add up by hand."""

from dataclasses import replace
from math import fsum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embudo.core import scoring
from embudo.core.condition import parse as when
from embudo.core.curve import rounded
from embudo.core.definition import Criterion, Definition, Group, Promotion, Rule
from embudo.core.event import DAY, Door, Verdict
from embudo.core.scoring import Fit, apportion, curve, explain, field, fit, matching
from embudo.core.window import Limit, Period
from tests.cast import MONDAY, ada
from tests.parity.strategies import definitions, histories, parity

H = 30 * DAY
VIEWS = Rule("Views", "Web", when({"kind": "page_viewed"}), 1000, Limit(2, Period.DAY))
PRICING = Rule("Prices", "Web", when({"kind": "page_viewed", "path": {"begins_with": "/pricing"}}), 5000)
JOINS = Rule("Joins", "Mail", when({"kind": "newsletter_subscribed"}), 7500, Limit(1, Period.EVER), fading=False)
DEFINITION = Definition(
    1, "by hand", "UTC", H,
    criteria=(
        Criterion("Known industry", when({"industry": ["logistics"]}), 30_000),
        Criterion("Big", when({"company_size": {"at_least": 50}}), 10_000),
        Criterion("Tiny", when({"company_size": {"at_most": 9}}), -20_000),
    ),
    disqualifiers=(Criterion("Competes", when({"relation": "competitor"})),),
    groups=(Group("Web", 10_000), Group("Mail")), rules=(VIEWS, PRICING, JOINS), promotion=Promotion(),
)  # fmt: skip


def test_fit_is_the_share_of_points_met_of_those_there_are():
    found = fit({"industry": "logistics", "company_size": 20}, DEFINITION)
    assert (found.score, found.known_share, found.grade) == (75.0, 1.0, "B")
    assert [each.name for each in found.met] == ["Known industry"]


def test_fit_stays_within_0_and_100():
    assert fit({"company_size": 3}, DEFINITION).score == 0.0
    assert fit({"industry": "logistics", "company_size": 80}, DEFINITION).score == 100.0


def test_nothing_known_is_no_fit_with_no_share_known():
    found = fit({}, DEFINITION)
    assert (found.score, found.known_share, found.grade) == (0.0, 0.0, "D")


def test_a_profile_without_positive_points_has_no_fit():
    found = fit({"company_size": 3}, replace(DEFINITION, criteria=DEFINITION.criteria[2:]))
    assert (found.score, found.grade, found.known_share) == (None, "", 0.0)
    assert not found.matches(0)


def test_a_disqualifier_shows_the_fit_and_blocks():
    found = fit({"industry": "logistics", "company_size": 80, "relation": "competitor"}, DEFINITION)
    assert (found.score, found.disqualified_by) == (100.0, "Competes")
    assert not found.matches(60_000)


@pytest.mark.parametrize(("score", "grade"), [(80, "A"), (79.9, "B"), (60, "B"), (40, "C"), (39.999, "D"), (0, "D")])
def test_grades_have_lines(score, grade):
    assert Fit(score, 1.0).grade == grade
    assert Fit(score, 1.0).matches(round(score * 1000))
    assert not Fit(score, 1.0).matches(round(score * 1000) + 1)


def test_a_rule_looks_at_columns_context_and_properties():
    event = ada.journey().coming_from("news").visits("/pricing")[0]
    assert [field(event, name) for name in ("kind", "site", "door")] == ["page_viewed", "site-norte", "public"]
    assert field(event, "context.utm.source") == "news"
    assert field(event, "context.utm.source.more") is None
    assert field(event, "context.none.at.all") is None
    assert field(event, "path") == "/pricing"
    assert field(event, "absent") is None


@pytest.mark.parametrize("verdict", [Verdict.MACHINE, Verdict.UNVERIFIED])
def test_only_what_humans_do_counts(verdict):
    event = ada.visits("/pricing")[0]
    assert matching(event, DEFINITION) == [VIEWS, PRICING]
    assert matching(replace(event, verdict=verdict), DEFINITION) == []


def test_points_fade_by_half_every_half_life_and_lasting_ones_do_not():
    history = ada.visits("/").subscribes()
    at = MONDAY + H
    assert explain(history, DEFINITION, at).score == rounded(0.5 + 7.5)
    assert explain(history, DEFINITION, MONDAY - 1).score == 0.0


def test_a_contribution_older_than_64_half_lives_is_zero():
    history = ada.visits("/")
    assert explain(history, DEFINITION, MONDAY + 64 * H).contributions[0].points > 0
    assert explain(history, DEFINITION, MONDAY + 64 * H + 1).contributions[0].points == 0.0


def test_a_limit_cuts_what_comes_later_and_a_cap_what_lies_above():
    history = ada.visits("/pricing").visits("/pricing").visits("/pricing")
    found = explain(history, DEFINITION, history[-1].at)
    assert [each.cut_by_limit for each in found.contributions if each.rule is VIEWS] == [True, False, False]
    web, mail = found.groups
    assert web.points == pytest.approx(17, rel=1e-3)
    assert web.points + web.cut_by_cap == 10.0
    assert (mail.points, mail.cut_by_cap) == (0.0, 0.0)
    assert found.score == 10.0
    assert [each.event.order for each in found.contributions] == sorted(
        (each.event.order for each in found.contributions), reverse=True
    )


def test_a_late_fact_takes_the_place_of_a_later_one():
    first, second, third = ada.visits("/").visits("/").visits("/")
    late = explain([third, second, first], DEFINITION, third.at)
    assert [each.event for each in late.contributions if each.cut_by_limit] == [third]


@parity
@given(definitions(), histories(), st.integers(0, 90 * DAY))
def test_contributions_add_up_to_the_score_exactly_and_the_curve_begins_there(definition, history, wait):
    at = max((each.at for each in history), default=0) + wait
    found = explain(history, definition, at)
    for group in found.groups:
        assert fsum(each.points for each in found.contributions if each.rule.group == group.name) == group.points
    assert rounded(fsum(each.points + each.cut_by_cap for each in found.groups)) == found.score
    assert curve(history, definition, at).at(at) == pytest.approx(found.score, abs=1.1e-6)


@parity
@given(definitions(), histories(), st.randoms(use_true_random=False))
def test_the_order_of_a_history_does_not_matter(definition, history, chance):
    shuffled = list(history)
    chance.shuffle(shuffled)
    at = max((each.at for each in history), default=0)
    assert explain(shuffled, definition, at).score == explain(history, definition, at).score


@given(st.lists(st.floats(-1000, 1000), max_size=8), st.integers(0, 2))
def test_shown_parts_add_up_to_the_shown_sum(values, decimals):
    shown = apportion(values, decimals)
    assert fsum(shown) == pytest.approx(round(fsum(values) * 10**decimals) / 10**decimals, abs=1e-6)
    assert all(abs(one - other) <= 1.01 * 10**-decimals for one, other in zip(shown, values, strict=True))


def test_doors_are_named_as_the_wire_names_them():
    assert field(ada.journey().through(Door.SECRET).visits("/")[0], "door") == "secret"
    assert scoring.GRADES[0] == (80, "A")
