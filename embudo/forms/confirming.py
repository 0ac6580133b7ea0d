"""Double opt-in: a mail with a signed link asks whether the address is theirs; only a press of its button says so."""

import logging
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from embudo.core.event import Door, Event, Verdict, subject_of
from embudo.eventlog import Outcome
from embudo.forms import guarding
from embudo.forms.answering import Answers
from embudo.forms.content import Content, said
from embudo.forms.facts import Sending
from embudo.forms.models import Showing
from embudo.forms.ticket import Confirmation
from embudo.leads.clock import now
from embudo.leads.models import Identifier
from embudo.leads.record import the_log
from embudo.privacy.consent import Act, given
from embudo.privacy.models import Wording

logger = logging.getLogger(__name__)
UNSENT = "form:mail_not_sent"
PATIENCE_S = 10


def ask(content: Content, sending: Sending, answers: Answers, *, browser: str = "") -> bool:
    """Send the mail and return whether the server took it; otherwise the showing says so. The facts are kept by now."""
    address = answers.traits.get("email")
    if not isinstance(address, str) or guarding.was_asked_enough(address):
        return False
    purposes = [[each.purpose.code, each.version, each.language] for each in answers.agreed]
    confirmation = Confirmation(sending.showing, purposes, sending.language, browser)
    link = settings.EMBUDO.site_address + reverse("forms:confirm", args=[confirmation.signed()])
    with override(sending.language):
        title = " ".join((said(content.title, sending.language, content.language) or sending.form).split())
        subject = _("Is this address yours?")
        body = _(
            "Hello,\n\nsomebody wrote this address in our form “%(form)s”. If it was you, open this page and confirm:"
            "\n\n%(link)s\n\nIf it was not you, do nothing: then no mail will follow."
        ) % {"form": title, "link": link}
    try:
        if not settings.EMBUDO.mail_url and settings.EMAIL_BACKEND.endswith("dummy.EmailBackend"):
            raise OSError("no mail server is set (EMBUDO_MAIL_URL)")
        connection = get_connection(timeout=PATIENCE_S)
        EmailMessage(subject, body, content.sender or None, [address], connection=connection).send()
    except OSError as error:  # smtplib's own are among them
        logger.warning("a confirmation could not be sent: %s", type(error).__name__)
        row = Showing.objects.get(pk=sending.showing)
        row.reasons = [*row.reasons, UNSENT]
        row.save(update_fields=["reasons"])
        return False
    return True


def confirm(showing: Showing, confirmation: Confirmation) -> bool:
    """Record that the address is theirs and what they agreed to; False when nobody is known by it any more.

    Raises LogUnavailable: then nothing was kept.
    """
    held = Identifier.objects.filter(subject=showing.subject).first() if showing.subject is not None else None
    if held is None or not held.identifier.startswith("mail:"):
        return False
    at, site = now(), showing.form.site.public_id
    events = [
        Event(
            source=site, id=str(uuid5(NAMESPACE_URL, f"{showing.fact} confirmed")), kind="mail_confirmed", at=at,
            received_at=at, known_at=at, identifier=held.identifier, subject=subject_of(held.identifier),
            door=Door.PUBLIC, verdict=Verdict.HUMAN, site=site, props={"form": showing.form.slug},
            anonymous_id=confirmation.browser or None,
        )
    ]  # fmt: skip
    for code, version, language in confirmation.purposes:
        wording = Wording.objects.filter(purpose__code=code, version=version, language=language).first()
        if wording:
            id = str(uuid5(NAMESPACE_URL, f"{showing.fact} confirmed {code}"))
            events.append(
                given(
                    wording, held.identifier, act=Act.LINK, id=id, at=at, form=showing.form.slug,
                    source=site, site=site, door=Door.PUBLIC,
                )
            )  # fmt: skip
    receipts = the_log().append(events)
    return all(each.outcome in (Outcome.ACCEPTED, Outcome.DUPLICATE) for each in receipts)
