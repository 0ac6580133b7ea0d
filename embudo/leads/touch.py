"""What a touch is: how a visit came about (source, medium, campaign, landing page), and which one is first and last.

The first touch is the earliest and stays. The last is the latest that came from somewhere; where none did, the latest:
who comes back by typing the address, or goes on from page to page, was brought by what brought them before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from embudo.core.event import Event, Verdict

SEARCH = ("google", "bing", "duckduckgo", "yahoo", "ecosia", "baidu", "yandex", "startpage", "qwant", "brave")
SOCIAL = (
    "facebook", "instagram", "linkedin", "lnkd", "twitter", "x", "t", "youtube", "tiktok", "pinterest", "reddit",
    "whatsapp",
)  # fmt: skip
MAIL = ("mail", "outlook", "webmail")


OUTBOUND = (  # media by which we went to them, not they to us
    "outbound", "cold", "cold-call", "cold-email", "cold-mail", "outreach", "prospecting", "call", "social-selling",
)  # fmt: skip
DIRECT = "direct"


@dataclass(frozen=True, slots=True)
class Touch:
    """How somebody came: source "google", medium "organic", campaign, and the path they landed on."""

    source: str
    medium: str
    campaign: str
    landing_page: str


def is_outbound(medium: str) -> bool:
    """Return whether we went to them, by the medium of a touch; else they came to us."""
    return medium.strip().lower().replace("_", "-").replace(" ", "-") in OUTBOUND


def rank_of(event: Event, touch: Touch) -> tuple[int, int, str, str]:
    """Return what is greatest of the last touch: that it came from somewhere, then the order of its fact."""
    return (int(touch.source not in ("", DIRECT)), *event.order)


def touch_of(event: Event) -> Touch | None:
    """Return the touch an event carries, or None when it says nothing of how the visit came about."""
    context = event.context
    if event.verdict is Verdict.MACHINE or not context:
        return None
    utm = context.get("utm")
    utm = utm if isinstance(utm, Mapping) else {}
    url, referrer = _text(context.get("url")), _text(context.get("referrer"))
    landing_page = _text(context.get("landing_page")) or _path(url)
    if utm.get("source"):
        return Touch(_text(utm["source"]), _text(utm.get("medium")), _text(utm.get("campaign")), landing_page)
    if not landing_page and not referrer and not utm:
        return None
    if not url and not referrer:  # an import that does not know where they came from
        return Touch("", _text(utm.get("medium")), _text(utm.get("campaign")), landing_page)
    source, medium = _from_referrer(referrer, _host(url))
    return Touch(source, medium, _text(utm.get("campaign")), landing_page)


def _from_referrer(referrer: str, own_host: str) -> tuple[str, str]:
    host = _host(referrer)
    if not host or same_site(host, own_host):
        return DIRECT, DIRECT
    return _channel(host)


def same_site(one: str, other: str) -> bool:
    """Return whether two hosts are one site's, with or without www."""
    return one.lower().removeprefix("www.") == other.lower().removeprefix("www.")


@lru_cache(maxsize=4096)
def _channel(host: str) -> tuple[str, str]:
    labels = host.removeprefix("www.").split(".")
    if labels[0] in MAIL:
        return next((label for label in labels[1:] if len(label) > 3), host), "email"
    for label in labels[:-1]:
        if label in SEARCH:
            return label, "organic"
        if label in SOCIAL and (len(label) > 1 or label == labels[0]):
            return {"lnkd": "linkedin", "t": "twitter", "x": "twitter"}.get(label, label), "social"
    return host.removeprefix("www."), "referral"


@lru_cache(maxsize=8192)
def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


@lru_cache(maxsize=8192)
def _path(url: str) -> str:
    try:
        return urlsplit(url).path or ("/" if url else "")
    except ValueError:
        return ""


def _text(value: Any) -> str:
    return value.replace("\0", "").strip() if isinstance(value, str) else ""
