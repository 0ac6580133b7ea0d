"""Forms that were open while somebody else changed what they show: kinds of fields, and forms that say nothing."""

import re
from typing import Any

import pytest
from django import forms
from django.http import QueryDict

from embudo.ui.meanwhile import FIELD, Meanwhile, shown


class Card(Meanwhile, forms.Form):
    """A field of each kind."""

    name = forms.CharField(max_length=40)
    words = forms.CharField(required=False, widget=forms.Textarea)
    loud = forms.BooleanField(required=False)
    number = forms.IntegerField(required=False)
    colour = forms.ChoiceField(choices=[("r", "red"), ("g", "green"), ("more", [("b", "blue")])])
    days = forms.MultipleChoiceField(
        choices=[("1", "Monday"), ("2", "Tuesday"), ("3", "Wednesday")], required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip


KEPT: dict[str, Any] = {
    "name": "Ada", "words": "One\nTwo", "loud": True, "number": 3, "colour": "r", "days": ["2", "1"],
}  # fmt: skip
SENT: dict[str, Any] = {
    "name": "Ada", "words": " One\r\nTwo ", "loud": "on", "number": "3", "colour": "r", "days": ["1", "2"],
}  # fmt: skip
OTHER: dict[str, Any] = {
    "name": "Bea", "words": "Three", "loud": False, "number": 4, "colour": "g", "days": ["3"],
}  # fmt: skip
SAID = {"name": "Bea", "words": "Three", "loud": "no", "number": "4", "colour": "green", "days": "Wednesday"}
MINE: dict[str, Any] = {"name": "Mine", "words": "Mine", "number": "9", "colour": "b", "days": ["1", "3"]}


def drawn(kept: dict[str, Any]) -> str:
    """What the hidden field says of a form that is drawn with these values."""
    found = re.search(r'value="([^"]*)"', Card(initial=kept).as_shown)
    assert found
    return found[1]


def sent(kept: dict[str, Any], said: str | None, values: dict[str, Any]) -> Card:
    """The form as it is sent, while these values are kept."""
    held = QueryDict(mutable=True)
    for name, value in {**values, **({} if said is None else {FIELD: said})}.items():
        held.setlist(name, value if isinstance(value, list) else [value])
    return Card(held, initial=kept)


def test_what_was_sent_as_it_stood_stays_as_it_is_now() -> None:
    form = sent(OTHER, drawn(KEPT), SENT)
    assert form.is_valid(), form.errors
    assert form.cleaned_data == OTHER


@pytest.mark.parametrize("name", list(KEPT))
def test_what_was_changed_counts_where_nobody_else_changed_it(name: str) -> None:
    values = {**SENT, name: MINE.get(name)} if name in MINE else {each: SENT[each] for each in SENT if each != name}
    form = sent({**OTHER, name: KEPT[name]}, drawn(KEPT), values)
    assert form.is_valid(), form.errors
    mine = {"number": 9, "loud": False}.get(name, MINE.get(name))
    assert form.cleaned_data == {**OTHER, name: mine}


@pytest.mark.parametrize("name", [name for name in KEPT if name != "loud"])
def test_what_both_changed_is_an_error_with_both_and_counts_the_second_time(name: str) -> None:
    form = sent(OTHER, drawn(KEPT), {**SENT, name: MINE[name]})
    assert list(form.errors) == [name]
    assert f"It is now: {SAID[name]}." in form.errors[name][0]
    value = form[name].value()
    assert value == MINE[name], "what was written stands in the form"
    again = sent(OTHER, form.as_shown.split('value="')[1].split('"')[0], {**SENT, **OTHER_SENT, name: MINE[name]})
    assert again.is_valid(), again.errors


OTHER_SENT: dict[str, Any] = {"name": "Bea", "words": "Three", "number": "4", "colour": "g", "days": ["3"]}


def test_both_may_have_written_the_same() -> None:
    form = sent(OTHER, drawn(KEPT), OTHER_SENT)
    assert form.is_valid() and form.cleaned_data == OTHER


@pytest.mark.parametrize("said", [None, "", "nonsense", "name:,words", "x:y,:,,", "name:" + "f" * 12])
def test_what_a_form_does_not_hold_stays(said: str | None) -> None:
    form = sent(KEPT, said, {"colour": "r", "loud": "on", "days": ["1", "2"]})
    assert form.is_valid(), form.errors
    assert {**form.cleaned_data, "days": ["2", "1"]} == KEPT


def test_a_new_thing_has_nothing_to_lose_and_its_fields_are_asked_for() -> None:
    assert not Card({"words": "x"}).is_valid()
    form = Card({**SENT, "days": ["1"]})
    assert form.is_valid() and form.cleaned_data["name"] == "Ada"


def test_other_errors_keep_what_was_left_alone_up_to_date() -> None:
    form = sent(OTHER, drawn(KEPT), {**SENT, "name": ""})
    assert list(form.errors) == ["name"] or "name" in form.errors
    assert form["words"].value() == "Three"


def test_values_differ_where_people_would_say_so() -> None:
    assert shown("a\r\nb ") == shown("a\nb") and shown(None) == shown("") == shown(False)
    assert shown(["b", "a"]) == shown(("a", "b")) != shown("ab") and shown(3) == shown("3") != shown("03")
    assert shown("\ud800") != shown("")
