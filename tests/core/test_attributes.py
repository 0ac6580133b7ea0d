"""Which value each attribute has: the latest of the strongest source, in any order of arrival."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embudo.core.attributes import Source, Stated, joined, resolve, stated_by, traits, values
from embudo.core.event import Door, Verdict
from tests.cast import MONDAY, ada

LATER = MONDAY + 10**12


def said(at=MONDAY, door=Door.SECRET, id="a", source="web", **stated):
    event = ada.journey(at=at).through(door).does("profile_changed", traits=stated)[0]
    return replace(event, id=id, source=source)


def test_the_latest_statement_of_equal_strength_is_in_force():
    history = [said(MONDAY + 5, role="owner", id="b"), said(MONDAY, role="clerk", id="a")]
    assert resolve(history, LATER) == {"role": "owner"}
    assert resolve(history, MONDAY + 4) == {"role": "clerk"}


def test_what_anybody_may_type_never_overwrites_what_a_server_says():
    history = [said(role="owner"), said(MONDAY + 9, Door.PUBLIC, role="king")]
    assert resolve(history, LATER) == {"role": "owner"}
    assert resolve([history[1]], LATER) == {"role": "king"}


@pytest.mark.parametrize("door", [Door.SECRET, Door.APP, Door.IMPORT, Door.SYSTEM])
def test_every_other_door_states(door):
    assert stated_by(said(door=door, role="owner"))["role"].source is Source.STATED


def test_of_two_at_one_instant_the_greater_id_wins_then_the_greater_source():
    assert resolve([said(id="b", role="x"), said(id="a", role="y")], LATER) == {"role": "x"}
    assert resolve([said(source="w", role="x"), said(source="a", role="y")], LATER) == {"role": "x"}


def test_a_cleared_attribute_has_no_value_until_it_is_stated_again():
    history = [said(role="owner"), said(MONDAY + 1, role=None, id="b")]
    assert resolve(history, LATER) == {}
    assert resolve([*history, said(MONDAY + 2, role="clerk", id="c")], LATER) == {"role": "clerk"}
    assert values({"role": Stated(Source.STATED, 0, "", "", "")}) == {}


def test_machines_and_texts_state_nothing():
    machine = replace(said(role="owner"), verdict=Verdict.MACHINE)
    assert traits(machine) == {}
    assert stated_by(machine) == {}
    assert traits(replace(said(), props={"traits": "owner"})) == {}
    assert traits(ada.visits("/")[0]) == {}
    assert resolve([machine], LATER) == {}


statements = st.builds(
    Stated, st.sampled_from(Source), st.integers(0, 3), st.sampled_from("ab"), st.sampled_from("xy"), st.integers(0, 9)
)
profiles = st.dictionaries(st.sampled_from(("role", "budget")), statements)


@given(profiles, profiles, profiles)
def test_joining_knows_no_order(one, other, third):
    def ranks(profile):
        return {name: each.rank for name, each in profile.items()}

    assert ranks(joined(joined(one, other), third)) == ranks(joined(third, joined(other, one)))
    assert joined(one, one) == one
