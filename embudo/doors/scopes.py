"""What an API key may be allowed, and which permission of its maker each scope needs."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from embudo.accounts.permissions import may


@dataclass(frozen=True, slots=True)
class Scope:
    """One thing a key may be allowed to do."""

    name: str
    permission: str
    words: Any


SCOPES = {
    scope.name: scope
    for scope in (
        Scope("people:read", "people.see", _("read people, their scores and their attributes")),
        Scope("people:write", "people.edit", _("state attributes, owner and stage of people")),
        Scope("people:merge", "people.merge", _("join people and take them apart")),
        Scope("events:read", "people.see", _("read the timeline of people")),
        Scope("events:write", "people.edit", _("record calls, meetings, notes, purchases and referrals")),
        Scope("companies:read", "people.see", _("read companies")),
        Scope("companies:write", "people.edit", _("state attributes and owner of companies")),
        Scope("companies:merge", "people.merge", _("join companies and take them apart")),
        Scope("opportunities:read", "people.see", _("read opportunities")),
        Scope("opportunities:write", "opportunities.edit", _("open, move, win and lose opportunities")),
        Scope("webhooks:manage", "webhooks.edit", _("add, change, pause and remove webhooks")),
    )
}


def offered(role: str) -> list[Scope]:
    """Return the scopes a person of this role may give to a key."""
    return [scope for scope in SCOPES.values() if may(role, scope.permission)]
