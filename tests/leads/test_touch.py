from dataclasses import replace
from typing import Any

import pytest

from embudo.core.event import Verdict
from embudo.leads.touch import Touch, touch_of
from tests.cast import ada

VISIT = ada.visits("/")[0]


@pytest.mark.parametrize(("context", "touch"), [
    ({"utm": {"source": "news", "medium": "email", "campaign": "may"}, "url": "https://n.example/a?x=1"},
     Touch("news", "email", "may", "/a")),
    ({"url": "https://n.example/a", "referrer": "https://www.google.com.mx/"}, Touch("google", "organic", "", "/a")),
    ({"url": "https://n.example/", "referrer": "https://lnkd.in/x"}, Touch("linkedin", "social", "", "/")),
    ({"url": "https://n.example/", "referrer": "https://t.co/x"}, Touch("twitter", "social", "", "/")),
    ({"url": "https://n.example/", "referrer": "https://mail.yahoo.com/"}, Touch("yahoo", "email", "", "/")),
    ({"url": "https://n.example/", "referrer": "https://www.firm.mx/x"}, Touch("firm.mx", "referral", "", "/")),
    ({"url": "https://n.example/b", "referrer": "https://n.example/a"}, Touch("direct", "direct", "", "/b")),
    ({"url": "https://n.example/b", "referrer": "https://www.n.example/a"}, Touch("direct", "direct", "", "/b")),
    ({"url": "https://WWW.n.example/b", "referrer": "https://n.example/a"}, Touch("direct", "direct", "", "/b")),
    ({"url": "https://n.example/b"}, Touch("direct", "direct", "", "/b")),
    ({"landing_page": "lp-7"}, Touch("", "", "", "lp-7")),
    ({"utm": {"campaign": "may"}}, Touch("", "", "may", "")),
    ({"referrer": "http://[broken"}, Touch("direct", "direct", "", "")),
    ({"utm": "no mapping", "locale": "es"}, None),
    ({}, None),
])  # fmt: skip
def test_a_visit_came_about_by(context: dict[str, Any], touch: Touch | None) -> None:
    assert touch_of(replace(VISIT, context=context)) == touch


def test_a_machine_is_no_touch() -> None:
    assert touch_of(replace(VISIT, context={"utm": {"source": "x"}}, verdict=Verdict.MACHINE)) is None
