"""Whose past discovery compares, and what was known of them when."""

import pytest

from embudo.core.event import DAY
from embudo.leads import past
from embudo.leads.past import cases
from tests.cast import MONDAY, ada, bruno, clara, diego, eva
from tests.leads.conftest import Following


def test_customers_are_compared_with_leads_that_had_the_time_to_become_some(following: Following) -> None:
    following.hears(
        ada.submits("contact").later(days=20).buys(900),
        bruno.submits("contact"),
        clara.submits("contact").is_told("opportunity_opened", opportunity="o1"),
        diego.journey(MONDAY + 25 * DAY).submits("contact"),
        eva.visits("/"),
    )
    found = {each.id: each for each in cases(following.log, MONDAY + 30 * DAY)}
    assert set(found) == {ada.subject, bruno.subject}  # Clara is undecided, Diego too new, Eva nobody knows
    bought = found[ada.subject].bought_at
    assert bought is not None and 20 * DAY <= bought - MONDAY < 21 * DAY
    assert found[bruno.subject].bought_at is None
    assert found[bruno.subject].values["industry"] == "energy"


def test_of_a_customer_counts_what_was_known_before_they_bought(following: Following) -> None:
    journey = ada.submits("contact").says(company_size=20).later(days=5).buys(900)
    following.hears(journey.later(days=5).says(company_size=500, contract="signed"), bruno.submits("contact"))
    ada_case = next(each for each in cases(following.log, MONDAY + 60 * DAY) if each.bought_at is not None)
    assert (ada_case.value("company_size"), ada_case.value("contract")) == (20, None)
    assert ada_case.has("contract") and ada_case.is_late("contract")
    assert ada_case.values["industry"] == "logistics"


def test_nothing_that_names_somebody_is_compared(following: Following) -> None:
    following.hears(ada.submits("contact").buys(900), bruno.submits("contact"))
    for each in cases(following.log, MONDAY + DAY):
        assert {"email", "phone", "name"}.isdisjoint(each.values)


def test_who_was_joined_with_a_visitor_has_one_case(following: Following) -> None:
    following.hears(
        ada.visits("/"), ada.submits("contact").buys(900), ada.on_another_browser("phone").submits("contact")
    )
    found = cases(following.log, MONDAY + DAY)
    assert [each.bought_at is not None for each in found] == [True]


def test_customers_are_all_read_however_many_at_once_and_stay_customers_when_their_stage_is_another(
    following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past, "PORTION", 1)
    again = bruno.submits("contact").buys(500).is_told("stage_set", stage="lead")
    following.hears(ada.submits("contact").buys(900), again, clara.submits("contact"))
    assert sum(each.bought_at is not None for each in cases(following.log, MONDAY + 30 * DAY)) == 2
    assert len(cases(following.log, MONDAY + 30 * DAY)) == 3
