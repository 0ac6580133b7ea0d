from dataclasses import replace

from embudo.core.event import DAY, Verdict
from embudo.demo import mailings
from embudo.demo.chance import dice
from embudo.demo.clock import months
from embudo.demo.life import Life
from embudo.demo.persona import persona
from embudo.demo.world import world
from tests.demo.conftest import UNTIL

START = UNTIL - 365 * DAY


def reader(number=1, warmth=0.9, scans=False):
    random = dice(17, number)
    source = world().sources.things[0]
    who = persona(random, 17, 50, source)
    who = replace(who, free_mail=False, employer=replace(who.employer, scans_mail=scans))
    life = Life(number, random, who, source, START, UNTIL)
    life.mail, life.warmth = life.address, warmth
    return life


def newsletters(life):
    mailings.newsletters(life, START, UNTIL, list(months(START, UNTIL)))
    return life.facts


def humans(facts, kind):
    return [fact for fact in facts if fact.kind == kind and fact.verdict is Verdict.HUMAN]


def test_a_mail_is_sent_before_it_is_delivered_opened_and_clicked():
    for number in range(30):
        found = newsletters(reader(number))
        for clicked in humans(found, "mail_clicked"):
            of_mail = [fact for fact in found if fact.props.get("mail") == clicked.props["mail"]]
            instants = [
                next(fact.at for fact in of_mail if fact.kind == kind) for kind in ("mail_sent", "mail_delivered")
            ]
            opened = humans(of_mail, "mail_opened")[0].at
            assert [*instants, opened, clicked.at] == sorted([*instants, opened, clicked.at])


def test_who_unsubscribes_bounces_or_complains_gets_no_further_mail():
    ended = 0
    for number in range(200):
        found = newsletters(reader(number))
        sent = max((fact.at for fact in found if fact.kind == "mail_sent"), default=0)
        last = [f for f in found if f.kind in ("mail_bounced", "mail_unsubscribed", "mail_complained")]
        ended += bool(last)
        assert len(last) <= 1
        assert all(fact.at > sent for fact in last)
    assert ended > 5


def test_a_scanner_opens_and_clicks_every_link_whether_anybody_reads_or_not():
    found = newsletters(reader(scans=True, warmth=0.0))
    machine = [fact for fact in found if fact.verdict is Verdict.MACHINE]
    delivered = [fact for fact in found if fact.kind == "mail_delivered"]
    assert len([fact for fact in machine if fact.kind == "mail_clicked"]) == 3 * len(delivered)
    assert all(fact.reasons[0].startswith("mail_scanner:") for fact in machine)


def test_the_warm_open_more():
    warm = sum(len(humans(newsletters(reader(number, 0.9)), "mail_opened")) for number in range(60))
    cold = sum(len(humans(newsletters(reader(number, 0.0)), "mail_opened")) for number in range(60))
    assert warm > 1.5 * cold
