"""What traits say of a person: names brought to our attributes, mail addresses and phone numbers to one form."""

import re
from collections.abc import Mapping
from typing import Any

from embudo.collector.spelling import MAX_NAME, snake_case

MAX_DEPTH = 3  # levels of nested traits that become names such as "plan_tier"

Traits = Mapping[str, Any]

_ALIASES = {
    "mail": "email",
    "e_mail": "email",
    "email_address": "email",
    "tel": "phone",
    "telephone": "phone",
    "phone_number": "phone",
    "mobile": "phone",
    "mobile_phone": "phone",
    "given_name": "first_name",
    "firstname": "first_name",
    "family_name": "last_name",
    "lastname": "last_name",
    "surname": "last_name",
    "full_name": "name",
    "fullname": "name",
    "job_title": "title",
    "position": "title",
    "organization": "company",
    "organisation": "company",
    "company_name": "company",
    "employees": "company_size",
    "employee_count": "company_size",
    "zip": "postal_code",
    "address_country": "country",
    "address_state": "state",
    "address_city": "city",
    "address_street": "street",
    "address_postal_code": "postal_code",
    "company_employees": "company_size",
    "company_employee_count": "company_size",
    "company_industry": "industry",
    "company_website": "company_domain",
    "locale": "language",
}

_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})")
_PHONE_NOISE = re.compile(r"[\s().\-/\u00a0\u2010-\u2015]+")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def mail_of(text: object) -> str | None:
    """Return a mail address in the form identifiers use, or None when the text is none.

    Lower case, international domains as ASCII (RFC 3490), at most 254 characters (RFC 5321). Dots and
    tags in the part before the @ stay: whether they matter is the receiving server's business.
    """
    if not isinstance(text, str) or len(text) > 320:
        return None
    local, at, domain = text.strip().lower().removeprefix("mailto:").rpartition("@")
    if not at or len(local) > 64 or not _LOCAL.fullmatch(local):
        return None
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    if not _DOMAIN.fullmatch(domain) or len(local) + len(domain) > 253:
        return None
    return f"{local}@{domain}"


def phone_of(text: object) -> str | None:
    """Return a phone number in E.164 ("+5215512345678"), or None when it does not state its country.

    A number without + or 00 has no country of its own: the door may add it beforehand.
    """
    if not isinstance(text, str) or len(text) > 40:
        return None
    digits = _PHONE_NOISE.sub("", text.strip().removeprefix("tel:").replace("(0)", ""))
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    return digits if digits.isascii() and _E164.fullmatch(digits) else None


def name_of(key: str) -> str:
    """Return the standard name of a trait, however its sender calls it; "" when nothing is left of it."""
    name = snake_case(key)
    return _ALIASES.get(name, name)


def traits_of(given: Traits) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what traits say under their standard names, and what of it cannot be used (bad mail, bad number).

    Nested traits become names with an underscore; a list of texts or numbers stays one attribute with several values.
    """
    traits: dict[str, Any] = {}
    unusable: dict[str, Any] = {}
    _collect(given, "", MAX_DEPTH, traits, unusable)
    return traits, unusable


def _collect(given: Traits, prefix: str, depth: int, traits: dict[str, Any], unusable: dict[str, Any]) -> None:
    for key, value in given.items():
        name = name_of(prefix + key)
        if not name:
            continue
        if isinstance(value, Mapping):
            if depth > 1:
                _collect(value, name + "_", depth - 1, traits, unusable)
            else:
                unusable[name] = value
        else:
            _set(name, value, traits, unusable)


def _set(name: str, value: Any, traits: dict[str, Any], unusable: dict[str, Any]) -> None:
    if isinstance(value, str):
        value = value.strip()
    elif isinstance(value, list):
        value = [each for each in value if isinstance(each, str | int | float) and not _is_vast(each)]
    if _is_vast(value):
        unusable[name] = str(value)[:MAX_NAME]
        return
    if name == "email" and value not in ("", None):
        mail = mail_of(value)
        if mail is None:
            unusable[name] = value
        value = mail
    elif name == "phone":
        value = phone_of(value) or value
    if value is not None and value != "":
        traits.setdefault(name, value)


def _is_vast(value: Any) -> bool:
    """Whether it is a whole number beyond 64 bits, which no engine computes with."""
    return isinstance(value, int) and not -(2**63) <= value < 2**63
