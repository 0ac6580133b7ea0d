"""What conditions hold for, and how their text is read and written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embudo.core import condition
from embudo.core.condition import ALWAYS, BadCondition, Compare, Every, Not, Op, Some, holds, kinds, names, parse

KNOWN = {
    "path": "/pricing",
    "score": 9,
    "tags": ["crm", 3, None],
    "vip": True,
    "blank": "",
    "none": None,
    "deep": {"a": 1},
}


def over(text, known=KNOWN):
    return holds(parse(text), known.get)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ({"path": "/pricing"}, True),
        ({"path": "/Pricing"}, False),
        ({"path": ["/a", "/pricing"]}, True),
        ({"path": {"begins_with": "/pri"}}, True),
        ({"path": {"begins_with": "/b"}}, False),
        ({"path": {"contains": "ric"}}, True),
        ({"score": {"begins_with": "9"}}, False),
        ({"score": {"contains": "9"}}, False),
        ({"score": {"at_least": 9}}, True),
        ({"score": {"at_least": 9.5}}, False),
        ({"score": {"at_most": 9}}, True),
        ({"score": {"at_least": 1, "at_most": 8}}, False),
        ({"score": "9"}, False),
        ({"score": 9.0}, True),
        ({"path": {"at_least": "/a"}}, True),
        ({"path": {"at_least": 1}}, False),
        ({"vip": True}, True),
        ({"vip": 1}, False),
        ({"score": {"one_of": [True, "9"]}}, False),
        ({"tags": "crm"}, True),
        ({"tags": {"at_most": 3}}, True),
        ({"tags": {"known": True}}, True),
        ({"deep": {"is": "a"}}, False),
        ({"deep": {"known": True}}, True),
        ({"blank": {"known": True}}, False),
        ({"blank": {"known": False}}, True),
        ({"none": {"known": False}}, True),
        ({"absent": {"known": False}}, True),
        ({"absent": {"known": True}}, False),
        ({"absent": {"at_most": 5}}, False),
        ({"not": {"absent": 1}}, True),
        ({"any": [{"absent": 1}, {"vip": True}]}, True),
        ({"any": []}, False),
        ({"all": [{"vip": True}, {"score": 1}]}, False),
        ({}, True),
    ],
)
def test_a_condition_holds_for_any_one_of_the_values_and_never_mixes_kinds(text, expected):
    assert over(text) is expected


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("kind", "a mapping"),
        ({"any": "x"}, "needs a list"),
        ({"all": 3}, "needs a list"),
        ({"path": {"like": "x"}}, "known are"),
        ({"path": {"one_of": []}}, "needs a list"),
        ({"path": {"one_of": [None]}}, "needs a list"),
        ({"path": {"one_of": "ab"}}, "needs a list"),
        ({"path": {"known": "yes"}}, "boolean"),
        ({"path": {"begins_with": 3}}, "text"),
        ({"score": {"at_least": True}}, "number or text"),
        ({"path": None}, "text or number or boolean"),
        ({"not": "x"}, "a mapping"),
        ({"path": "a\0b"}, "NUL"),
        ({"path": ["a", "\0"]}, "NUL"),
        ({"score": {"at_least": "\0"}}, "NUL"),
        ({"a\0": 1}, "NUL"),
    ],
)
def test_what_cannot_be_read_is_refused_with_words(text, complaint):
    with pytest.raises(BadCondition, match=complaint):
        parse(text)


def test_the_kinds_a_condition_can_hold_for_are_never_too_few():
    viewed, read = Compare("kind", Op.IS, "viewed"), Compare("kind", Op.IS, "read")
    either = Compare("kind", Op.ONE_OF, ("viewed", "read"))
    long = Compare("dwell_s", Op.AT_LEAST, 60)
    assert kinds(viewed) == {"viewed"}
    assert kinds(either) == {"viewed", "read"}
    assert kinds(Every((either, viewed, long))) == {"viewed"}
    assert kinds(Some((viewed, read))) == {"viewed", "read"}
    assert kinds(Some((viewed, long))) is None
    assert kinds(Some(())) is None
    assert kinds(Not(viewed)) is None
    assert kinds(ALWAYS) is None
    assert kinds(Every((viewed, read))) == frozenset()


def test_a_comparison_of_the_kind_with_no_text_names_no_kind_it_could_hold_for():
    assert holds(Compare("kind", Op.ONE_OF, (3, "read")), lambda _: "read")
    assert "read" in (kinds(Compare("kind", Op.ONE_OF, (3, "read"))) or {"read"})


def test_names_are_all_that_a_condition_looks_at():
    found = parse({"any": [{"a": 1}, {"not": {"b": 2}}], "all": [{"c": 3}]})
    assert list(names(found)) == ["a", "b", "c"]


scalars = st.one_of(st.text(max_size=3), st.integers(-9, 9), st.floats(-9, 9), st.booleans())
words = st.sampled_from(("a", "b", "kind"))
compares = st.one_of(
    st.builds(Compare, words, st.just(Op.IS), scalars),
    st.builds(Compare, words, st.just(Op.ONE_OF), st.lists(scalars, min_size=1, max_size=3).map(tuple)),
    st.builds(Compare, words, st.sampled_from((Op.BEGINS_WITH, Op.CONTAINS)), st.text(max_size=3)),
    st.builds(Compare, words, st.sampled_from((Op.AT_LEAST, Op.AT_MOST)), st.integers(-9, 9)),
    st.builds(Compare, words, st.just(Op.KNOWN), st.booleans()),
)
trees = st.recursive(
    compares,
    lambda part: st.one_of(
        st.lists(part, max_size=3).map(lambda parts: Every(tuple(parts))),
        st.lists(part, max_size=3).map(lambda parts: Some(tuple(parts))),
        part.map(Not),
    ),
    max_leaves=6,
)
given_values = st.dictionaries(words, st.one_of(st.none(), scalars, st.lists(scalars, max_size=3)))


@given(trees, given_values)
def test_what_document_writes_parse_reads_back_to_the_same_meaning(tree, known):
    again = parse(condition.document(tree))
    assert holds(again, known.get) is holds(tree, known.get)
    assert condition.document(again) == condition.document(parse(condition.document(again)))


@given(trees, st.text(max_size=3), given_values)
def test_a_condition_holds_only_for_the_kinds_it_names(tree, kind, known):
    known = {**known, "kind": kind}
    if holds(tree, known.get):
        assert kinds(tree) is None or kind in kinds(tree)


@given(trees, trees, given_values)
def test_not_any_is_all_not(one, other, known):
    assert holds(Not(Some((one, other))), known.get) is holds(Every((Not(one), Not(other))), known.get)


def test_a_kind_is_a_text_and_nothing_else_can_be_one():
    assert kinds(parse({"kind": 1})) == frozenset()
    assert kinds(parse({"kind": ["page_viewed", True]})) == {"page_viewed"}
