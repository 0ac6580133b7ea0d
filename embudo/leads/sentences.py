"""What somebody did, as one sentence of the timeline for every kind of fact."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from embudo.capture.sight import reason_called
from embudo.core.event import Door, Event
from embudo.leads import naming
from embudo.leads.history import WITHDRAWABLE
from embudo.ui import figures
from embudo.ui.stages import stage_of

StrOrPromise = str | Promise
LONGEST = 160
MOST_NAMES = 6  # of attributes stated at once
FAMILIES = {
    "web": ("page_viewed", "page_read", "content_viewed", "content_downloaded", "form_submitted", "link_clicked",
            "screen_viewed"),
    "mail": ("mail_sent", "mail_delivered", "mail_opened", "mail_clicked", "mail_bounced", "mail_complained",
             "mail_unsubscribed", "mail_replied", "newsletter_subscribed", "mail_confirmed"),
    "sales": ("demo_requested", "quote_requested", "trial_started", "meeting_held", "call_made", "note_written",
              "handoff_accepted", "handoff_rejected", "opportunity_opened", "opportunity_moved", "opportunity_won",
              "opportunity_lost", "stage_set", "purchase_made"),
    "profile": ("profile_changed", "company_changed", "identity_claimed", "consent_given", "consent_withdrawn"),
}  # fmt: skip
FAMILY = {kind: family for family, kinds in FAMILIES.items() for kind in kinds}


def sentence(event: Event, labels: Mapping[str, str] = naming.NO_LABELS) -> str:
    """Return what the fact says, beginning with a verb in the past; plain text, to be escaped.

    `labels` are the names that the company gave to its attributes.
    """
    if event.kind == "profile_changed":
        return _profile(event.props, labels)
    told = SENTENCES.get(event.kind)
    return told(event.props) if told else _other(event)


def family_of(kind: str) -> str:
    """Return the part of the timeline a kind belongs to: web, mail, sales, profile or other."""
    return FAMILY.get(kind, "other")


def detail(event: Event, labels: Mapping[str, str] = naming.NO_LABELS) -> list[str]:
    """Return what else is worth saying: answers of a form, a note, who recorded it, why it does not count."""
    said = []
    fields = event.props.get("fields")
    if isinstance(fields, Mapping):
        said += [
            f"{text(naming.attribute_called(str(name), labels))}: {text(value)}"
            for name, value in list(fields.items())[:6]
            if text(value)
        ]
    for name in ("note", "message", "detail"):
        if text(event.props.get(name)) and not (name == "note" and long_note(event)):
            said.append(text(event.props[name]))
    if event.door is Door.APP:
        by = text(event.context.get("by_name")) or text(event.props.get("by"))
        said += [_("recorded by %(name)s") % {"name": by}] if by else []
    return said + [reason_called(each) for each in event.reasons]


def long_note(event: Event) -> str:
    """Return the whole note of a fact when it is too long for a line; else nothing."""
    note = event.props.get("note")
    return note.strip() if isinstance(note, str) and (len(note) > LONGEST or "\n" in note.strip()) else ""


def withdrawal_needs(event: Event) -> str:
    """Return the permission to take a fact back; empty when nobody can: others than the app recorded it."""
    if event.door is not Door.APP or event.kind not in WITHDRAWABLE:
        return ""
    return "opportunities.edit" if event.kind.startswith(("handoff_", "opportunity_")) else "people.edit"


def text(value: Any) -> str:
    """Return a property as short plain text; anything but text, numbers and yes or no is empty."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    shown = " ".join(str(value).split())
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"


def named(props: Mapping[str, Any], *keys: str) -> str:
    """Return the first of these properties that says something."""
    return next((text(props.get(key)) for key in keys if text(props.get(key))), "")


def _about(with_name: StrOrPromise, without: StrOrPromise, *keys: str) -> Callable[[Mapping[str, Any]], str]:
    """A sentence that names a thing when the fact does."""

    def told(props: Mapping[str, Any]) -> str:
        name = named(props, *keys)
        return str(with_name) % {"name": name} if name else str(without)

    return told


def _plain(words: StrOrPromise) -> Callable[[Mapping[str, Any]], str]:
    return lambda props: str(words)


def _other(event: Event) -> str:
    name = named(event.props, "name", "title", "subject")
    words = _words(event.kind)
    return f"{words} “{name}”" if name else words


def _words(code: Any) -> str:
    return text(str(code).replace("_", " "))


def _read(props: Mapping[str, Any]) -> str:
    page = named(props, "title", "path", "url", "name") or _("a page")
    seconds, share = props.get("dwell_s"), props.get("scroll_share")
    if not isinstance(seconds, int | float):
        return _("viewed “%(name)s”") % {"name": page}
    words = _("read “%(name)s” for %(time)s") % {"name": page, "time": figures.clock(seconds)}
    return f"{words}, {figures.pct(share)}" if isinstance(share, int | float) else words


def _profile(props: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    traits = props.get("traits")
    names = [text(naming.attribute_called(each, labels)) for each in traits] if isinstance(traits, Mapping) else []
    names = [each for each in names if each != naming.attribute_called("email")] or names
    shown = [*names[:MOST_NAMES], "…"] if len(names) > MOST_NAMES else names
    return _("stated: %(names)s") % {"names": ", ".join(shown)} if shown else _("was identified")


def _money(props: Mapping[str, Any]) -> str:
    amount = props.get("amount")
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        return ""
    return f"{figures.number(amount)} {text(props.get('currency'))}".strip()


def _deal(words: StrOrPromise, with_reason: bool = False) -> Callable[[Mapping[str, Any]], str]:
    def told(props: Mapping[str, Any]) -> str:
        parts = [str(words), named(props, "name"), _money(props)]
        if with_reason:
            reason = text(props.get("reason"))
            parts.append(str(naming.LOSSES.get(reason) or reason))
        return " · ".join(part for part in parts if part)

    return told


def _rejected(props: Mapping[str, Any]) -> str:
    reason = text(props.get("reason"))
    said = str(naming.REJECTIONS.get(reason) or reason)
    return _("hand-off rejected: %(reason)s") % {"reason": said} if said else _("hand-off rejected")


def _stage(props: Mapping[str, Any]) -> str:
    words = _("stage set to %(stage)s") % {"stage": stage_of(text(props.get("stage")) or "visitor").label}
    return f"{words}: {text(props.get('reason'))}" if text(props.get("reason")) else words


def _call(props: Mapping[str, Any]) -> str:
    outcomes = {
        "held": _("spoke on the phone"),
        "voicemail": _("called: voice mail"),
        "no_answer": _("called: no answer"),
    }
    return outcomes.get(text(props.get("outcome"))) or _("called")


def _survey(props: Mapping[str, Any]) -> str:
    score, form = props.get("score"), named(props, "form")
    if form and not text(score):
        return _("answered the questions of “%(name)s”") % {"name": form}
    return _("answered a survey: %(score)s of 10") % {"score": text(score)} if text(score) else _("answered a survey")


def _bought(props: Mapping[str, Any]) -> str:
    parts = [named(props, "product", "name"), _money(props)]
    said = " · ".join(part for part in parts if part)
    return _("bought: %(what)s") % {"what": said} if said else _("bought something")


MAIL = ("subject", "name", "mail")
SENTENCES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "page_viewed": _read,
    "page_read": _read,
    "screen_viewed": _about(
        gettext_lazy("opened the screen “%(name)s”"), gettext_lazy("opened a screen"), "name", "title"
    ),
    "content_viewed": _about(
        gettext_lazy("looked at “%(name)s”"), gettext_lazy("looked at content"), "name", "title", "path"
    ),
    "content_downloaded": _about(
        gettext_lazy("downloaded “%(name)s”"), gettext_lazy("downloaded something"), "name", "title", "path", "url"
    ),
    "link_clicked": _about(gettext_lazy("followed the link %(name)s"), gettext_lazy("followed a link"), "url", "name"),
    "form_submitted": _about(
        gettext_lazy("filled in the form “%(name)s”"), gettext_lazy("filled in a form"), "form", "name"
    ),
    "newsletter_subscribed": _plain(gettext_lazy("subscribed to the newsletter")),
    "mail_sent": _about(gettext_lazy("was sent “%(name)s”"), gettext_lazy("was sent a mail"), *MAIL),
    "mail_delivered": _about(gettext_lazy("received “%(name)s”"), gettext_lazy("received a mail"), *MAIL),
    "mail_opened": _about(gettext_lazy("opened “%(name)s”"), gettext_lazy("opened a mail"), *MAIL),
    "mail_clicked": _about(
        gettext_lazy("followed a link in “%(name)s”"), gettext_lazy("followed a link in a mail"), *MAIL
    ),
    "mail_bounced": _about(gettext_lazy("“%(name)s” came back"), gettext_lazy("a mail came back"), *MAIL),
    "mail_complained": _about(gettext_lazy("marked “%(name)s” as spam"), gettext_lazy("marked a mail as spam"), *MAIL),
    "mail_unsubscribed": _plain(gettext_lazy("unsubscribed from mails")),
    "mail_replied": _about(gettext_lazy("answered “%(name)s”"), gettext_lazy("answered a mail"), *MAIL),
    "mail_confirmed": _plain(gettext_lazy("confirmed the mail address")),
    "demo_requested": _plain(gettext_lazy("asked for a demo")),
    "quote_requested": _plain(gettext_lazy("asked for a quote")),
    "trial_started": _plain(gettext_lazy("started a trial")),
    "meeting_held": _about(gettext_lazy("met us: %(name)s"), gettext_lazy("met us"), "subject", "name"),
    "call_made": _call,
    "note_written": _plain(gettext_lazy("a note was written")),
    "event_attended": _about(gettext_lazy("came to “%(name)s”"), gettext_lazy("came to an event"), "name", "title"),
    "event_registered": _about(
        gettext_lazy("registered for “%(name)s”"), gettext_lazy("registered for an event"), "name", "title"
    ),
    "social_interaction": _about(
        gettext_lazy("was active on %(name)s"), gettext_lazy("was active on social media"), "network", "name"
    ),
    "referral_made": _about(gettext_lazy("brought somebody: %(name)s"), gettext_lazy("brought somebody"), "name"),
    "survey_answered": _survey,
    "purchase_made": _bought,
    "company_changed": _about(
        gettext_lazy("belongs to %(name)s"), gettext_lazy("was assigned to a company"), "name", "group_id"
    ),
    "identity_claimed": _plain(gettext_lazy("was recognised on another device")),
    "stage_set": _stage,
    "handoff_accepted": _plain(gettext_lazy("sales accepted the hand-off")),
    "handoff_rejected": _rejected,
    "opportunity_opened": _deal(gettext_lazy("opportunity opened")),
    "opportunity_moved": _deal(gettext_lazy("opportunity moved on")),
    "opportunity_won": _deal(gettext_lazy("opportunity won")),
    "opportunity_lost": _deal(gettext_lazy("opportunity lost"), with_reason=True),
    "consent_given": _about(gettext_lazy("gave consent: %(name)s"), gettext_lazy("gave consent"), "purpose"),
    "consent_withdrawn": _about(
        gettext_lazy("withdrew consent: %(name)s"), gettext_lazy("withdrew consent"), "purpose"
    ),
    "people_merged": _plain(gettext_lazy("was joined with another person")),
    "people_unmerged": _plain(gettext_lazy("was taken apart from another person")),
    "identity_linked": _plain(gettext_lazy("an identifier was linked")),
    "fact_withdrawn": _plain(gettext_lazy("something was taken back")),
    "facts_expired": _plain(gettext_lazy("facts left after their time")),
    "verdict_revised": _plain(gettext_lazy("a fact was judged anew")),
}
