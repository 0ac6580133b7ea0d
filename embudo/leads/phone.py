"""How a phone number written without its country becomes an international one."""

import re
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneMetadata

from embudo.collector.traits import phone_of

NOISE = re.compile(r"[\s().\-/]+")


def international(text: str, country: str) -> str | None:
    """Return a phone number in E.164, or None; `country` (ISO 3166, "MX") is that of numbers written without one."""
    found = phone_of(text)
    if found is not None or not country:
        return found
    return _plain(NOISE.sub("", text), country.upper()) or _parsed(text, country.upper())


def _plain(digits: str, country: str) -> str | None:
    """The quick way for most numbers: of a usual length, and without any prefix that would have to be taken off."""
    plan = _plan(country)
    if plan is None or not digits.isascii() or not digits.isdecimal():
        return None
    code, lengths, prefixed = plan
    return None if len(digits) not in lengths or prefixed.match(digits) else f"+{code}{digits}"


@lru_cache(maxsize=256)
def _plan(country: str) -> tuple[str, tuple[int, ...], "re.Pattern[str]"] | None:
    """The code of a country, how many digits its numbers have, and what may stand before them."""
    plan = PhoneMetadata.metadata_for_region(country)
    if plan is None:
        return None
    code = str(plan.country_code)
    prefixes = (plan.national_prefix_for_parsing, plan.international_prefix, "00", code)
    return code, plan.general_desc.possible_length, re.compile("|".join(f"(?:{each})" for each in prefixes if each))


def _parsed(text: str, country: str) -> str | None:
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
