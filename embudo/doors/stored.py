"""What the doors for other software store (privacy/stored.py asks)."""

from django.utils.translation import gettext_lazy as _

from embudo.privacy.stored import NO_PERSON, USER_LONG, Place

_LONG = _("30 days after it was sent")
TABLES = {
    "doors.ApiKey": Place(_("API keys, as hashes"), _("other software acts by them"), USER_LONG, False),
    "doors.Answer": Place(_("answers to requests of software"), _("a repeated request is done once"), _("a day")),
    "doors.Hold": Place(_("who is changing what just now"), _("one change at a time"), _("seconds"), False),
    "doors.Spending": Place(
        _("how much of its rate a key has spent"), _("one limit for all processes"), USER_LONG, False
    ),
    "doors.Waiting": Place(_("who waits for an answer of sales"), _("webhooks are told once"), _("while they wait")),
    "doors.Endpoint": Place(_("webhooks, with their secrets sealed"), _("whom to tell what happens"), USER_LONG, False),
    "doors.Delivery": Place(
        _("what webhooks are told"),
        _("sent until it is taken, and sent again when asked"),
        _("30 days after it was sent"),
    ),
    "doors.Attempt": Place(_("tries to tell a webhook"), _("to see what went wrong"), _LONG),
    "doors.Place": Place(_("how far webhooks have read"), _("to go on from there"), NO_PERSON, False),
}
