"""Double opt-in: a mail with a signed link asks whether the address is theirs; only a press of its button says so."""

from typing import Any
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
from embudo.forms.content import Content, read, said
from embudo.forms.models import Showing
from embudo.forms.ticket import Confirmation
from embudo.leads.clock import now
from embudo.leads.models import Identifier
from embudo.leads.record import the_log
from embudo.privacy.consent import Act, given
from embudo.privacy.models import Wording

UNSENT = "form:mail_not_sent"
PATIENCE_S = 10


def can_mail() -> bool:
    """Return whether there is a mail server to send by."""
    return bool(settings.EMBUDO.mail_url) or not settings.EMAIL_BACKEND.endswith("dummy.EmailBackend")


def may_ask(address: Any) -> bool:
    """Return whether an address may be asked once more today; asking counts."""
    return isinstance(address, str) and not guarding.was_asked_enough(address)


def can_be_asked(row: Showing) -> bool:
    """Return whether somebody here may have the mail sent, again or at all: not while the first is on its way."""
    under_way = row.ask_at is not None and UNSENT not in row.reasons
    return row.waiting is not None and row.subject is not None and row.verdict == Verdict.HUMAN and not under_way


def waiting_for(answers: Answers) -> list[list[Any]]:
    """Return the wordings that count once the address is confirmed: code, version and language of each."""
    return [[each.purpose.code, each.version, each.language] for each in answers.agreed]


def ask(row: Showing) -> bool:
    """Send the mail of a sending; returns False when its facts are gone. Raises OSError, LogUnavailable."""
    sent = sent_fact(row)
    address = sent.props.get("traits", {}).get("email") if sent else None
    if sent is None or not isinstance(address, str):
        return False
    content = content_of(row)
    language = str(sent.props.get("language", content.language))
    confirmation = Confirmation(row.pk, row.fact, row.waiting or [], language, sent.anonymous_id or "")
    link = settings.EMBUDO.site_address + reverse("forms:confirm", args=[confirmation.signed()])
    with override(language):
        title = " ".join((said(content.title, language, content.language) or row.form.slug).split())
        subject = _("Is this address yours?")
        body = _(
            "Hello,\n\nsomebody wrote this address in our form “%(form)s”. If it was you, open this page and confirm:"
            "\n\n%(link)s\n\nIf it was not you, do nothing: then no mail will follow."
        ) % {"form": title, "link": link}
    if not can_mail():
        raise OSError("no mail server is set (EMBUDO_MAIL_URL)")
    connection = get_connection(timeout=PATIENCE_S)
    EmailMessage(subject, body, content.sender or None, [address], connection=connection).send()
    return True


def sent_fact(row: Showing) -> Event | None:
    """Return the fact that a form was sent in this showing, None where it is gone."""
    if row.subject is None:
        return None
    key = (row.form.site.public_id, row.fact)
    return next((each for each in the_log().history({row.subject}) if each.key == key), None)


def content_of(row: Showing) -> Content:
    """Return what the form said when it was sent."""
    version = row.form.versions.filter(number=row.version).first()
    return read(version.content) if version else row.form.draft


def confirm(showing: Showing, confirmation: Confirmation) -> bool:
    """Record that the address is theirs and what they agreed to.

    Returns False when nobody is known by it any more, or when the form was sent anew: the link is of what was there
    before, perhaps of another address. Raises LogUnavailable: then nothing was kept.
    """
    if not showing.fact or showing.fact != confirmation.fact:
        return False
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
    kept = all(each.outcome in (Outcome.ACCEPTED, Outcome.DUPLICATE) for each in receipts)
    if kept:
        Showing.objects.filter(pk=showing.pk, fact=showing.fact).update(waiting=None, ask_at=None)
    return kept
