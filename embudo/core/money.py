"""What money is in a purchase or an opportunity: no amount below zero, a currency of three letters (ISO 4217)."""

import re
from collections.abc import Mapping
from typing import Any

TOO_MUCH = 10**15  # what no amount reaches
CURRENCY = "[A-Z]{3}"


def has_amount(kind: str) -> bool:
    """Return whether an event of this kind says for how much money something was, or is to be, bought."""
    return kind == "purchase_made" or kind.startswith("opportunity_")


def is_amount(value: Any) -> bool:
    """Return whether a value is an amount of money."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < TOO_MUCH


def currency_of(text: Any) -> str | None:
    """Return the currency that a text names, in capitals; None when it names none."""
    found = text.strip().upper() if isinstance(text, str) else ""
    return found if re.fullmatch(CURRENCY, found) else None


def read_money(kind: str, props: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the properties of an event with its amount and currency as they can be read, and those that cannot."""
    if not has_amount(kind):
        return props, {}
    unusable: dict[str, Any] = {}
    read = dict(props)
    if read.get("amount") is not None and not is_amount(read["amount"]):
        unusable["amount"] = read.pop("amount")
    if read.get("currency") is not None:
        currency = currency_of(read["currency"])
        if currency is None:
            unusable["currency"] = read.pop("currency")
        else:
            read["currency"] = currency
    return read, unusable
