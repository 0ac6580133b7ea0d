"""How an event of the log reads to people: what happened, by whom, and whether it counts."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, pgettext

from embudo.core.event import Door, Event, Verdict, is_anonymous


@dataclass(frozen=True)
class Sight:
    """One line of the live view; `raw` is the whole event for those who look closer."""

    at: int
    what: str
    detail: str
    who: str
    door: str
    verdict: str
    reasons: str
    raw: str


def sights(events: Iterable[Event]) -> list[Sight]:
    """Return events as lines, in the reader's language."""
    return [_sight(event) for event in events]


def _sight(event: Event) -> Sight:
    return Sight(
        at=event.received_at,
        what=what_happened(event.kind),
        detail=_detail(event),
        who=_who(event),
        door=gettext("by a secret key") if event.door is Door.SECRET else gettext("from a page"),
        verdict=event.verdict.value,
        reasons=", ".join(reason_called(reason) for reason in event.reasons),
        raw=json.dumps(_plain(event), ensure_ascii=False, indent=2, default=str),
    )


def what_happened(kind: str) -> str:
    """Return a kind in the reader's words; a company's own kind reads as it is called."""
    known = {
        "page_viewed": gettext("Page viewed"),
        "page_read": gettext("Page read"),
        "content_viewed": gettext("Content viewed"),
        "content_downloaded": gettext("Content downloaded"),
        "form_submitted": gettext("Form submitted"),
        "newsletter_subscribed": gettext("Newsletter subscribed"),
        "demo_requested": gettext("Demo requested"),
        "quote_requested": gettext("Quote requested"),
        "trial_started": gettext("Trial started"),
        "purchase_made": gettext("Purchase made"),
        "profile_changed": gettext("Profile changed"),
        "company_changed": gettext("Company changed"),
        "companies_merged": gettext("Companies joined"),
        "companies_unmerged": gettext("Companies taken apart"),
        "identity_claimed": gettext("Identity claimed"),
        "consent_given": gettext("Consent given"),
        "consent_withdrawn": gettext("Consent withdrawn"),
        "link_clicked": gettext("Link clicked"),
        "screen_viewed": gettext("Screen viewed"),
        "mail_sent": gettext("Mail sent"),
        "mail_delivered": gettext("Mail delivered"),
        "mail_opened": gettext("Mail opened"),
        "mail_clicked": gettext("Mail clicked"),
        "mail_bounced": gettext("Mail bounced"),
        "mail_complained": gettext("Mail marked as spam"),
        "mail_unsubscribed": gettext("Mail unsubscribed"),
        "mail_replied": gettext("Mail answered"),
        "meeting_held": gettext("Meeting held"),
        "call_made": gettext("Call made"),
        "event_attended": gettext("Event attended"),
        "social_interaction": gettext("Social interaction"),
        "referral_made": gettext("Referral made"),
        "survey_answered": gettext("Survey answered"),
        "stage_set": gettext("Stage set"),
        "handoff_accepted": gettext("Hand-off accepted"),
        "handoff_rejected": gettext("Hand-off rejected"),
        "opportunity_opened": gettext("Opportunity opened"),
        "opportunity_moved": gettext("Opportunity moved"),
        "opportunity_won": gettext("Opportunity won"),
        "opportunity_lost": gettext("Opportunity lost"),
    }
    return known.get(kind) or kind.replace("_", " ").capitalize()


def _detail(event: Event) -> str:
    props = event.props
    read = (
        [gettext("%(share)s%% read") % {"share": round(props["scroll_share"] * 100)}]
        if _is_number(props.get("scroll_share"))
        else []
    )
    named = next((str(props[name]) for name in ("path", "title", "form", "name", "url") if props.get(name)), "")
    return " · ".join([part for part in [named[:200], *read] if part])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _who(event: Event) -> str:
    traits = event.props.get("traits")
    if isinstance(traits, dict) and isinstance(traits.get("email"), str):
        return traits["email"][:200]
    if event.identifier.startswith("daily:"):
        return gettext("daily visitor")
    if is_anonymous(event.identifier):
        return gettext("anonymous visitor")
    door, _, who = event.identifier.partition(":")
    return gettext("user %(id)s") % {"id": who} if door == "user" else who


def reason_called(reason: str) -> str:
    """Return in the reader's words what speaks against a human behind an event; an unknown code stands for itself."""
    known = {
        "user_agent:bot": gettext("says that it is a robot"),
        "user_agent:headless": gettext("a browser without a window"),
        "user_agent:missing": gettext("does not say which browser it is"),
        "webdriver": gettext("a browser steered by a program"),
        "prefetch": gettext("fetched ahead, seen by nobody"),
        "impossible_rate": gettext("faster than a human"),
        "no_reading": gettext("opens many pages and reads none"),
        "no_assets": gettext("loads pages without their pictures and styles"),
        "robots_txt": gettext("asks for robots.txt, as only robots do"),
        "feed_reader": gettext("reads feeds and loads nothing of a page"),
        "replayed": gettext("failed first and taken in again"),
        "mail_scanner": gettext("done by a mail scanner"),
        "embudo": gettext("recorded by Embudo itself"),
        "revised": gettext("judged anew"),
        "form:trap": gettext("filled in a field that people do not see"),
        "form:too_fast": gettext("faster than hands"),
        "form:no_ticket": gettext("the form was not opened before it was sent"),
        "form:often": gettext("sent many times from one network"),
        "form:disposable_mail": gettext("a mail address to throw away"),
        "form:links": gettext("a text full of links"),
        "form:mail_not_sent": gettext("the mail that asks for confirmation could not be sent"),
    }
    code, _, value = reason.partition(":")
    return known.get(reason) or known.get(code) or f"{code} {value}".replace("_", " ").strip()


def verdict_words(verdict: str) -> str:
    """Return who is behind an event, in the reader's words."""
    return {
        Verdict.HUMAN.value: pgettext("who is behind an event", "human"),
        Verdict.MACHINE.value: pgettext("who is behind an event", "machine"),
        Verdict.UNVERIFIED.value: pgettext("who is behind an event", "unverified"),
    }[verdict]


def _plain(event: Event) -> dict[str, Any]:
    return {
        "kind": event.kind,
        "id": event.id,
        "identifier": event.identifier,
        "anonymous_id": event.anonymous_id,
        "user_id": event.user_id,
        "props": event.props,
        "context": event.context,
        "consent": event.consent,
        "verdict": event.verdict.value,
        "reasons": event.reasons,
    }
