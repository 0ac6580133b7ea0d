"""Where and with what it happened: page, campaign and browser, and never an address."""

from typing import Any

import pytest

from embudo.collector.context import MAX_TEXT, context_of, page_address, path_of


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


def test_no_text_of_the_context_is_longer_than_an_address_may_be() -> None:
    long = "a" * (MAX_TEXT + 1)
    context = context_of(
        said(
            context={
                "userAgent": long, "locale": long, "timezone": long, "library": {"name": long}, "campaign": {"x": long},
                "page": {"url": f"https://norte.mx/{long}?utm_source={long}", "referrer": f"https://norte.mx/{long}"},
            }
        )
    )  # fmt: skip
    texts = [text for text in context.values() if isinstance(text, str)] + list(context["utm"].values())
    assert len(texts) == 7 and max(map(len, texts)) == MAX_TEXT


@pytest.mark.parametrize(
    "parameter",
    [
        "access_token=1", "reset-token=1", "api_key=1", "client_secret=1", "first_name=Ana", "accessToken=1", "KEY=1",
        "to%6ben=1", "user%5Bemail%5D=1", "user[password]=1", "apikey=1", "token", "x=ana@norte.mx", "x=ana%40norte.mx",
    ],
)  # fmt: skip
def test_a_parameter_one_of_whose_words_tells_a_secret_is_cut_out(parameter: str) -> None:
    assert page_address(f"https://norte.mx/a?q=1&{parameter}&b=2")[0] == "https://norte.mx/a?q=1&b=2"


@pytest.mark.parametrize("parameter", ["keyword=crm", "page=2", "tokens=3", "q=code", "phones", "unnamed=1"])
def test_other_parameters_stay(parameter: str) -> None:
    assert page_address(f"https://norte.mx/a?{parameter}")[0] == f"https://norte.mx/a?{parameter}"


@pytest.mark.parametrize("odd", [None, 7, "text", [1], {"page": 7, "campaign": [], "library": "x", "userAgent": {}}])
def test_an_odd_context_says_nothing(odd: object) -> None:
    assert context_of(said(context=odd)) == {}


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://norte.mx/precios/?a=1", "/precios/"),
        ("https://norte.mx", "/"),
        ("/precios?x=1", "/precios"),
        ("https://norte.mx?x=1", "/"),
    ],
)
def test_an_address_has_a_path(url: str, path: str) -> None:
    assert path_of(url) == path
