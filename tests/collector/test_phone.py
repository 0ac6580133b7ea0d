"""National numbers get the country that stands beside them."""

from typing import Any

import pytest

from embudo.collector.phone import complete


@pytest.mark.parametrize(
    ("traits", "phone"),
    [
        ({"phone": "55 1234 5678", "country": "MX"}, "+525512345678"),
        ({"phone": "(11) 91234-5678", "address": {"country": "br"}}, "+5511912345678"),
        ({"phone": "912 345 678", "country": "ES"}, "+34912345678"),
        ({"phone": "+34 912 345 678", "country": "MX"}, "+34 912 345 678"),
        ({"phone": "12", "country": "MX"}, "12"),
        ({"phone": "call me", "country": "MX"}, "call me"),
        ({"phone": "55 1234 5678", "country": "Mexico"}, "55 1234 5678"),
        ({"phone": "55 1234 5678"}, "55 1234 5678"),
        ({"phone": 5512345678, "country": "MX"}, 5512345678),
        ({"phone": "5" * 80, "country": "MX"}, "5" * 80),
        ({"phone": "55 1234 5678", "country": ["MX"]}, "55 1234 5678"),
    ],
)
def test_a_number_gets_its_country_only_where_it_fits(traits: dict[str, Any], phone: object) -> None:
    for message in ({"traits": dict(traits)}, {"properties": {"traits": dict(traits)}}):
        complete(message)
        assert (message.get("traits") or message["properties"]["traits"])["phone"] == phone


def test_a_message_without_traits_is_left_alone() -> None:
    message = {"traits": "phone", "properties": ["phone"]}
    complete(message)
    assert message == {"traits": "phone", "properties": ["phone"]}
