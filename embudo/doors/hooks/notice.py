"""Who is told that a webhook was paused by itself: whoever made it by mail; the pages show it to everybody."""

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from embudo.doors.models import Endpoint

logger = logging.getLogger(__name__)


def paused(endpoint: Endpoint) -> None:
    """Say that a webhook is paused; a mail server that does not answer changes nothing about that."""
    logger.warning("the webhook %d was paused: it %s", endpoint.pk, endpoint.paused_why)
    maker = endpoint.made_by
    if not settings.EMBUDO.mail_url or maker is None or not maker.is_active:
        return
    address = settings.EMBUDO.site_address + reverse("doors:webhook", args=[endpoint.pk])
    with translation.override(maker.language or settings.EMBUDO.language):
        subject = _("The webhook “%(name)s” is paused") % {"name": endpoint.name}
        text = _(
            "Embudo has paused the webhook “%(name)s”, because it kept failing or said that it is gone. "
            "Nothing is lost: what happens meanwhile waits. See what it answered and resume it here: %(address)s"
        )
        try:
            send_mail(subject, text % {"name": endpoint.name, "address": address}, None, [maker.email])
        except (OSError, SMTPException) as error:
            logger.warning("the notice could not be sent: %s", type(error).__name__)
