"""What happens when a form is sent: first its facts are durable, then the showing knows, then the thanks."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings

from embudo.core.event import Verdict
from embudo.eventlog import Outcome
from embudo.forms import guarding
from embudo.forms.answering import Answers, answered, typed_in
from embudo.forms.confirming import ask
from embudo.forms.content import Content, Kind
from embudo.forms.facts import Sender, Sending, facts
from embudo.forms.models import Form, Showing, Touched
from embudo.forms.ticket import Ticket
from embudo.leads.record import the_log

SECOND = 1_000_000
CORRECTED_S = 60  # for so long after a sending another one from the same page corrects it
SAME_S = 600  # of HTML without a ticket: the same answers within this are the same sending


class NotKept(Exception):
    """The log took something else under this id, or could not hold it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """How it went: `errors` by field when nothing was kept, else the showing it is known by."""

    values: Mapping[str, Sequence[str]]
    answers: Answers
    showing: str = ""
    asked: bool = False  # by mail, whether the address is theirs

    @property
    def kept(self) -> bool:
        """Whether the facts are in the log."""
        return bool(self.showing)


def send(
    form: Form,
    content: Content,
    language: str,
    ticket: Ticket | None,
    posted: Mapping[str, Sequence[str]],
    sender: Sender,
    *,
    skipped: frozenset[str] = frozenset(),
) -> Sent:
    """Keep what was sent, or return what is wrong with it.

    Raises guarding.TooOften, NotKept, or LogUnavailable: then nothing was kept.
    """
    values = typed_in(content, posted)
    answers = answered(content, values, language, skipped=skipped)
    if answers.errors:
        return Sent(values, answers)
    reasons = guarding.marks(form.slug, sender.address, ticket, posted, answers, now_s=sender.at / SECOND)
    sending = _sending(form, content, language, ticket, values, sender)
    events = facts(sending, answers, sender, reasons)
    _about_to_keep(form, sending, sender, ticket, events[0].subject)
    receipts = the_log().append(events)
    if any(each.outcome not in (Outcome.ACCEPTED, Outcome.DUPLICATE) for each in receipts):
        raise NotKept(", ".join(each.outcome.value for each in receipts))
    Showing.objects.filter(pk=sending.showing).update(
        sent_at=sender.at, verdict=events[0].verdict.value, reasons=list(events[0].reasons)
    )
    if events[0].verdict is Verdict.MACHINE:
        Touched.objects.filter(showing=sending.showing).delete()
    fresh, human = receipts[0].outcome is Outcome.ACCEPTED, events[0].verdict is Verdict.HUMAN
    asked = sending.held and fresh and human and ask(content, sending, answers, browser=sender.browser)
    return Sent(values, answers, sending.showing, asked)


def _sending(
    form: Form,
    content: Content,
    language: str,
    ticket: Ticket | None,
    values: Mapping[str, Sequence[str]],
    sender: Sender,
) -> Sending:
    said = json.dumps([form.slug, sorted(values.items())], ensure_ascii=False)
    showing = ticket.showing if ticket and ticket.showing else ""
    if not showing or _was_sent_by_others(showing, sender.at):
        showing = uuid5(NAMESPACE_URL, f"{settings.SECRET_KEY} {said} {sender.at // SECOND // SAME_S}").hex
    held = content.confirm and any(each.kind is Kind.ATTRIBUTE and each.name == "email" for each in content.fields)
    version = ticket.version if ticket else form.published.number if form.published else 0
    id = str(uuid5(NAMESPACE_URL, f"{showing} {said}"))
    return Sending(form.slug, version, showing, language, form.site.public_id, id, content.means, held)


def _was_sent_by_others(showing: str, at: int) -> bool:
    """Whether what comes now is more than a correction of what this showing was sent with: a page left open."""
    return Showing.objects.filter(pk=showing, sent_at__lt=at - CORRECTED_S * SECOND).exists()


def _about_to_keep(form: Form, sending: Sending, sender: Sender, ticket: Ticket | None, subject: int) -> None:
    """Write which fact is about to be kept: a crash after the log has it leaves a row that can be looked up."""
    at = int(ticket.at_s * SECOND) if ticket and ticket.at_s else sender.at
    fresh = {"form": form, "version": sending.version, "at": at}
    row, _new = Showing.objects.get_or_create(pk=sending.showing, defaults=fresh)
    row.started_at = row.started_at or at
    row.fact, row.subject = sending.id, subject
    row.save(update_fields=["started_at", "fact", "subject"])
