"""Gives a phone number the country that stands beside it, before core asks for E.164."""

from typing import Any

from embudo.collector.field import part
from embudo.collector.traits import name_of, phone_of, traits_of


def complete(message: dict[str, Any]) -> None:
    """Write the number of a message's traits with its country, where the traits name one ("MX") that it fits."""
    for traits in (part(message, "traits"), part(part(message, "properties"), "traits")):
        name = next((name for name in traits if name_of(name) == "phone"), "")
        if name and isinstance(traits, dict) and isinstance(traits[name], str) and not phone_of(traits[name]):
            country = traits_of(traits)[0].get("country")
            if isinstance(country, str):
                traits[name] = _international(traits[name], country) or traits[name]


def _international(text: str, country: str) -> str:
    """Return a national number in E.164, "" when it is none of this country (ISO 3166-1 alpha-2)."""
    if len(country) != 2 or len(text) > 40:
        return ""
    import phonenumbers  # its tables are large: only who sends national numbers pays for them

    try:
        number = phonenumbers.parse(text, country.upper())
    except phonenumbers.NumberParseException:
        return ""
    valid = phonenumbers.is_valid_number(number)
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)) if valid else ""
