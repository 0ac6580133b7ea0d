import pytest

from embudo.ui.cells import plain_cell


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1",
        "\u00a0@x",
        "\ufeff=1",
        "\u200b=1",
        "＝1",
        "|calc",
        "%0",
        "  \t -1",
        "\u3000=1",
        "\u202e=1",
    ],
)
def test_what_a_spreadsheet_would_compute_gets_a_quote(text: str) -> None:
    assert plain_cell(text) == f"'{text}"


@pytest.mark.parametrize("sign", [";", "\t", "\n", "\r"])
def test_a_cell_that_begins_within_a_text_is_text_too(sign: str) -> None:
    """Excel in Spanish and Portuguese splits at semicolons, and the quotes around a text with a comma do not hold."""
    assert plain_cell(f"Ana, x{sign} =HYPERLINK(1)") == f"Ana, x{sign}' =HYPERLINK(1)"
    assert plain_cell(f"Ana{sign}Ruiz") == f"Ana{sign}Ruiz"


def test_a_text_made_to_be_slow_is_not() -> None:
    assert plain_cell(";" + "\n " * 200_000) == ";" + "\n " * 200_000


@pytest.mark.parametrize("value", ["", "Ana", "a=b", "ana@norte.mx", 0, -3, 1.5, True])
def test_other_values_stay_as_they_are(value: object) -> None:
    assert plain_cell(value) == value


def test_nothing_is_an_empty_cell_and_a_nul_goes() -> None:
    assert plain_cell(None) == ""
    assert plain_cell("\0=1") == "'=1"
