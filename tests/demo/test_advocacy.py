from dataclasses import replace

from embudo.core.event import DAY
from embudo.demo import advocacy
from embudo.demo.chance import dice
from embudo.demo.journey import REFERRAL, Setting, live
from embudo.demo.life import Life
from embudo.demo.persona import persona
from embudo.demo.world import world
from tests.demo.conftest import UNTIL, definition


def customers(count, fit):
    found = []
    for number in range(count):
        random = dice(19, number)
        source = world().sources.things[0]
        who = replace(persona(random, 19, 50, source), fit=fit)
        life = Life(number, random, who, source, UNTIL, UNTIL + 400 * DAY)
        life.mail = life.address
        advocacy.stays(life, UNTIL)
        found.append(life)
    return found


def scores(lives):
    return [fact.props["score"] for life in lives for fact in life.facts if fact.kind == "survey_answered"]


def test_customers_who_fit_are_gladder_and_bring_more_people():
    good, bad = customers(200, 0.95), customers(200, 0.2)
    assert sum(scores(good)) / len(scores(good)) > sum(scores(bad)) / len(scores(bad)) + 1.5
    assert sum(len(life.referrals) for life in good) > 3 * sum(len(life.referrals) for life in bad)


def test_whoever_recommends_says_so_before_somebody_comes_by_their_code():
    for life in customers(100, 0.95):
        made = [fact for fact in life.facts if fact.kind == "referral_made"]
        assert bool(made) == bool(life.referrals)
        assert all(at > made[0].at and code == made[0].props["code"] for at, code in life.referrals)


def test_somebody_who_was_sent_lands_with_the_code_of_their_friend():
    setting = Setting(1, UNTIL - 365 * DAY, UNTIL, 50, [], definition())
    life = live(5, UNTIL - 100 * DAY, setting, "AN00042")
    assert life.source is REFERRAL
    assert life.facts[0].context["utm"] == {"source": "referral", "medium": "referral", "campaign": "AN00042"}
