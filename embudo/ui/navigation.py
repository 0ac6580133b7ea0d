"""What the menu holds: an entry is shown when its page is built and the person may see it."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Entry:
    """One place of the menu; `key` is pressed after `g`, and without a permission it is for whoever is signed in."""

    label: Any
    url_name: str
    permission: str
    icon: str
    key: str
    group: str = "work"
    url: str = ""
    current: bool = False


ENTRIES = (
    Entry(_("Funnel"), "reports:funnel", "funnel.see", "funnel", "f"),
    Entry(_("People"), "leads:people", "people.see", "people", "p"),
    Entry(_("Companies"), "leads:companies", "people.see", "company", "b"),
    Entry(_("Duplicates"), "duplicates:pairs", "people.merge", "merge", "d"),
    Entry(_("Imports"), "imports:imports", "imports.see", "upload", "m"),
    Entry(_("Forms"), "forms:forms", "forms.see", "note", "o"),
    Entry(_("Sites"), "capture:sites", "sites.see", "site", "s"),
    Entry(_("Privacy"), "privacy:purposes", "privacy.see", "shield", "v", "install"),
    Entry(_("Long work"), "work:jobs", "", "clock", "w", "install"),
    Entry(_("Failed events"), "operate:failed_events", "failed_events.see", "alert", "e", "install"),
    Entry(_("System"), "operate:system", "system.see", "pulse", "y", "install"),
    Entry(_("Webhooks"), "doors:webhooks", "webhooks.edit", "external", "h", "install"),
    Entry(_("API keys"), "doors:keys", "api_keys.make", "key", "k", "install"),
    Entry(_("Users"), "accounts:users", "users.edit", "person", "u", "install"),
    Entry(_("Changes"), "accounts:audit", "audit.see", "list", "c", "install"),
)


def entries_for(request: HttpRequest) -> list[Entry]:
    """Return the entries this person sees, the one they are in marked as current."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    shown = [(entry, _address(entry)) for entry in ENTRIES if not entry.permission or user.may(entry.permission)]
    built = [(entry, url) for entry, url in shown if url]
    here = _current(request.path, [url for _entry, url in built])
    return [_placed(entry, url, current=url == here) for entry, url in built]


def _address(entry: Entry) -> str:
    try:
        return reverse(entry.url_name)
    except NoReverseMatch:
        return ""


def _current(path: str, urls: list[str]) -> str:
    """The longest address that the path lies under; the home page only matches itself."""
    under = [url for url in urls if path == url or (url != "/" and path.startswith(url))]
    return max(under, key=len, default="")


def _placed(entry: Entry, url: str, *, current: bool) -> Entry:
    return Entry(entry.label, entry.url_name, entry.permission, entry.icon, entry.key, entry.group, url, current)
