"""The link by which a person reaches their own consents: it names them, and tells nobody who they are.

A token is the person's number under a synthetic initialisation vector (RFC 5297's way to deterministic authenticated
encryption): a keyed hash of the number, which signs it and keys what hides it. Without the install's secret nobody can
make one, change one, or see in two tokens anything of the people.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b
from hmac import compare_digest

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import salted_hmac

TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")  # 16 bytes of signature, 8 of the number
_SIGN, _HIDE = "embudo.privacy.link.sign", "embudo.privacy.link.hide"


class BadToken(ValueError):
    """This token was not made here."""


def token_of(person: int) -> str:
    """Return the token of a person, the same each time."""
    number = person.to_bytes(8, "big", signed=True)
    signature = _digest(_SIGN, number, 16)
    return urlsafe_b64encode(signature + _xor(number, _digest(_HIDE, signature, 8))).decode()


def person_in(token: str) -> int:
    """Return the person a token names; raises BadToken."""
    if not TOKEN.fullmatch(token):
        raise BadToken
    raw = urlsafe_b64decode(token)
    signature, hidden = raw[:16], raw[16:]
    number = _xor(hidden, _digest(_HIDE, signature, 8))
    if not compare_digest(signature, _digest(_SIGN, number, 16)):
        raise BadToken
    return int.from_bytes(number, "big", signed=True)


def address_of(person: int) -> str:
    """Return the whole address of a person's own page."""
    return settings.EMBUDO.site_address + reverse("privacy:link", args=[token_of(person)])


def _digest(salt: str, message: bytes, size: int) -> bytes:
    key = salted_hmac(salt, "", algorithm="sha256").digest()
    return blake2b(message, key=key, digest_size=size).digest()


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
