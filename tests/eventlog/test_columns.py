import math
from dataclasses import replace

import pytest
from hypothesis import given

from embudo.core.event import Event
from embudo.eventlog import columns
from embudo.eventlog.columns import COLUMNS, HOT, PLAIN, NewerLayout, Unstorable, event_of, hot, packed, props_json
from tests.cast import ada
from tests.eventlog.facts import any_event, fact


def row_of(event: Event) -> tuple[object, ...]:
    return columns.unpacked(packed(event, props_json(event)))


@given(any_event())
def test_an_event_comes_back_as_it_went_in(event: Event) -> None:
    assert event_of(row_of(event)) == event


def test_named_says_whether_the_identifier_names_somebody() -> None:
    visit, form = ada.visits("/").submits("contact")
    assert [row_of(event)[PLAIN.index("named")] for event in (visit, form)] == [False, True]


def test_hot_properties_are_lifted_by_their_type() -> None:
    props = {
        "path": "/",
        "title": 7,
        "form": None,
        "dwell_s": 3,
        "amount": "12",
        "score": True,
        "scroll_share": math.inf,
    }
    lifted = dict(zip(HOT, hot(props), strict=True))
    assert lifted == {
        "path": "/", "title": None, "topic": None, "form": None, "name": None, "outcome": None,
        "dwell_s": 3.0, "scroll_share": None, "amount": None, "score": None,
    }  # fmt: skip


def test_a_whole_number_beyond_a_double_is_not_lifted() -> None:
    assert dict(zip(HOT, hot({"amount": 10**400}), strict=True))["amount"] is None


def test_the_same_props_in_another_order_are_the_same_json() -> None:
    one = fact(1, props={"a": 1, "b": {"c": 2, "d": 3}})
    other = fact(1, props={"b": {"d": 3, "c": 2}, "a": 1})
    assert props_json(one) == props_json(other)


@pytest.mark.parametrize(
    "changes", [{"id": "nul\0"}, {"at": 2**63}, {"subject": -(2**63) - 1}, {"user_id": "\ud800"}, {"kind": "\0"}]
)
def test_a_value_that_no_storage_holds_is_named(changes: dict[str, object]) -> None:
    with pytest.raises((Unstorable, UnicodeEncodeError)):
        row_of(fact(1, **changes))


def test_a_row_of_an_older_layout_is_lifted_on_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    old = row_of(fact(1))
    monkeypatch.setattr(columns, "LAYOUT", columns.LAYOUT + 2)
    monkeypatch.setitem(columns.LIFTS, old[0], lambda body: {**body, "props": {"seconds": body["props"]["dwell_s"]}})
    monkeypatch.setitem(
        columns.LIFTS, old[0] + 1, lambda body: {**body, "props": {"dwell_s": body["props"]["seconds"] * 2}}
    )
    assert event_of(old).props == {"dwell_s": 2.0}
    assert columns.hot_of(old)[HOT.index("dwell_s")] == 2.0


def test_a_row_of_a_newer_layout_is_refused_with_words() -> None:
    newer = (columns.LAYOUT + 1, *row_of(fact(1))[1:])
    with pytest.raises(NewerLayout, match="knows layouts up to"):
        event_of(newer)


def test_the_schema_has_the_columns_in_their_order() -> None:
    assert tuple(columns.schema().names) == COLUMNS


def test_a_row_is_odd_when_a_hot_property_is_not_what_its_column_shows() -> None:
    assert not columns.odd({"path": "/", "dwell_s": 3, "score": None, "other": [1]})
    for value in ({"path": ["/"]}, {"path": 1}, {"score": True}, {"amount": "12"}, {"amount": 2**53 + 1}):
        assert columns.odd(value)


def test_traits_stand_in_a_column_of_their_own_as_json() -> None:
    told = replace(fact(1), props={"traits": {"role": "owner", "email": None}})
    row = dict(zip(COLUMNS[2:], (*row_of(told), *columns.hot_of(row_of(told))), strict=True))
    assert row["traits"] == '{"email":null,"role":"owner"}'
    assert columns.hot_of(row_of(replace(fact(1), props={"traits": "none"})))[-1] is None
