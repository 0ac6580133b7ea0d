"""What the past proposes: what was planted is found, noise is not, and what gives the outcome away is flagged."""

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest

from embudo.core.condition import Compare, Op
from embudo.learn.cases import Case, Leak
from embudo.learn.discovery import Discovery, discover

BOUGHT = 1_700_000_000_000_000
BEFORE, AFTER = BOUGHT - 1, BOUGHT


def past(number: int = 2000, seed: int = 1, **later: int) -> list[Case]:
    """Made-up people: of 10 % in logistics half bought, of the others 8 %; size, colour and code say nothing more."""
    random = Random(seed)
    found = []
    for id in range(number):
        logistics = random.random() < 0.1
        bought = random.random() < (0.5 if logistics else 0.08)
        values: dict[str, Any] = {
            "industry": "logistics" if logistics else random.choice(["retail", "software", "food"]),
            "sector": "transport" if logistics else "other",  # the same by another name
            "size": random.randint(1, 500),
            "colour": random.choice(["red", "blue"]),
            "code": f"c{id}",
        }
        found.append(Case(id, values, later, BOUGHT if bought else None))
    return found


def with_(cases: list[Case], name: str, value: Any, at: int = BEFORE, *, of: Any = None) -> list[Case]:
    """The same people, some of whom have an attribute more."""
    some = of or (lambda case: case.bought_at is not None)
    more: Mapping[bool, Mapping[str, Any]] = {True: {name: value}, False: {}}
    return [
        Case(each.id, {**each.values, **more[some(each)]}, {**each.known_at, name: at}, each.bought_at)
        for each in cases
    ]  # fmt: skip


def leaks(found: Discovery) -> dict[str, Leak | None]:
    return {each.name: each.leak for each in found.findings}


def test_a_trait_that_customers_have_is_proposed_with_its_evidence() -> None:
    found = discover(past())
    best = found.proposals[0]
    assert best.when in (Compare("industry", Op.IS, "logistics"), Compare("sector", Op.IS, "transport"))
    assert best.lift.low < 0.5 / 0.08 < best.lift.high and best.lift.low > 3
    assert best.points == 25_000  # ten for each doubling, in fives
    assert best.share.people == pytest.approx(200, abs=40) and best.share.rate == pytest.approx(0.5, abs=0.1)
    assert {each.name for each in found.proposals} == {"industry", "sector"}
    assert {each.name for each in found.findings[:2]} == {"industry", "sector"}


def test_what_says_the_same_is_marked() -> None:
    proposals = discover(past()).proposals
    assert proposals[0].alike == ()
    assert proposals[1].alike == (0,) and {proposals[0].name, proposals[1].name} == {"industry", "sector"}


def test_numbers_become_bands() -> None:
    random = Random(3)
    sized = [(size := random.randint(1, 500), random.random() < (0.4 if size >= 200 else 0.05)) for _ in range(2000)]
    cases = [Case(id, {"size": size}, {}, BOUGHT if won else None) for id, (size, won) in enumerate(sized)]
    (proposal,) = discover(cases).proposals  # the other side of it is not proposed as well
    assert isinstance(proposal.when, Compare) and proposal.when.op is Op.AT_LEAST
    assert proposal.when.value == pytest.approx(200, abs=25)
    assert proposal.points > 0 and proposal.lift.low > 4


def test_a_trait_that_keeps_people_from_buying_costs_points() -> None:
    random = Random(4)
    cases = [
        Case(id, {"role": "student" if id % 10 == 0 else random.choice("abcdef")}, {},
             BOUGHT if random.random() < (0.01 if id % 10 == 0 else 0.3) else None)
        for id in range(2000)
    ]  # fmt: skip
    proposal = discover(cases).proposals[0]
    assert proposal.when == Compare("role", Op.IS, "student") and proposal.points < 0 and proposal.lift.high < 0.3


def noise(seed: int) -> list[Case]:
    """People of whose traits none has to do with whether they bought."""
    random = Random(seed)
    return [
        Case(id, {f"trait{each}": random.choice("abcd") for each in range(12)} | {"size": random.random()}, {},
             BOUGHT if random.random() < 0.3 else None)
        for id in range(600)
    ]  # fmt: skip


def test_noise_proposes_something_once_in_ten_times_at_most() -> None:
    assert sum(bool(discover(noise(seed)).proposals) for seed in range(40)) <= 8  # of 10 %, one series in twenty more


def test_few_customers_propose_nothing_and_it_is_said() -> None:
    few = [each for each in past() if each.bought_at is None] + [each for each in past() if each.bought_at][:19]
    found = discover(few)
    assert not found.enough and found.proposals == () and found.everybody.customers == 19
    assert found.findings  # they may be looked at


def test_what_became_known_only_afterwards_is_flagged_and_not_proposed() -> None:
    found = discover(with_(past(), "contract", "signed", AFTER))
    assert leaks(found)["contract"] is Leak.AFTER
    assert "contract" not in {each.name for each in found.proposals}
    early = discover(with_(past(), "contract", "drafted", BEFORE, of=lambda case: case.id % 2))
    assert leaks(early)["contract"] is None


def test_what_hardly_anybody_but_customers_has_is_flagged() -> None:
    found = discover(with_(past(), "seller", "ana"))
    assert leaks(found)["seller"] is Leak.CUSTOMERS_ONLY and "seller" not in {each.name for each in found.proposals}


def test_what_is_the_outcome_by_another_name_is_flagged() -> None:
    cases = [
        Case(each.id, {**each.values, "status": "won" if each.bought_at else "open"}, {}, each.bought_at)
        for each in past()
    ]  # fmt: skip
    found = discover(cases)
    assert leaks(found)["status"] is Leak.TELLS and found.findings[0].name == "status"
    assert "status" not in {each.name for each in found.proposals}


def test_each_choice_of_several_may_be_proposed() -> None:
    cases = [
        Case(each.id, {"interests": ["fleet", "maps"] if each.values["industry"] == "logistics" else ["maps"]}, {},
             each.bought_at)
        for each in past()
    ]  # fmt: skip
    assert {str(each.when) for each in discover(cases).proposals} == {str(Compare("interests", Op.IS, "fleet"))}


def test_the_order_of_the_cases_and_of_the_names_changes_nothing() -> None:
    cases = past(800)
    shuffled = Random(5).sample(cases, len(cases))
    names = ["size", "sector", "industry", "colour"]
    assert discover(cases, names) == discover(shuffled, names[::-1])
