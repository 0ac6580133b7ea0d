"""What spelling hides is taken away before records are compared."""

import pytest

from embudo.engines import records


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1500 N. Mason Avenue", (1500, "mason")),
        ("Rua Álvares Penteado, 112", (112, "alvares penteado")),
        ("Av. Paulista 1578 - 4º andar", (1578, "paulista 4o andar")),
        ("2929 W 19th Street", (2929, "19th")),
        ("7146-48 S. Ashland Ave.", (7146, "ashland")),
        ("Calle de Alcalá", (None, "de alcala")),
        ("", (None, None)),
    ],
)
def test_an_address_is_a_number_and_a_street(text: str, found: tuple[int | None, str | None]) -> None:
    record = records.company(1, {"address": text})
    assert (record["number"], record["street"]) == found


@pytest.mark.parametrize(
    ("told", "first", "last"),
    [
        ({"name": "Dr. Ana María Núñez"}, "ana", "maria nunez"),
        ({"first_name": "Ana", "last_name": "Núñez", "name": "Somebody Else"}, "ana", "nunez"),
        ({"name": "O'Brien"}, "obrien", None),
        ({"name": "山田 太郎"}, "山田", "太郎"),
        ({}, None, None),
    ],
)
def test_a_name_is_told_apart(told: dict[str, str], first: str | None, last: str | None) -> None:
    record = records.person(1, told)
    assert (record["first_name"], record["last_name"]) == (first, last)


def test_legal_forms_and_signs_say_nothing_of_a_company_unless_nothing_else_is_there() -> None:
    names = {records.company(1, {"name": name})["name"] for name in ("Norte Logística, S.A.", "NORTE LOGISTICA SA")}
    assert names == {"norte logistica"}
    assert records.company(1, {"name": "S.A."})["name"] == "sa"


def test_what_stands_before_the_at_is_compared_without_signs_and_only_when_it_names_somebody() -> None:
    assert records.person(1, {"mail": "Ana.Ruiz+news@norte.mx"})["mailbox"] == "anaruiz"
    assert records.person(1, {"mail": "info@norte.mx"})["mailbox"] is None
    assert records.person(1, {})["mail"] is None


@pytest.mark.parametrize(
    ("domain", "site"),
    [
        ("norte.mx", "norte"),
        ("www.norte.com.br", "norte"),
        ("mail.sol-e-luna.example", "soleluna"),
        ("co.uk", "co"),
        ("", ""),
    ],
)
def test_a_company_is_called_the_same_under_any_ending_of_its_domain(domain: str, site: str) -> None:
    assert records.company(1, {"domain": domain})["site"] == site


def test_of_a_company_whose_domain_nobody_asked_for_nothing_is_said_of_it() -> None:
    assert records.company(1, {"name": "Norte S.A."})["site"] is None
