"""People who look like two, and two who look like one, as the identity rules of core see them."""

import pytest

from embudo.core.event import DAY, subject_of
from embudo.core.identity import Dispute, Identity, Link, Merge, claim_of, decide
from embudo.demo import twins
from embudo.demo.chance import dice
from embudo.demo.journey import downloads
from embudo.demo.life import Life
from embudo.demo.persona import persona
from embudo.demo.world import world
from tests.demo.conftest import UNTIL


def told(twin, number=1):
    """A lead with one of the oddities, and the decisions identity makes of their facts in log order."""
    random = dice(11, number)
    source = world().sources.things[0]
    life = Life(number, random, persona(random, 11, 50, source), source, UNTIL - 90 * DAY, UNTIL)
    known_at = downloads(life, life.began_at + DAY)
    twin(life, known_at)
    identity, decisions = Identity(), []
    for fact in sorted(life.facts, key=lambda each: (each.received_at, each.id)):
        identity.see(fact)
        claim = claim_of(fact)
        for decision in decide(claim, identity.owner_of, identity.apart) if claim else ():
            decisions.append(decision)
            match decision:
                case Link(identifier, person, _, strength):
                    identity.link(identifier, person, strength)
                case Merge(survivor, absorbed):
                    identity.merge(survivor, absorbed)
    return life, identity, decisions


def browsers(life):
    return list(dict.fromkeys(f"anon:{fact.anonymous_id}" for fact in life.facts if fact.anonymous_id))


def test_a_second_browser_becomes_the_same_person_s_once_it_sends_a_form():
    found = [told(twins.second_browser, number)[:2] for number in range(20)]
    linked = [len({identity.person_of(each) for each in browsers(life)}) == 1 for life, identity in found]
    assert 10 < sum(linked) < 20  # some never say who they are there


def test_a_second_address_is_another_person_until_somebody_merges_them():
    found = [told(twins.second_address, number)[:2] for number in range(20)]
    mails = [sorted({f.identifier for f in life.facts if f.identifier.startswith("mail:")}) for life, _ in found]
    assert all(len(each) == 2 for each in mails)
    merged = [
        len({identity.person_of(each) for each in both}) == 1 for (_, identity), both in zip(found, mails, strict=True)
    ]
    assert 5 < sum(merged) < 18


def test_a_caller_and_a_lead_become_one_when_a_rep_notes_the_number():
    life, identity, decisions = told(twins.by_phone)
    (phone,) = {fact.identifier for fact in life.facts if fact.identifier.startswith("phone:")}
    assert any(isinstance(each, Merge) for each in decisions)
    assert identity.person_of(phone) == identity.person_of(f"mail:{life.mail}")


@pytest.mark.parametrize("number", range(3))
def test_a_shared_browser_stays_with_whom_it_belonged_to_first(number):
    life, identity, decisions = told(twins.shared_browser, number)
    assert any(isinstance(each, Dispute) for each in decisions)
    assert identity.person_of(browsers(life)[0]) == subject_of(f"mail:{life.mail}")


def test_an_office_mailbox_claims_no_browser():
    life, identity, _ = told(twins.office_mailbox)
    office = f"mail:info@{life.persona.employer.domain}"
    assert identity.holder(office) == subject_of(office)
    assert all(identity.person_of(each) != subject_of(office) for each in browsers(life))
