"""What a message says happened, in our names."""

from typing import Any

import pytest

from embudo.collector.props import props_of


def said(**more: Any) -> dict[str, Any]:
    """A track message."""
    return {"type": "track", "event": "A", **more}


def test_the_path_comes_from_the_page_where_nothing_else_says_it() -> None:
    assert props_of(said(), {"url": "https://norte.mx/precios/?a=1"}) == {"path": "/precios/"}
    assert props_of(said(properties={"path": "/own"}), {"url": "https://norte.mx/a"}) == {"path": "/own"}


def test_what_segment_says_of_a_page_tells_no_secret() -> None:
    page = {
        "type": "page",
        "properties": {
            "path": "/reset?token=s3cret#top", "search": "?token=s3cret", "title": "Reset",
            "url": "/reset?token=s3cret", "referrer": "https://norte.mx/?api_key=s3cret",
        },
    }  # fmt: skip
    assert props_of(page, {}) == {
        "path": "/reset", "title": "Reset", "url": "/reset", "referrer": "https://norte.mx/",
    }  # fmt: skip
    assert props_of({"type": "page", "context": {"page": {"path": "/a?token=s3cret"}}}, {})["path"] == "/a"
    assert props_of(said(properties={"search": "trucks", "path": ""}), {}) == {"search": "trucks", "path": ""}


def test_properties_come_under_our_names_and_as_what_they_must_be() -> None:
    props = props_of(
        said(
            properties={
                "Revenue": "12.50", "dwell_s": 1e9, "scrollShare": -3, "title": 7, "topic": ["a"], "score": "high",
                "amount": None, "path": {"a": 1}, "url": 9, "plan": "team", "!!!": 1, "currency": "MXN",
            }
        ),
        {},
    )  # fmt: skip
    assert props == {
        "amount": 12.5, "dwell_s": 43_200.0, "scroll_share": 0.0, "title": "7", "plan": "team", "currency": "MXN",
        "unusable": {"topic": ["a"], "score": "high", "path": {"a": 1}, "url": 9},
    }  # fmt: skip


@pytest.mark.parametrize("number", [True, "nan", "inf", 10**400, 1e16, [], "7 pesos"])
def test_what_is_no_number_is_kept_aside(number: object) -> None:
    assert props_of(said(properties={"score": number}), {}) == {"unusable": {"score": number}}


def test_a_page_takes_its_words_from_the_message_around_it() -> None:
    page = {"type": "page", "name": "Home", "category": "docs", "context": {"page": {"title": "T", "path": "/a"}}}
    assert props_of(page, {}) == {"title": "T", "path": "/a", "name": "Home", "topic": "docs"}
    own = page | {"properties": {"title": "Mine", "name": "N"}}
    assert props_of(own, {}) == {"title": "Mine", "path": "/a", "name": "N", "topic": "docs"}
