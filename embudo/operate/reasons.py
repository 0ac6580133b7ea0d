"""What each reason of a failed or refused event means, and what mends it."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Words:
    """A reason in words."""

    label: Any
    mend: Any


WORDS = {
    # failed: kept with the body
    "bad_compression": Words(_("Broken compression"), _("The sender's gzip body ends early or is damaged.")),
    "not_json": Words(_("Not JSON"), _("The sender must send one JSON object.")),
    "not_an_object": Words(_("Not an object"), _("The sender must send a JSON object, not a list or a text.")),
    "not_a_batch": Words(_("Not a batch"), _("A batch needs a list named “batch”.")),
    "event_too_large": Words(_("Event too large"), _("Send less in one event: 32 kB is the limit.")),
    "too_deep": Words(_("Nested too deep"), _("Send flatter properties.")),
    "bad_id": Words(_("Unusable id"), _("An event's messageId is a short text; the detail says how short.")),
    "unknown_type": Words(_("Unknown type"), _("The type is one of track, identify, page, screen, group, alias.")),
    "no_event_name": Words(_("No event name"), _("A track call needs the name of the event.")),
    "reserved_kind": Words(_("Reserved name"), _("Embudo itself writes events of this name; choose another.")),
    "kind_not_allowed": Words(_("Not allowed with a public key"), _("Send it from your server with a secret key.")),
    "bad_time": Words(_("Unreadable time"), _("Times are written like 2026-05-04T10:12:00Z.")),
    "from_the_future": Words(_("From the future"), _("Set the sender's clock, or send sentAt: it is corrected by it.")),
    "no_identifier": Words(_("Nobody named"), _("Send an anonymousId or a userId.")),
    "bad_identifier": Words(_("Unusable identifier"), _("Identifiers are texts without control characters.")),
    "unstorable": Words(_("Cannot be stored"), _("A text or number in it fits no database; the detail says which.")),
    "id_reused": Words(_("Id used twice"), _("The sender gave two different events one messageId; the first is kept.")),
    "not_followed": Words(_("Could not be processed"), _("It is in the log; after an update, run: embudo rebuild.")),
    # refused: counted, the body is not kept
    "unknown_key": Words(_("Unknown write key"), _("Compare the key in the page or SDK with the site's.")),
    "wrong_domain": Words(_("From another web site"), _("Add its domain to the site, if it is yours.")),
    "too_large": Words(_("Request too large"), _("Send smaller batches: 500 kB is the limit.")),
    "too_slow": Words(_("Sent too slowly"), _("The body did not arrive in time; the sender tries again.")),
    "rate_limited": Words(_("Too many at once"), _("EMBUDO_RATE_PER_KEY and EMBUDO_RATE_PER_ADDRESS set the limits.")),
    "consent_missing": Words(_("No consent yet"), _("The site requires consent; this is as it should be.")),
    "consent_refused": Words(_("Consent refused"), _("The visitor said no; this is as it should be.")),
    "failed_quota": Words(_("No room for failed bodies"), _("EMBUDO_FAILED_QUOTA_MB sets how much is kept.")),
    "erased": Words(_("Of an erased person"), _("They asked to be forgotten; this is as it should be.")),
}


def words_of(reason: str) -> Words:
    """Return the words of a reason; one we have no words for stands for itself."""
    return WORDS.get(reason) or Words(reason.replace("_", " "), "")
