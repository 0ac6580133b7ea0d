"""What companies are one does not depend on the order in which facts arrive, nor on how many are followed at once."""

from collections.abc import Iterable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embudo.core.event import Event, subject_of
from embudo.core.identity import Identity
from embudo.eventlog import open_log
from embudo.leads.company_joins import Said, decided
from tests.cast import MONDAY, ada, bruno
from tests.leads.conftest import Following, forget_everything, rows
from tests.leads.test_company_joins import LATER, NORTE, OESTE, SERRA, SUL, companies, made_again, said, sol, states

FOUR = (NORTE, SERRA, SUL, OESTE)
TOLD = st.lists(
    st.tuples(st.booleans(), st.sampled_from(FOUR), st.sampled_from(FOUR)).filter(lambda each: each[1] != each[2]),
    min_size=1,
    max_size=8,
)


def story_of(told: Iterable[tuple[bool, str, str]]) -> list[Event]:
    facts = [said("companies_unmerged" if undoes else "companies_merged", one, other, LATER + number)
             for number, (undoes, one, other) in enumerate(told)]  # fmt: skip
    people = [ada.submits("contact"), bruno.submits("contact"), sol.submits("contact")]
    stated = [states(SERRA, MONDAY, city="Lages", industry="mining"), states(OESTE, MONDAY + 1, city="Chuy", size=8)]
    return [event for each in (*people, *stated, *facts) for event in each]


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(told=TOLD, seed=st.integers(0, 2**32), size=st.integers(1, 12))
def test_order_of_arrival_and_batch_sizes_do_not_matter(
    following: Following,
    tmp_path_factory: pytest.TempPathFactory,
    told: list[tuple[bool, str, str]],
    seed: int,
    size: int,
) -> None:
    events = story_of(told)
    in_order = followed(following, events, len(events), tmp_path_factory)
    Random(seed).shuffle(events)
    assert followed(following, events, size, tmp_path_factory, again=True) == in_order


def followed(
    following: Following, events: list[Event], size: int, folders: pytest.TempPathFactory, *, again: bool = False
) -> Any:
    """The rows that come of facts in this order, followed in batches of this size, and equal when made `again`."""
    forget_everything()
    config = replace(following.config, data=folders.mktemp("log"), shards=1, database_url="")
    log = open_log(config)
    here = Following(config, log)
    for start in range(0, len(events), size):
        here.hears(events[start : start + size])
    here.agrees()
    found = rows(), companies()
    if again:
        made_again(here)
        here.agrees()
        assert (rows(), companies()) == found
    log.close()
    return found


@given(told=TOLD)
def test_the_pointers_are_those_of_the_plain_reading(told: list[tuple[bool, str, str]]) -> None:
    plain, said = Identity(), []
    for number, (undoes, one, other) in enumerate(told):
        said.append(Said(number, str(number), "app", undoes, subject_of(one), subject_of(other)))
        (plain.unmerge if undoes else plain.merge)(subject_of(one), subject_of(other))
    pointers, outcomes = decided(reversed(said))
    assert pointers.into == plain.merged
    assert {pair[1]: pair[0] for pair in outcomes.values() if pair[1] is not None and pair[2] is None} == plain.merged
    assert pointers.apart == plain.unmerged
