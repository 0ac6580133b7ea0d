"""What speaks against a person behind a form that was sent; nothing is thrown away for it, facts carry it as reasons.

No third party is asked, and no puzzle is put to people: a field they do not see, the time it took, how often one
address sends, and what kind of mail address it is.
"""

import re
import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from django.utils.crypto import salted_hmac

from embudo.accounts.attempts import Recent
from embudo.core.event import Verdict
from embudo.forms.answering import Answers
from embudo.forms.ticket import Ticket

HONEYPOT = "website_address"  # a field that people do not see; those who fill in everything do
FASTEST_S = 1.5
WINDOW_S = 600.0
OFTEN, TOO_OFTEN = 10, 60  # sent by one address to one form within the window
MOST_LINKS = 3
MOST_ASKED = 3  # confirmations to one address in a day, whoever wrote it into the form

TRAP, FAST, UNTIMED, OFTEN_SENT, DISPOSABLE, LINKS = (
    f"form:{word}" for word in ("trap", "too_fast", "no_ticket", "often", "disposable_mail", "links")
)
LINK = re.compile(r"https?://|www\.|<a\s", re.IGNORECASE)

_sent = Recent(WINDOW_S)
_told = Recent(WINDOW_S)
_asked = Recent(86_400.0)


class TooOften(Exception):
    """One address sends more than people do; whoever it is may try again in some minutes."""


def marks(
    form: str,
    address: str,
    ticket: Ticket | None,
    posted: Mapping[str, Sequence[str]],
    answers: Answers,
    *,
    now_s: float,
) -> tuple[str, ...]:
    """Return what speaks against a person behind this, as reasons of its facts; raises TooOften."""
    found = []
    if any(value.strip() for value in posted.get(HONEYPOT, ())):
        found.append(TRAP)
    if ticket is None:
        found.append(UNTIMED)
    elif ticket.at_s is not None and now_s - ticket.at_s < FASTEST_S:
        found.append(FAST)
    sent = _counted(_sent, f"{form} {address}")
    if sent > TOO_OFTEN:
        raise TooOften
    if sent > OFTEN:
        found.append(OFTEN_SENT)
    if is_disposable(answers.traits.get("email")):
        found.append(DISPOSABLE)
    if _links(answers) > MOST_LINKS:
        found.append(LINKS)
    return tuple(found)


def verdict_of(reasons: Sequence[str], judged: Verdict) -> Verdict:
    """Return who is behind it: only a machine walks into the trap, any other doubt leaves it unverified."""
    if TRAP in reasons or judged is Verdict.MACHINE:
        return Verdict.MACHINE
    return Verdict.UNVERIFIED if any(each.startswith("form:") for each in reasons) else judged


def tells_too_often(form: str, address: str) -> bool:
    """Return whether an address tells of more showings of a form than people look at."""
    return _counted(_told, f"{form} {address}") > 20 * TOO_OFTEN


def was_asked_enough(mail: str) -> bool:
    """Return whether an address was asked to confirm so often today that more would only be a nuisance."""
    return _counted(_asked, salted_hmac("embudo.forms.asked", mail, algorithm="sha256").hexdigest()) > MOST_ASKED


def is_disposable(mail: Any) -> bool:
    """Return whether an address is one that is thrown away after a minute."""
    if not isinstance(mail, str) or "@" not in mail:
        return False
    labels = mail.rpartition("@")[2].lower().split(".")
    return any(".".join(labels[place:]) in _disposable() for place in range(len(labels) - 1))


@cache
def _disposable() -> frozenset[str]:
    from disposable_email_domains import blocklist

    return frozenset(blocklist)


def _links(answers: Answers) -> int:
    texts = [each.shown for each in answers.answers] + [
        each for each in answers.traits.values() if isinstance(each, str)
    ]
    return sum(len(LINK.findall(text)) for text in texts)


def _counted(recent: Recent, key: str) -> int:
    now = time.monotonic()
    recent.add(key, now)
    return recent.count(key, now)
