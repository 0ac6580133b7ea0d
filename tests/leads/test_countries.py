"""Countries and languages: kept as codes, shown as names in the reader's language, found by any of their names."""

import pytest
from django.utils import translation

from embudo.leads.countries import countries, country_called, country_of, language_called
from embudo.leads.naming import option_label


@pytest.mark.parametrize(
    ("language", "code", "name"),
    [
        ("en", "DE", "Germany"), ("es", "DE", "Alemania"), ("pt-br", "DE", "Alemanha"), ("es", "mx", "México"),
        ("en", "Atlantis", "Atlantis"), ("en", "", ""), ("en", "EU", "EU"),
    ],
)  # fmt: skip
def test_a_country_is_called_as_the_reader_calls_it(language: str, code: str, name: str) -> None:
    with translation.override(language):
        assert country_called(code) == name
        assert option_label("country", code) == name


@pytest.mark.parametrize("typed", ["MX", "mx", " Mexico ", "México", "MEXICO", "méxico"])
def test_a_country_is_found_by_code_and_by_name(typed: str) -> None:
    assert country_of(typed) == "MX"


@pytest.mark.parametrize(
    ("typed", "code"),
    [("Alemania", "DE"), ("Alemanha", "DE"), ("Germany", "DE"), ("EE. UU.", "US"), ("USA", "US"),
     ("Estados Unidos", "US"), ("Atlantis", None), ("", None), ("EU", None), ("ZZ", None), ("M", None)],
)  # fmt: skip
def test_every_language_of_the_interface_names_countries_and_nothing_else_does(typed: str, code: str | None) -> None:
    assert country_of(typed) == code


@pytest.mark.parametrize("language", ["en", "es", "pt-br"])
def test_every_name_that_is_offered_is_understood(language: str) -> None:
    with translation.override(language):
        offered = countries()
        assert len(offered) > 200
        assert all(country_called(country_of(name) or "") == name for name in offered)


def test_a_language_is_called_as_the_reader_calls_it() -> None:
    with translation.override("es"):
        assert [language_called(code) for code in ("pt-BR", "pt-br", "de", "klingon!")] == [
            "portugués de Brasil", "portugués de Brasil", "alemán", "klingon!",
        ]  # fmt: skip
