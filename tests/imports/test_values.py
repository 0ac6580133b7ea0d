from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embudo.imports.values import BadValue, Conventions

PLAIN = Conventions()
BRAZIL = Conventions("America/Sao_Paulo", ("%d/%m/%Y %H:%M", "%d/%m/%Y"), ",", frozenset({"n/d"}))


def micros(*parts: int) -> int:
    """An instant in UTC."""
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(("text", "instant"), [
    ("2026-03-02", micros(2026, 3, 2)),
    ("2026-03-02 09:30:00", micros(2026, 3, 2, 9, 30)),
    ("2026-03-02T09:30:00+02:00", micros(2026, 3, 2, 7, 30)),
    ("2026-03-02T09:30:00.250Z", micros(2026, 3, 2, 9, 30) + 250_000),
])  # fmt: skip
def test_dates_are_iso_unless_the_map_says_otherwise(text: str, instant: int) -> None:
    assert PLAIN.instant(text) == instant


def test_a_date_without_a_zone_is_of_the_maps_zone() -> None:
    assert BRAZIL.instant("02/03/2026 09:30") == micros(2026, 3, 2, 12, 30)
    assert BRAZIL.instant("02/03/2026") == micros(2026, 3, 2, 3)


@pytest.mark.parametrize("text", ["2026-03-02", "31/02/2026", "tomorrow"])
def test_a_date_that_is_written_otherwise_is_no_date(text: str) -> None:
    with pytest.raises(BadValue, match="is not a date written as 31/01/2026"):
        BRAZIL.instant(text)


def strictly(text: str, form: str) -> datetime | None:
    """What Python itself reads."""
    try:
        return datetime.strptime(text, form)
    except ValueError:
        return None


@given(
    st.sampled_from(["%d/%m/%Y %H:%M", "%Y-%m-%d", "%d%m%Y", "%m/%d/%Y %H:%M:%S", "%d.%m.%y", "%d %b %Y", "%Y%%%m-%d"]),
    st.datetimes(),
    st.none() | st.tuples(st.integers(0, 30), st.sampled_from("0123456789 /-:.x\N{ARABIC-INDIC DIGIT THREE}")),
)
def test_dates_of_digits_alone_are_read_as_python_reads_them(
    form: str, moment: datetime, change: tuple[int, str] | None
) -> None:
    text = moment.strftime(form)
    if change is not None:
        text = text[: change[0]] + change[1] + text[change[0] + 1 :]
    text = text.strip()
    conventions = Conventions("UTC", (form,))
    if (right := strictly(text, form)) is None:
        with pytest.raises(BadValue):
            conventions.instant(text)
    else:
        assert conventions.instant(text) == micros(*right.timetuple()[:6])


@pytest.mark.parametrize(("conventions", "text", "number"), [
    (PLAIN, "1,250.50", 1250.5), (BRAZIL, "1.250,50", 1250.5), (PLAIN, "-3", -3), (PLAIN, "1 000", 1000),
    (PLAIN, "2e3", 2000), (PLAIN, "0.0", 0),
])  # fmt: skip
def test_numbers_are_read_by_the_files_decimal_sign(conventions: Conventions, text: str, number: float) -> None:
    assert conventions.number(text) == number


@pytest.mark.parametrize(("conventions", "text"), [
    (PLAIN, "12,50"), (PLAIN, "1,5"), (PLAIN, "1.234,50"), (PLAIN, "1,234,50"), (PLAIN, "1,2345"),
    (BRAZIL, "12.50"), (BRAZIL, "1.5"), (BRAZIL, "1,234.50"),
])  # fmt: skip
def test_a_number_of_the_other_convention_is_refused_and_not_misread(conventions: Conventions, text: str) -> None:
    for kind in ("number", "money"):
        with pytest.raises(BadValue):
            conventions.read(text, kind)


@pytest.mark.parametrize(("conventions", "text", "amount"), [
    (PLAIN, "EUR 100", 100), (PLAIN, "100 EUR", 100), (PLAIN, "PEN 5", 5), (PLAIN, "(100)", -100),
    (PLAIN, "($1,234.50)", -1234.5), (PLAIN, "-$5", -5), (PLAIN, "$-5", -5), (PLAIN, "100-", -100),
    (PLAIN, "CHF 100.-", 100), (PLAIN, "S/. 100", 100), (PLAIN, "S/.100", 100), (PLAIN, "Rs.500", 500),
    (PLAIN, "$.50", 0.5), (PLAIN, "1.5E3", 1500), (PLAIN, "2e3 EUR", 2000), (BRAZIL, "(R$ 1.250,50)", -1250.5),
    (BRAZIL, "1.250,50 €", 1250.5),
])  # fmt: skip
def test_an_amount_is_read_with_its_currency_and_its_sign(conventions: Conventions, text: str, amount: float) -> None:
    assert conventions.read(text, "money") == amount


@pytest.mark.parametrize("text", ["5k", "$2.5M", "10 mil", "EUR", "12 / 13", "1 EUR 2"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="is not an amount of money"):
        PLAIN.read(text, "money")


@pytest.mark.parametrize("text", ["", "many", "nan", "inf", "1.2.3"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(BadValue):
        PLAIN.number(text)


def test_money_loses_its_currency() -> None:
    assert BRAZIL.read("R$ 1.250,50", "money") == 1250.5
    assert PLAIN.read("$40,000", "money") == 40_000


def test_what_means_not_known_is_absent() -> None:
    assert [BRAZIL.present(text) for text in ("", "  ", None, "n/d", " x ")] == [None, None, None, None, "x"]


def test_choices_yes_and_no_and_dates_have_their_forms() -> None:
    assert PLAIN.read("cat; dog ;", "choices") == ["cat", "dog"]
    assert PLAIN.read("a;b", "choices", values={"a": "Alpha"}) == ["Alpha", "b"]
    assert [PLAIN.read(text, "boolean") for text in ("Yes", "sí", "0", "não")] == [True, True, False, False]
    assert BRAZIL.read("02/03/2026", "date") == "2026-03-02"
    assert PLAIN.read("pet", "choice", values={"pet": "Pets"}) == "Pets"
    with pytest.raises(BadValue, match="neither yes nor no"):
        PLAIN.read("perhaps", "boolean")
