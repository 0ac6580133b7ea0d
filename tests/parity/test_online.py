"""The online engine against core's plain reading: any definition, any facts, any order of arrival."""

from math import fsum

from hypothesis import given
from hypothesis import strategies as st

from embudo.core import attributes, lifecycle, scoring
from embudo.core.condition import holds
from embudo.core.curve import Part, Sum, rounded
from embudo.core.event import DAY, Event
from embudo.engines.fits import Fits
from embudo.engines.online import HistoryNeeded, Online
from embudo.engines.predicate import given_kind, of_attributes, predicate
from embudo.engines.state import State
from tests.parity.agreement import agree, close, raw
from tests.parity.strategies import TRAITS, about_events, about_people, definitions, histories, parity, values


@parity
@given(about_events, histories(longest=6))
def test_a_compiled_condition_holds_where_the_plain_one_does(condition, history):
    compiled = predicate(condition)
    for event in history:
        expected = holds(condition, lambda name, event=event: scoring.field(event, name))
        assert compiled(event) is expected
        assert predicate(given_kind(condition, event.kind))(event) is expected


people = st.lists(st.dictionaries(st.sampled_from(TRAITS), values), min_size=1, max_size=4)


@parity
@given(about_people, people)
def test_a_compiled_condition_over_attributes_holds_where_the_plain_one_does(condition, people):
    compiled = of_attributes(condition)
    for attributes_ in people:
        assert compiled(attributes_) is holds(condition, attributes_.get)


@parity
@given(definitions(), people)
def test_the_fit_by_answers_seen_before_is_that_of_core(definition, people):
    fits = Fits(definition)
    for attributes_ in people:
        fit = scoring.fit(attributes_, definition)
        met = tuple(index for index, each in enumerate(definition.criteria) if each in fit.met)
        assert fits.of(attributes_) == (fit.score, fit.known_share, met, fit.disqualified_by)


def followed(online: Online, arrivals: list[Event]) -> tuple[State, list[lifecycle.Move]]:
    """What `follow` does: fold, and read the history again when the engine asks for it."""
    state, moves = online.fresh(), []
    for count, event in enumerate(arrivals, start=1):
        try:
            moves += online.fold(state, event)
        except HistoryNeeded:
            state, again = online.replay(arrivals[:count])
            moves = list(again)
        state = online.decode(online.encode(state))
    return state, moves


@parity
@given(definitions(), histories(), st.randoms(use_true_random=False), st.integers(0, 90 * DAY))
def test_any_order_of_arrival_gives_the_score_fit_and_stage_of_the_plain_reading(definition, history, chance, wait):
    arrivals = sorted(history, key=lambda each: each.order)
    if chance.random() < 0.5:
        chance.shuffle(arrivals)
    online = Online(definition)
    state, moves = followed(online, arrivals)
    until = max((each.at for each in history), default=0) + wait
    moves += online.passes(state, until)
    explained = scoring.explain(history, definition, until)
    sums = zip(state.sums, state.lasting, definition.groups, strict=True)
    parts = [Part(Sum(*fading), lasting, group.cap) for fading, lasting, group in sums]
    values = [part.at(until, definition.half_life) / 1000 for part in parts]
    assert online.curve(state).at(until) == rounded(fsum(values))
    assert agree(raw(explained), fsum(values))
    assert all(
        close(each, group.points + group.cut_by_cap) for each, group in zip(values, explained.groups, strict=True)
    )
    assert online.fit(state) == scoring.fit(attributes.resolve(history, until), definition)
    standing, expected = lifecycle.walk(history, definition, until)
    assert online.standing(state) == standing
    assert moves == list(expected)


@parity
@given(definitions(), histories(), st.randoms(use_true_random=False))
def test_sums_and_kept_facts_are_the_same_to_the_bit_in_any_order(definition, history, chance):
    online = Online(definition)
    in_order, shuffled = online.fresh(), online.fresh()
    arrivals = list(history)
    chance.shuffle(arrivals)
    for event in sorted(history, key=lambda each: each.order):
        online.add(in_order, event)
    for event in arrivals:
        online.add(shuffled, event)
    last = max((each.at for each in history), default=0)
    for at in (last, last + 1, last + 10 * DAY):
        assert [part.at(at, definition.half_life) for part in online.curve(shuffled).parts] == [
            part.at(at, definition.half_life) for part in online.curve(in_order).parts
        ]
    assert shuffled.kept == in_order.kept
    assert shuffled.lasting == in_order.lasting
    assert shuffled.profile == in_order.profile
    assert shuffled.fit == in_order.fit
