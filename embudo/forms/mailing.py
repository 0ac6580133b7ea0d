"""The mails that ask whether an address is theirs: sent by the process `work`, tried again while they cannot be sent.

No row is lost by a crash: whoever takes one makes it due again in a minute, and the mail that went out ends that.
"""

import logging

from django.db.models import QuerySet

from embudo.core.event import DAY, MINUTE
from embudo.eventlog import LogUnavailable
from embudo.forms.confirming import UNSENT, ask
from embudo.forms.counts import WAITS, settle
from embudo.forms.models import Showing
from embudo.leads.clock import now

logger = logging.getLogger(__name__)
GIVES_UP = DAY  # after the form was sent; somebody here may have it sent again


def turn() -> bool:
    """Send the mail that has been due longest; returns whether there was one."""
    cut_short = Showing.objects.filter(ask_at__lte=now() - WAITS, sent_at=None).select_related("form__site").first()
    if cut_short is not None:  # by a crash between log and table
        settle(cut_short.form)
    due = Showing.objects.filter(ask_at__lte=now(), sent_at__isnull=False)
    row = due.select_related("form__site").order_by("ask_at").first()
    if row is None:
        return False
    held_until = now() + MINUTE
    if Showing.objects.filter(pk=row.pk, fact=row.fact, ask_at=row.ask_at).update(ask_at=held_until):
        _send(row, Showing.objects.filter(pk=row.pk, fact=row.fact, ask_at=held_until))
    return True


def _send(row: Showing, mine: QuerySet[Showing]) -> None:
    try:
        asked_at = now() if ask(row) else None
    except LogUnavailable:  # held until then
        return
    except (OSError, ValueError) as error:  # smtplib's own are among them, and headers that are none
        logger.warning("a confirmation could not be sent: %s", type(error).__name__)
        mine.update(ask_at=_again(row), reasons=[*_without(row), UNSENT])
        return
    mine.update(ask_at=None, asked_at=asked_at, reasons=_without(row))


def _without(row: Showing) -> list[str]:
    return [each for each in row.reasons if each != UNSENT]


def _again(row: Showing) -> int | None:
    """When it is tried again: each time as much later as has passed since the form was sent."""
    passed = now() - (row.sent_at or 0)
    return None if passed > GIVES_UP else now() + max(MINUTE, passed)
