"""Reading and writing the document that says what a lead is."""

import copy

import pytest
from hypothesis import given

from embudo.core.condition import Compare, Op
from embudo.core.definition import Group, Promotion
from embudo.core.event import DAY
from embudo.core.window import Limit, Period
from embudo.definition.document import BadDefinition, document, parse, points_text
from tests.parity.strategies import definitions

TEXT = {
    "version": 3,
    "name": "Norte",
    "zone": "America/Bogota",
    "profile": {
        "criteria": [
            {"name": "Knows us", "when": {"industry": ["logistics", "retail"]}, "points": 25},
            {"name": "Too small", "when": {"company_size": {"at_most": 9}}, "points": -2.5},
        ],
        "disqualifiers": [{"name": "Competes", "when": {"relation": "competitor"}}],
    },
    "engagement": {
        "half_life_days": 7.5,
        "groups": [
            {
                "name": "Web",
                "cap": 40,
                "rules": [
                    {"name": "Views", "when": {"kind": "page_viewed"}, "points": 1, "limit": "5 per day"},
                    {
                        "name": "Joins", "when": {"kind": "newsletter_subscribed"}, "points": 5, "limit": "1 ever",
                        "fading": False,
                    },
                ],
            },
            {"name": "Sales", "rules": [{"name": "Asks", "when": {"kind": "demo_requested"}, "points": 50}]},
        ],
    },
    "promotion": {
        "fit": 60, "engagement": 40, "keeps": 30, "within_days": 14,
        "actions": [{"name": "Asks", "when": {"kind": "demo_requested"}}],
        "ambassador": [{"name": "Brings", "when": {"kind": "referral_made"}}],
    },
}  # fmt: skip


def changed(path, value):
    """The document with one place changed; `...` takes the key away."""
    text = copy.deepcopy(TEXT)
    place = text
    for key in path[:-1]:
        place = place[key]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return text


def test_a_document_says_what_it_says():
    found = parse(TEXT)
    assert (found.version, found.name, found.zone, found.half_life) == (3, "Norte", "America/Bogota", 15 * DAY // 2)
    assert found.groups == (Group("Web", 40_000), Group("Sales", None))
    assert [rule.limit for rule in found.rules] == [Limit(5, Period.DAY), Limit(1, Period.EVER), None]
    assert [rule.fading for rule in found.rules] == [True, False, True]
    assert [rule.group for rule in found.rules] == ["Web", "Web", "Sales"]
    assert found.criteria[1].points == -2500
    assert found.positive_points == 25_000
    assert found.disqualifiers[0].when == Compare("relation", Op.IS, "competitor")
    assert found.promotion.within == 14 * DAY
    assert found.promotion.ambassador[0].name == "Brings"


def test_a_document_comes_back_as_it_was_read():
    assert document(parse(TEXT)) == TEXT


def test_what_is_left_out_has_its_default():
    found = parse({})
    assert (found.version, found.zone, found.half_life, found.groups) == (0, "UTC", 30 * DAY, ())
    assert found.promotion == Promotion(keeps=40_000)
    assert found.positive_points == 0


RULE = ("engagement", "groups", 0, "rules", 0)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ([], "must be a mapping"),
        (changed(("profile",), [1]), "profile must be a mapping"),
        (changed(("colour",), "red"), "unknown key `colour`"),
        (changed(("version",), "one"), "`version` .* whole number"),
        (changed(("version",), True), "whole number"),
        (changed(("zone",), "America/Nowhere"), "time zone"),
        (changed(("zone",), "../etc"), "time zone"),
        (changed(("engagement", "half_life_days"), 0.01), "at least one hour"),
        (changed(("engagement", "half_life_days"), "long"), "no number of days"),
        (changed((*RULE, "points"), ...), "lacks `points`"),
        (changed((*RULE, "points"), "many"), "a number is expected"),
        (changed((*RULE, "points"), True), "a number is expected"),
        (changed((*RULE, "limit"), "² per day"), "write `3 per day`"),
        (changed((*RULE, "fading"), "no"), "must be yes or no"),
        (changed(("engagement", "groups"), 5), "`groups` of engagement must be a list"),
        (changed(("profile", "criteria"), "x"), "must be a list"),
        (changed((*RULE, "points"), 0.0001), "at most 3 decimals"),
        (changed((*RULE, "points"), float("inf")), "at most 3 decimals"),
        (changed((*RULE, "limit"), "five per day"), "write `3 per day`"),
        (changed((*RULE, "limit"), "0 per day"), "write `3 per day`"),
        (changed((*RULE, "limit"), "5 per year"), "write `3 per day`"),
        (changed((*RULE, "when"), {}), "empty condition"),
        (changed((*RULE, "when"), {"path": {"like": 1}}), "the rule 'Views': `path` has the comparison"),
        (changed((*RULE, "colour"), 1), "the rule 'Views' has the unknown key"),
        (changed((*RULE, "name"), "Joins"), "two of kind rule are called 'Joins'"),
        (changed(("engagement", "groups", 0, "name"), "Sales"), "two of kind group"),
        (changed(("profile", "disqualifiers", 0, "name"), "Knows us"), "two of kind criterion"),
        (changed(("promotion", "keeps"), 41), "`keeps` must not be above"),
        (changed(("promotion", "within_days"), "x"), "no number of days"),
        (changed(("promotion", "actions"), [{"name": "Asks"}]), "lacks `when`"),
    ],
)
def test_what_cannot_be_read_is_refused_and_the_place_is_named(text, complaint):
    with pytest.raises(BadDefinition, match=complaint):
        parse(text)


def test_points_are_written_as_people_write_them():
    assert [points_text(each) for each in (5000, 2500, -1, 0)] == [5, 2.5, -0.001, 0]


def test_rules_are_found_by_kind_and_those_without_one_for_every_kind():
    text = copy.deepcopy(TEXT)
    text["engagement"]["groups"][1]["rules"].append({"name": "Any", "when": {"path": "/x"}, "points": 1})
    found = parse(text)
    assert [rule.name for rule in found.rules_for("page_viewed")] == ["Views", "Any"]
    assert [rule.name for rule in found.rules_for("never_heard_of")] == ["Any"]


@given(definitions())
def test_no_rule_that_could_match_a_kind_is_left_out(definition):
    from embudo.core.condition import kinds

    for rule in definition.rules:
        for kind in kinds(rule.when) or ("anything",):
            assert rule in definition.rules_for(kind)
