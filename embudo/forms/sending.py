"""What happens when a form is sent: first its facts are durable, then the showing knows, then the thanks."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from django.utils.crypto import salted_hmac

from embudo.core.event import Event, Verdict
from embudo.eventlog import Outcome
from embudo.forms import guarding
from embudo.forms.answering import Answers, answered, typed_in
from embudo.forms.confirming import can_mail, may_ask, waiting_for
from embudo.forms.content import Content, Kind
from embudo.forms.facts import Sender, Sending, facts
from embudo.forms.models import Form, Showing, Touched
from embudo.forms.ticket import Ticket
from embudo.leads.record import the_log

SECOND = 1_000_000
CORRECTED_S = 60  # for so long after a sending another one from the same page corrects it
OF_THE_FACT = ("fact", "subject", "waiting", "ask_at", "asked_at")
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
    row = _about_to_keep(form, sending, sender, ticket, answers, events[0])
    receipts = the_log().append(events)
    if any(each.outcome not in (Outcome.ACCEPTED, Outcome.DUPLICATE) for each in receipts):
        raise NotKept(", ".join(each.outcome.value for each in receipts))
    _kept(row, events[0], at=sender.at)
    return Sent(values, answers, sending.showing, can_mail() and (row.ask_at or row.asked_at) is not None)


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
        who = json.dumps([sender.address, sender.user_agent])  # two people who say the same are two
        seed = f"{said} {who} {sender.at // SECOND // SAME_S}"
        showing = salted_hmac("embudo.forms.showing", seed, algorithm="sha256").hexdigest()[:32]
    held = content.confirm and any(each.kind is Kind.ATTRIBUTE and each.name == "email" for each in content.fields)
    version = ticket.version if ticket else form.published.number if form.published else 0
    id = str(uuid5(NAMESPACE_URL, f"{showing} {said}"))
    return Sending(form.slug, version, showing, language, form.site.public_id, id, content.means, held)


def _was_sent_by_others(showing: str, at: int) -> bool:
    """Whether what comes now is more than a correction of what this showing was sent with: a page left open."""
    return Showing.objects.filter(pk=showing, sent_at__lt=at - CORRECTED_S * SECOND).exists()


def _about_to_keep(
    form: Form, sending: Sending, sender: Sender, ticket: Ticket | None, answers: Answers, sent: Event
) -> Showing:
    """Write which fact is about to be kept: a crash after the log has it leaves a row that can be looked up.

    A correction leaves the row as it is until the log has it. Returns the row as it will be.
    """
    at = int(ticket.at_s * SECOND) if ticket and ticket.at_s else sender.at
    fresh = {"form": form, "version": sending.version, "at": at}
    row, _new = Showing.objects.get_or_create(pk=sending.showing, defaults=fresh)
    if row.fact != sending.id:  # else it is sent again: a double click, or after the log was down
        row.fact, row.subject, row.asked_at = sending.id, sent.subject, None
        row.waiting = waiting_for(answers) if sending.held and "email" in answers.traits else None
        asks = row.waiting is not None and sent.verdict is Verdict.HUMAN and may_ask(answers.traits.get("email"))
        row.ask_at = sender.at if asks else None
    row.started_at, row.keeping_at = row.started_at or at, sender.at
    written = {name: getattr(row, name) for name in ("started_at", "keeping_at", *OF_THE_FACT)}
    Showing.objects.filter(pk=row.pk, sent_at=None).update(**written)
    return row


def _kept(row: Showing, sent: Event, *, at: int) -> None:
    """Write that it is kept, once; also over what somebody wrote who thought that it never would be."""
    judged = {"sent_at": at, "verdict": sent.verdict.value, "reasons": list(sent.reasons)}
    unsent = Showing.objects.filter(pk=row.pk).exclude(fact=row.fact, sent_at__isnull=False)
    fresh = unsent.update(started_at=row.started_at, **{name: getattr(row, name) for name in OF_THE_FACT}, **judged)
    if fresh and sent.verdict is Verdict.MACHINE:
        Touched.objects.filter(showing=row).delete()
