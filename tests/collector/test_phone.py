"""National numbers get the country that stands beside them."""

from typing import Any

import pytest

from embudo.collector.phone import complete
from embudo.collector.traits import traits_of


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


@pytest.mark.parametrize("name", ["tel", "Mobile Phone", "phoneNumber", "mobile", "telephone"])
@pytest.mark.parametrize("country", [{"country": "MX"}, {"addressCountry": "MX"}, {"address": {"country": "mx"}}])
def test_phone_and_country_are_found_by_any_name_that_traits_call_them(name: str, country: dict[str, Any]) -> None:
    traits = {name: "55 1234 5678", **country}
    complete({"traits": traits})
    assert traits_of(traits)[0]["phone"] == "+525512345678"


def test_a_message_without_traits_is_left_alone() -> None:
    message = {"traits": "phone", "properties": ["phone"]}
    complete(message)
    assert message == {"traits": "phone", "properties": ["phone"]}
