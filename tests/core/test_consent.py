from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from embudo.core.consent import CONSENT_GIVEN, CONSENT_WITHDRAWN, VISITS, agreed, in_force
from embudo.core.event import Door, Event, Verdict

HUMAN, MACHINE, UNVERIFIED = Verdict.HUMAN, Verdict.MACHINE, Verdict.UNVERIFIED


def said(kind: str, at: int = 1, id: str = "a", verdict: Verdict = HUMAN, **props: Any) -> Event:
    return Event("app", id, kind, at, at, at, "person:1", 1, Door.APP, verdict, props=props)


def answers(*facts: Event) -> dict[str, bool]:
    return {purpose: answer for purpose, (answer, _event) in in_force(facts).items()}


def test_the_last_answer_to_a_purpose_is_in_force() -> None:
    given, taken = said(CONSENT_GIVEN, 1, purpose="phone"), said(CONSENT_WITHDRAWN, 2, purpose="phone")
    assert answers(given) == {"phone": True}
    assert answers(taken, given) == {"phone": False}
    assert answers(given, taken, said(CONSENT_GIVEN, 3, purpose="phone")) == {"phone": True}
    assert answers() == {}


def test_of_two_answers_of_one_instant_the_id_decides() -> None:
    given, taken = said(CONSENT_GIVEN, 1, "b", purpose="phone"), said(CONSENT_WITHDRAWN, 1, "a", purpose="phone")
    assert answers(given, taken) == answers(taken, given) == {"phone": True}


def test_purposes_are_independent() -> None:
    facts = said(CONSENT_GIVEN, 1, purpose="phone"), said(CONSENT_WITHDRAWN, 2, purpose="newsletter")
    assert answers(*facts) == {"phone": True, "newsletter": False}


def test_a_withdrawal_that_names_no_purpose_takes_back_every_yes_before_it() -> None:
    facts = (
        said(CONSENT_GIVEN, 1, purpose="phone"),
        said(CONSENT_WITHDRAWN, 2),
        said(CONSENT_GIVEN, 3, purpose="newsletter"),
    )
    assert answers(*facts) == {"phone": False, "newsletter": True}
    assert in_force(facts)["phone"][1].at == 2
    assert answers(*facts, said(CONSENT_WITHDRAWN, 4, "z")) == {"phone": False, "newsletter": False}


def test_the_tracker_answers_several_purposes_at_once_and_a_bare_yes_is_for_visits() -> None:
    several = said(CONSENT_GIVEN, 1, purposes={"analytics": True, "marketing": False, "odd": "yes"})
    assert answers(several) == {"analytics": True, "marketing": False, "odd": False}
    assert answers(said(CONSENT_GIVEN)) == {VISITS: True}
    assert agreed(said(CONSENT_WITHDRAWN, purposes={"analytics": True})) == {}


def test_only_a_human_agrees_and_only_a_machine_cannot_withdraw() -> None:
    assert agreed(said(CONSENT_GIVEN, verdict=MACHINE, purpose="phone")) is None
    assert agreed(said(CONSENT_GIVEN, verdict=UNVERIFIED, purpose="phone")) is None
    assert agreed(said(CONSENT_GIVEN, verdict=UNVERIFIED, purposes={"a": True, "b": False})) == {"b": False}
    assert agreed(said(CONSENT_WITHDRAWN, verdict=MACHINE)) is None
    assert agreed(said(CONSENT_WITHDRAWN, verdict=UNVERIFIED, purpose="phone")) == {"phone": False}
    assert agreed(said("page_viewed", purpose="phone")) is None


ANSWERS = st.builds(
    lambda kind, at, verdict, purpose: said(kind, at, verdict=verdict, **({"purpose": purpose} if purpose else {})),
    st.sampled_from([CONSENT_GIVEN, CONSENT_WITHDRAWN, "page_viewed"]),
    st.integers(1, 5),
    st.sampled_from(Verdict),
    st.sampled_from(["phone", "newsletter", ""]),
)


@given(st.lists(ANSWERS, max_size=8), st.randoms())
def test_the_order_of_arrival_does_not_matter(facts: list[Event], chance: Any) -> None:
    told = [replace(fact, id=str(number)) for number, fact in enumerate(facts)]
    mixed = chance.sample(told, len(told))
    assert in_force(told) == in_force(mixed)


@given(st.lists(ANSWERS, max_size=8), st.integers(0, 8))
def test_what_two_people_answered_put_together_is_what_one_would_have(facts: list[Event], cut: int) -> None:
    told = [replace(fact, id=str(number)) for number, fact in enumerate(facts)]
    before = in_force(told[:cut]), in_force(told[cut:])
    assert in_force([*told[cut:], *told[:cut]]) == in_force(told)
    assert (in_force(told[:cut]), in_force(told[cut:])) == before
