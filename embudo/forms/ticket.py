"""Signed words that a browser brings back: when it was shown which form, what it may download, what it may confirm.

None holds anything about a person: they name a showing by its unguessable id.
"""

import uuid
from dataclasses import dataclass
from typing import Any

from django.core import signing

SHOWN, FILE, CONFIRM = "embudo.forms.shown", "embudo.forms.file", "embudo.forms.confirm"
FILE_AGE_S, CONFIRM_AGE_S = 7 * 86_400, 14 * 86_400
LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Ticket:
    """That a form was shown; `at_s` is when, None in HTML that was pasted once and for all."""

    form: str
    version: int
    showing: str
    at_s: float | None

    @classmethod
    def new(cls, form: str, version: int, *, at_s: float | None) -> "Ticket":
        """Return the ticket of a new showing."""
        return cls(form, version, uuid.uuid4().hex if at_s is not None else "", at_s)

    def signed(self) -> str:
        """Return it as a form carries it."""
        return signing.dumps([self.form, self.version, self.showing, self.at_s], salt=SHOWN)


def read_ticket(text: str, form: str) -> Ticket | None:
    """Return the ticket of a form, None when it is not ours or of another form."""
    held = _read(text, SHOWN, None)
    if not isinstance(held, list) or len(held) != 4 or held[0] != form:
        return None
    return Ticket(*held)


def file_link(form: str, file: int, showing: str) -> str:
    """Return the signed words of a download."""
    return signing.dumps([form, file, showing], salt=FILE)


def read_file_link(text: str) -> tuple[str, int, str] | None:
    """Return form, file and showing of a download; None when the link is not ours or too old."""
    held = _read(text, FILE, FILE_AGE_S)
    return tuple(held) if isinstance(held, list) and len(held) == 3 else None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What somebody confirms: that the address of one sending is theirs, and the wordings they agreed to there."""

    showing: str
    fact: str  # of the sending: a correction has another one, so that no link confirms what it was not sent for
    purposes: list[list[Any]]  # [code, version, language] of each wording
    language: str
    browser: str  # the tracker's id that the form was sent from, if any

    def signed(self) -> str:
        """Return it as a link carries it."""
        held = [self.showing, self.fact, self.purposes, self.language, self.browser]
        return signing.dumps(held, salt=CONFIRM, compress=True)


def read_confirmation(text: str) -> Confirmation | None:
    """Return what a link confirms; None when it is not ours or too old."""
    held = _read(text, CONFIRM, CONFIRM_AGE_S)
    return Confirmation(*held) if isinstance(held, list) and len(held) == 5 else None


def _read(text: str, salt: str, age_s: int | None) -> Any:
    if not isinstance(text, str) or len(text) > LONGEST or not text.isascii():
        return None
    try:
        return signing.loads(text, salt=salt, max_age=age_s)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    except Exception:  # a signed text of another make, decompressed to nonsense
        return None
