"""What a message says in our names: its page, its campaign, its properties."""

from typing import Any

import pytest

from embudo.core.message import context_of, deeper_than, id_of, props_of


def said(**more: Any) -> dict[str, Any]:
    """A track message."""
    return {"type": "track", "event": "A", **more}


def test_context_keeps_page_campaign_and_browser_and_never_an_address() -> None:
    context = context_of(
        said(
            context={
                "ip": "203.0.113.7", "userAgent": "Firefox", "locale": "es-MX", "timezone": "America/Merida",
                "library": {"name": "analytics.js", "version": "2"}, "device": {"advertisingId": "x"},
                "page": {"url": "https://ana:pw@norte.mx/a?utm_source=news&email=a%40b.co&q=1&to=x@y.zz#top",
                         "referrer": "https://search.example/?token=7"},
                "campaign": {"name": "May", "medium": "mail", "term": 7},
            }
        )
    )  # fmt: skip
    assert context == {
        "user_agent": "Firefox", "locale": "es-MX", "timezone": "America/Merida", "library": "analytics.js",
        "url": "https://norte.mx/a?utm_source=news&q=1", "referrer": "https://search.example/",
        "utm": {"source": "news", "campaign": "May", "medium": "mail"},
    }  # fmt: skip


@pytest.mark.parametrize("odd", [None, 7, "text", [1], {"page": 7, "campaign": [], "library": "x", "userAgent": {}}])
def test_an_odd_context_says_nothing(odd: object) -> None:
    assert context_of(said(context=odd)) == {}


def test_the_path_comes_from_the_page_where_nothing_else_says_it() -> None:
    def path(url: str) -> str:
        message = said(context={"page": {"url": url}})
        return str(props_of(message, context_of(message))["path"])

    assert path("https://norte.mx/precios/?a=1") == "/precios/"
    assert path("https://norte.mx") == "/"
    assert path("/precios?x=1") == "/precios"
    assert path("https://norte.mx?x=1") == "/"


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


def test_depth_and_ids_are_what_they_say() -> None:
    assert not deeper_than({"a": [1]}, 2) and deeper_than({"a": [1]}, 1) and not deeper_than(7, 0)
    assert (id_of(True), id_of(1 << 63), id_of(-5), id_of(" a ")) == (None, None, "-5", "a")
