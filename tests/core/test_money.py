import pytest

from embudo.core.money import TOO_MUCH, currency_of, has_amount, is_amount, read_money


def test_a_purchase_and_an_opportunity_have_an_amount_and_nothing_else() -> None:
    assert has_amount("purchase_made") and has_amount("opportunity_won") and has_amount("opportunity_opened")
    assert not has_amount("refund_paid") and not has_amount("page_viewed")


@pytest.mark.parametrize("value", [0, 0.5, 12, TOO_MUCH - 1])
def test_an_amount_is_a_number_not_below_zero(value: object) -> None:
    assert is_amount(value)


@pytest.mark.parametrize("value", [-0.01, -5, TOO_MUCH, float("nan"), float("inf"), True, "12", None])
def test_what_is_no_amount(value: object) -> None:
    assert not is_amount(value)


@pytest.mark.parametrize(
    ("text", "currency"), [("MXN", "MXN"), (" usd ", "USD"), ("EURO", None), ("$", None), (7, None)]
)
def test_a_currency_has_three_letters(text: object, currency: str | None) -> None:
    assert currency_of(text) == currency


def test_money_is_read_where_there_is_some_and_otherwise_set_aside() -> None:
    assert read_money("page_viewed", {"amount": -1}) == ({"amount": -1}, {})
    assert read_money("purchase_made", {"amount": 1, "currency": "brl"}) == ({"amount": 1, "currency": "BRL"}, {})
    assert read_money("purchase_made", {"amount": -1, "plan": "a"}) == ({"plan": "a"}, {"amount": -1})
    assert read_money("opportunity_won", {"amount": 3, "currency": "EURO"}) == ({"amount": 3}, {"currency": "EURO"})
    assert read_money("opportunity_won", {"amount": None, "currency": None})[1] == {}
