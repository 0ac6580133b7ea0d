"""In which words the trail of changes is read."""

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from embudo.accounts.models import AuditEntry

# What happened -> the sentence; %(about)s is the name it had then, the others come from the entry's detail.
WORDS = {
    "install_set_up": _("set up the install"),
    "user_added": _("added %(about)s as %(role)s"),
    "user_changed": _("changed the details of %(about)s"),
    "role_changed": _("changed the role of %(about)s from %(old)s to %(new)s"),
    "user_deactivated": _("deactivated %(about)s"),
    "user_activated": _("activated %(about)s"),
    "password_link_made": _("made a password link for %(about)s"),
    "password_set": _("set a new password by link"),
    "password_changed": _("changed their password"),
    "owner_changed": _("gave %(about)s to %(now)s (before: %(before)s)"),
    "pair_refused": _("said that %(about)s are two people"),
    "pair_reopened": _("asked again whether %(about)s are one person"),
    "attribute_accepted": _("put the attribute %(about)s on every profile"),
    "attribute_hidden": _("hid the attribute %(about)s"),
    "site_added": _("added the site %(about)s"),
    "site_changed": _("changed the site %(about)s"),
    "consent_mode_changed": _("changed the consent mode of %(about)s from %(old)s to %(new)s"),
    "site_archived": _("archived the site %(about)s"),
    "site_reopened": _("brought back the site %(about)s"),
    "key_added": _("made a %(kind)s key “%(label)s” for %(about)s"),
    "key_revoked": _("revoked the key “%(label)s” of %(about)s"),
    "failed_event_dismissed": _("dismissed failed event %(about)s"),
    "import_started": _("brought in the file %(about)s"),
    "import_undone": _("took back the import of %(about)s"),
    "key_restored": _("restored the key “%(label)s” of %(about)s"),
}


def sentence(entry: "AuditEntry") -> str:
    """Return the row in the reader's language, without who and when; roles are named as people call them."""
    named = {key: _named(key, value) for key, value in entry.detail.items()}
    try:
        return str(WORDS[entry.verb]) % {**named, "about": entry.about}
    except KeyError:
        return f"{entry.verb} {entry.about}"


def _named(key: str, value: Any) -> str:
    if key in ("before", "now") and not value:
        return str(_("nobody"))
    labels = {**_ROLES, **_MODES, **_KINDS} if key in ("role", "old", "new", "kind") else {}
    return str(labels.get(str(value), value))


_ROLES = {"marketing": _("Marketing"), "sales": _("Sales"), "manager": _("Manager"), "admin": _("Administrator")}
_MODES = {"required": _("consent required"), "implied": _("consent implied"), "cookieless": _("cookieless")}
_KINDS = {"public": _("public"), "secret": _("secret")}
