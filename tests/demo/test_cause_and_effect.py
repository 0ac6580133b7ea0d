"""What the generator promises: latent fit and intent decide, and the funnel has the shape of a funnel."""

from collections import Counter
from dataclasses import replace
from statistics import fmean, median

import pytest

from embudo.core.event import DAY, HOUR, Verdict
from embudo.core.funnel import STAGES
from embudo.core.lifecycle import walk
from embudo.core.scoring import explain
from embudo.demo import sale
from embudo.demo.chance import dice
from embudo.demo.life import Life
from embudo.demo.persona import persona
from embudo.demo.world import world
from tests.demo.conftest import UNTIL, definition, lives

FAR = UNTIL + 3000 * 24 * HOUR


def sold(people, *, seed=3, **latent):
    """The lives of people whose hand-off was accepted, all worked on by sales, with some latent traits set."""
    found = []
    for number in range(people):
        random = dice(seed, number)
        who = replace(persona(random, seed, 400, world().sources.turn(random.random)), **latent)
        life = Life(number, random, who, world().sources.things[0], UNTIL, FAR)
        life.mail = life.address
        life.rep = world().reps(who.language)[0]
        sale.pursued(life, UNTIL)
        found.append(life)
    return found


def share(lives_, kind):
    return sum(any(fact.kind == kind for fact in life.facts) for life in lives_) / len(lives_)


@pytest.mark.parametrize("latent", ["fit", "intent"])
def test_more_of_a_latent_trait_wins_more(latent):
    low, middle, high = (share(sold(700, **{latent: value}), "opportunity_won") for value in (0.1, 0.5, 0.95))
    assert low < middle < high
    assert high > 3 * low


def test_winners_fit_and_want_more_than_other_leads():
    leads = [life for life in lives() if life.mail]
    winners = [life for life in leads if any(fact.kind == "opportunity_won" for fact in life.facts)]
    assert len(winners) >= 5
    assert fmean(life.persona.fit for life in winners) > fmean(life.persona.fit for life in leads) + 0.1
    assert fmean(life.persona.intent for life in winners) > fmean(life.persona.intent for life in leads) + 0.1


def test_a_visitor_with_intent_becomes_a_lead_far_more_often():
    everybody = lives()
    warm = [life for life in everybody if life.persona.intent > 0.5]
    cold = [life for life in everybody if life.persona.intent < 0.1]
    known_share = [sum(bool(life.mail) for life in group) / len(group) for group in (warm, cold)]
    assert known_share[0] > 8 * known_share[1]


def test_those_who_want_to_buy_read_the_prices():
    def prices(group):
        views = [f.props["path"] for life in group for f in life.facts if f.kind == "page_viewed"]
        return sum(path.startswith("/pricing") for path in views) / len(views)

    warm = [life for life in lives() if life.persona.intent > 0.5]
    cold = [life for life in lives() if life.persona.intent < 0.1]
    assert prices(warm) > 2 * prices(cold)


def test_the_score_of_the_shipped_definition_finds_the_buyers():
    leads = [life for life in lives() if life.mail]
    bought = [any(fact.kind == "opportunity_opened" for fact in life.facts) for life in leads]
    scores = [explain(life.facts, definition(), life.now).score for life in leads]
    buyers = [score for score, yes in zip(scores, bought, strict=True) if yes]
    others = [score for score, yes in zip(scores, bought, strict=True) if not yes]
    assert median(buyers) > 2 * median(others)


def test_the_funnel_narrows_like_a_funnel():
    reached = Counter({"visitor": len(lives())})
    for life in lives():
        if life.mail:
            _standing, moves = walk(life.facts, definition(), UNTIL)
            furthest = max(STAGES.index(move.to_stage) for move in moves if move.to_stage in STAGES)
            reached.update(STAGES[1 : furthest + 1])
    counts = [reached[stage] for stage in STAGES]
    assert counts == sorted(counts, reverse=True)
    shares = {stage: now / before for stage, before, now in zip(STAGES[1:], counts, counts[1:], strict=False)}
    assert 0.02 < shares["lead"] < 0.045
    assert 0.12 < shares["qualified"] < 0.38
    assert 0.4 < shares["prospect"] < 0.8
    assert 0.2 < shares["opportunity"] < 0.65
    assert counts[5] >= 3


def test_fast_reps_answer_sooner_than_slow_ones():
    waits: dict[str, list[float]] = {}
    for number in range(400):
        random = dice(9, number)
        life = Life(
            number, random, persona(random, 9, 400, world().sources.things[0]), world().sources.things[0], UNTIL, FAR
        )
        life.mail = life.address
        sale.answered(life, UNTIL)
        assert life.rep
        if not life.facts:
            continue  # forgotten
        waits.setdefault(life.rep.username, []).append(life.facts[0].at - UNTIL)
    assert median(waits["rafael"]) > 4 * median(waits["camila"])


def test_refused_hand_offs_have_reasons_that_fit_the_person():
    refused = [(life, fact) for life in lives() for fact in life.facts if fact.kind == "handoff_rejected"]
    assert len({fact.props["reason"] for _life, fact in refused}) >= 4
    assert all(
        life.persona.fit < 0.35 or life.persona.employer.size < 12
        for life, fact in refused
        if fact.props["reason"] == "no_fit"
    )


def test_lost_and_won_opportunities_say_why_and_how_much():
    ended = [fact for life in sold(300) for fact in life.facts if fact.kind in ("opportunity_won", "opportunity_lost")]
    assert {fact.kind for fact in ended} == {"opportunity_won", "opportunity_lost"}
    assert all(fact.props["reason"] and fact.props["amount"] > 0 for fact in ended)


def test_a_lead_takes_days_to_qualify_and_few_do_at_once():
    waits = []
    for life in lives():
        facts = sorted(
            (fact for fact in life.facts if fact.verdict is not Verdict.MACHINE), key=lambda fact: fact.order
        )
        first = {}
        for move in walk(facts, definition(), UNTIL)[1] if facts else ():
            first.setdefault(move.to_stage, move.at)
        if "lead" in first and "qualified" in first:
            waits.append((first["qualified"] - first["lead"]) / DAY)
    assert len(waits) > 30
    assert 4 < median(waits) < 30
    assert sum(wait < 1 / 24 for wait in waits) < 0.25 * len(waits)
