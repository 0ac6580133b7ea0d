"""What each reason of a failed or refused event means: what happened and what to do, in English, as the wire says it.

The site says the same in the reader's language (operate/reasons.py).
"""

from collections.abc import Mapping
from typing import NamedTuple

from embudo.core.intake import Reason


class Words(NamedTuple):
    """A reason in words: its name, a sentence about what happened and why, and one about what to do."""

    label: str
    happened: str
    mend: str


_AS_IT_SHOULD_BE = "Nothing: this is as it should be."

WORDS: Mapping[Reason, Words] = {
    # failed: kept with the body
    Reason.BAD_COMPRESSION: Words(
        "Broken compression",
        "The body is not compressed as its Content-Encoding says, or it ends too early.",
        "Send it plain, or compressed with gzip.",
    ),
    Reason.NOT_JSON: Words(
        "Not JSON",
        "The body is no JSON: it is cut off, in another format, or holds a text that is not Unicode.",
        "Send one JSON object in UTF-8.",
    ),
    Reason.NOT_AN_OBJECT: Words(
        "Not an object", "The message is a list, a text or a number.", "Send a JSON object for each message."
    ),
    Reason.NOT_A_BATCH: Words(
        "Not a batch",
        "The body has no list “batch”, or the list holds more than 2,500 messages.",
        "Send an object with a shorter list “batch”.",
    ),
    Reason.EVENT_TOO_LARGE: Words(
        "Event too large",
        "The message is larger than 32 kB.",
        "Send less in one event; leave out files and whole pages.",
    ),
    Reason.TOO_DEEP: Words(
        "Nested too deep", "The message nests deeper than 16 levels.", "Send flatter properties and traits."
    ),
    Reason.BAD_ID: Words(
        "Unusable id", "The messageId is not a text of 1 to 256 characters.", "Send a UUID as messageId, or none."
    ),
    Reason.UNKNOWN_TYPE: Words(
        "Unknown type",
        "The type is missing, or is none that is known here.",
        "Send track, identify, page, screen, group or alias as type.",
    ),
    Reason.NO_EVENT_NAME: Words(
        "No event name",
        "A track message names no event, or one without letters and digits.",
        "Say in “event” what happened, for example Demo Requested.",
    ),
    Reason.RESERVED_KIND: Words(
        "Reserved name",
        "Only Embudo itself records events of this name: they are its own decisions, about identity for example.",
        "Choose another name for the event.",
    ),
    Reason.KIND_NOT_ALLOWED: Words(
        "Not allowed with a public key",
        "Anybody can read a public key, so events of this name are not believed when they come by one.",
        "Send it from your server with a secret key.",
    ),
    Reason.UNKNOWN_STAGE: Words(
        "Unknown stage",
        "The event sets a stage that the definition of a lead does not know.",
        "Send one of the stages that the detail lists; once the definition knows it, replay the event.",
    ),
    Reason.BAD_TIME: Words(
        "Unreadable time",
        "The timestamp cannot be read, or lies before 1970.",
        "Write times like 2026-05-04T10:12:00Z, or in milliseconds since 1970.",
    ),
    Reason.FROM_THE_FUTURE: Words(
        "From the future",
        "The event lies more than five minutes ahead, also after the sender's clock was corrected.",
        "Set the sender's clock, and send sentAt, by which it is corrected.",
    ),
    Reason.NO_IDENTIFIER: Words(
        "Nobody named",
        "The message names nobody: no userId, no anonymousId, no mail address, no phone number.",
        "Send a userId or an anonymousId.",
    ),
    Reason.BAD_IDENTIFIER: Words(
        "Unusable identifier",
        "The userId or anonymousId is not a text of 1 to 256 characters.",
        "Send a short text or a whole number.",
    ),
    Reason.UNSTORABLE: Words(
        "Cannot be stored",
        "A text or number in it fits no database.",
        "The detail says which; leave it out, or send it as a short text.",
    ),
    Reason.ID_REUSED: Words(
        "Id used twice",
        "Another event of this site has the same messageId and says something else; the first one is kept.",
        "Give each event a messageId of its own, and repeat one only to send the same event again.",
    ),
    Reason.SUBJECT_COLLISION: Words(
        "Identifier hashes like another",
        "By a rare chance this identifier has the same hash as one that is known, so its facts count for nobody.",
        "Send another identifier of the person, such as a userId.",
    ),
    Reason.NOT_FOLLOWED: Words(
        "Could not be processed",
        "The event is in the log, but could not be added to its person.",
        "After an update, run: embudo rebuild.",
    ),
    # refused: counted, the body is not kept
    Reason.UNKNOWN_KEY: Words(
        "Unknown write key",
        "The write key belongs to no site, or was revoked.",
        "Compare it with the keys of the site.",
    ),
    Reason.WRONG_DOMAIN: Words(
        "From another web site",
        "A public key was used on a page of a domain that its site does not list.",
        "Add the domain to the site, if it is yours.",
    ),
    Reason.TOO_LARGE: Words("Request too large", "The body is larger than 500 kB.", "Send smaller batches."),
    Reason.TOO_SLOW: Words(
        "Sent too slowly",
        "The body did not arrive within 20 seconds.",
        "Send it again, in smaller parts over a slow line.",
    ),
    Reason.RATE_LIMITED: Words(
        "Too many at once",
        "The key or the network address sends more than its limit.",
        "Wait as long as Retry-After says; EMBUDO_RATE_PER_KEY and EMBUDO_RATE_PER_ADDRESS set the limits.",
    ),
    Reason.CONSENT_MISSING: Words(
        "No consent yet", "The site requires consent, and the visitor has not given it.", _AS_IT_SHOULD_BE
    ),
    Reason.CONSENT_REFUSED: Words(
        "Consent refused", "The visitor refused, or their browser objects (GPC, DNT).", _AS_IT_SHOULD_BE
    ),
    Reason.FAILED_QUOTA: Words(
        "No room for failed bodies",
        "It failed, and the room for the bodies of failed events is full.",
        "EMBUDO_FAILED_QUOTA_MB sets how much is kept.",
    ),
    Reason.ERASED: Words(
        "Of an erased person", "It is of a person who was erased, from before the erasure.", _AS_IT_SHOULD_BE
    ),
}


def sentences_of(reason: Reason) -> str:
    """Return what happened and what to do, as two sentences."""
    return f"{WORDS[reason].happened} {WORDS[reason].mend}"
