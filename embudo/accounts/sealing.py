"""How secrets that must be read again lie in the tables: encrypted under the install's key, each purpose by its own."""

import base64
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models
from django.utils.crypto import salted_hmac


class Unreadable(ValueError):
    """This text was not sealed under the install's key of now, nor under one of before that is still known."""


def sealed(text: str, purpose: str) -> str:
    """Return the text as it may lie in a table."""
    return _box(purpose).encrypt(text.encode()).decode()


def opened(text: str, purpose: str) -> str:
    """Return what was sealed for a purpose; raises Unreadable."""
    try:
        return _box(purpose).decrypt(text.encode()).decode()
    except InvalidToken as error:
        raise Unreadable("it was sealed under another key of the install") from error


class SealedField(models.TextField):
    """A text that lies sealed in its table; read, it is the text itself, or None when the key was another one.

    Empty stays empty. `purpose` separates the keys of one kind of secret from those of others.
    """

    def __init__(self, *args: Any, purpose: str, **given: Any) -> None:
        super().__init__(*args, **given)
        self.purpose = purpose

    def deconstruct(self) -> Any:
        """Return how a migration writes the field: as the text column that it is."""
        name, _path, args, given = super().deconstruct()
        return name, "django.db.models.TextField", args, given

    def clone(self) -> "SealedField":
        """Return a field like this one."""
        _name, _path, args, given = self.deconstruct()
        return SealedField(*args, purpose=self.purpose, **given)

    def get_prep_value(self, value: Any) -> Any:
        """Return the text as the table keeps it."""
        return sealed(value, self.purpose) if value else value

    def from_db_value(self, value: Any, _expression: Any, _connection: Any) -> Any:
        """Return the text as it was given."""
        try:
            return opened(value, self.purpose) if value else value
        except Unreadable:
            return None


def _box(purpose: str) -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [salted_hmac(purpose, "", secret=key, algorithm="sha256").digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
