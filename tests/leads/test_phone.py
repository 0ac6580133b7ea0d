import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from embudo.leads import phone
from embudo.leads.phone import international

COUNTRIES = ("MX", "BR", "CO", "AR", "CL", "PE", "ES", "PT", "US", "GB", "DE", "IT", "AU", "ZZ")


@pytest.mark.parametrize(("text", "country", "number"), [
    ("55 1234 5678", "MX", "+525512345678"), ("+44 20 7946 0000", "MX", "+442079460000"),
    ("(011) 98765-4321", "BR", "+5511987654321"), ("0044 20 7946 0000", "", "+442079460000"),
    ("55 1234 5678", "", None), ("12", "MX", None), ("call me", "MX", None), ("020 7946 0000", "gb", "+442079460000"),
])  # fmt: skip
def test_a_number_gets_its_country(text: str, country: str, number: str | None) -> None:
    assert international(text, country) == number


@settings(max_examples=500)
@example(digits="001203551", country="ES")
@given(digits=st.text("0123456789", min_size=5, max_size=13), country=st.sampled_from(COUNTRIES))
def test_the_quick_way_says_what_the_whole_parser_says(digits: str, country: str) -> None:
    quick = phone._plain(digits, country)
    assert quick is None or quick == phone._parsed(digits, country)
