"""Our names for what others state, one form for mail addresses and phone numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embudo.collector.traits import mail_of, phone_of, traits_of


@pytest.mark.parametrize(
    ("text", "mail"),
    [
        (" Ana@Norte.MX ", "ana@norte.mx"),
        ("mailto:ana+demo@norte.com.br", "ana+demo@norte.com.br"),
        ("o'hara@sub.norte.io", "o'hara@sub.norte.io"),
        ("ana@münchen.de", "ana@xn--mnchen-3ya.de"),
    ],
)
def test_a_mail_address_has_one_form(text: str, mail: str) -> None:
    assert mail_of(text) == mail


@pytest.mark.parametrize(
    "text",
    [
        None, 7, [], "", "ana", "ana@", "@norte.mx", "ana@norte", "a b@norte.mx", ".ana@norte.mx", "ana.@norte.mx",
        "a..b@norte.mx", "ana@-norte.mx", "ana@norte..mx", "ana@norte.m", "ana@norte.123", "ana@[127.0.0.1]",
        "a@b@norte.mx", "x" * 65 + "@norte.mx", "ana@" + "n" * 64 + ".mx", "ana@" + "n." * 130 + "mx", "ana@\udc80.mx",
        "ana@norte.mx\nbcc: x@y.zz", "x" * 400 + "@norte.mx",
    ],
)  # fmt: skip
def test_what_is_no_mail_address_names_nobody(text: object) -> None:
    assert mail_of(text) is None


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("+52 55 1234-5678", "+525512345678"),
        ("0052 (55) 1234.5678", "+525512345678"),
        ("tel:+34911234567", "+34911234567"),
        ("+44 (0)20 7946 0000", "+442079460000"),
        ("+55 11\u00a091234\u20115678", "+5511912345678"),
    ],
)
def test_a_phone_number_has_one_form(text: str, phone: str) -> None:
    assert phone_of(text) == phone


@pytest.mark.parametrize(
    "text",
    [
        None,
        5255,
        "",
        "55 1234 5678",
        "+12345",
        "+1234567890123456",
        "+0123456789",
        "+52 55 ABC",
        "+٣٤٩١١٢٣٤٥٦٧",
        "+" + "1" * 60,
    ],
)
def test_a_number_without_its_country_names_nobody(text: object) -> None:
    assert phone_of(text) is None


@given(st.text(max_size=60) | st.emails())
def test_a_normal_form_is_its_own_normal_form(text: str) -> None:
    for normal in (mail_of, phone_of):
        once = normal(text)
        assert once is None or normal(once) == once


def test_traits_come_under_their_standard_names() -> None:
    said = {
        "Email": "Ana@Norte.MX", "firstName": " Ana ", "lastname": "Ruiz", "jobTitle": "CTO", "phoneNumber": "55 1234",
        "company": {"name": "Norte", "employees": 40, "website": "norte.mx", "industry": "Software"},
        "address": {"country": "MX", "city": "Mérida", "postalCode": "97000"}, "favourite colors": ["red", 7, {"x": 1}],
        "Plan": {"tier": {"level": 3, "more": {"deep": {"er": 1}}}}, "empty": "", "none": None, "!!!": 1, "vip": True,
    }  # fmt: skip
    traits, unusable = traits_of(said)
    assert traits == {
        "email": "ana@norte.mx", "first_name": "Ana", "last_name": "Ruiz", "title": "CTO", "phone": "55 1234",
        "company": "Norte", "company_size": 40, "company_domain": "norte.mx", "industry": "Software", "country": "MX",
        "city": "Mérida", "postal_code": "97000", "favourite_colors": ["red", 7], "plan_tier_level": 3, "vip": True,
    }  # fmt: skip
    assert unusable == {"plan_tier_more": {"deep": {"er": 1}}}


def test_a_mail_that_is_none_is_kept_aside() -> None:
    assert traits_of({"email": "ana at norte", "emailAddress": "ana@norte.mx"}) == (
        {"email": "ana@norte.mx"}, {"email": "ana at norte"},
    )  # fmt: skip


def test_whole_numbers_beyond_64_bits_are_unusable() -> None:
    traits, unusable = traits_of({"size": 2**63, "shoes": [1, 10**400], "budget": -(2**63)})
    assert traits == {"shoes": [1], "budget": -(2**63)}
    assert unusable == {"size": str(2**63)}
