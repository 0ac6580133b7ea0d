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
    ],
)
def test_what_a_spreadsheet_would_compute_gets_a_quote(text: str) -> None:
    assert plain_cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["", "Ana", "a=b", "ana@norte.mx", 0, -3, 1.5, True])
def test_other_values_stay_as_they_are(value: object) -> None:
    assert plain_cell(value) == value


def test_nothing_is_an_empty_cell_and_a_nul_goes() -> None:
    assert plain_cell(None) == ""
    assert plain_cell("\0=1") == "'=1"
