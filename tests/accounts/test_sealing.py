"""Secrets that lie in tables: read under the key they were sealed by, and under no other."""

from typing import Any

import pytest

from embudo.accounts.sealing import SealedField, Unreadable, opened, sealed


def test_what_was_sealed_is_opened_again_and_does_not_show_it() -> None:
    text = sealed("whsec_Ñandú", "a")
    assert "whsec" not in text and text != sealed("whsec_Ñandú", "a")
    assert opened(text, "a") == "whsec_Ñandú"


def test_each_purpose_has_a_key_of_its_own() -> None:
    with pytest.raises(Unreadable):
        opened(sealed("secret", "a"), "b")
    with pytest.raises(Unreadable):
        opened("secret", "a")


def test_a_key_of_before_opens_while_it_is_known(settings: Any) -> None:
    text, was = sealed("secret", "a"), settings.SECRET_KEY
    settings.SECRET_KEY = "another"
    with pytest.raises(Unreadable):
        opened(text, "a")
    settings.SECRET_KEY_FALLBACKS = [was]
    assert opened(text, "a") == "secret"


def test_a_field_is_the_text_itself_or_nothing_when_it_cannot_be_read(settings: Any) -> None:
    field = SealedField(purpose="a")
    kept = field.get_prep_value("secret")
    assert "secret" not in kept and field.from_db_value(kept, None, None) == "secret"
    assert field.get_prep_value("") == "" == field.from_db_value("", None, None)
    settings.SECRET_KEY = "another"
    assert field.from_db_value(kept, None, None) is None
