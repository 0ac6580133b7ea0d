"""In which words the trail of changes is read."""

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from embudo.accounts.models import AuditEntry

# What happened -> the sentence; %(about)s is the name it had then, the others come from the entry's detail.
WORDS = {
    "install_set_up": _("set up the install"),
    "user_added": _("added %(about)s as %(role)s"),
    "user_invited": _("invited %(about)s as %(role)s"),
    "invitation_renewed": _("renewed the invitation of %(about)s"),
    "invitation_revoked": _("took back the invitation of %(about)s"),
    "invitation_accepted": _("accepted the invitation, as %(role)s"),
    "user_changed": _("changed the details of %(about)s"),
    "email_changed": _("changed the e-mail of %(about)s from %(old)s to %(new)s"),
    "role_changed": _("changed the role of %(about)s from %(old)s to %(new)s"),
    "user_deactivated": _("deactivated %(about)s"),
    "user_activated": _("activated %(about)s"),
    "password_link_made": _("made a password link for %(about)s"),
    "password_set": _("set a new password by link"),
    "password_changed": _("changed their password"),
    "second_step_required": _("required a second step at sign-in of the role %(role)s"),
    "second_step_left_free": _("left a second step at sign-in to the choice of the role %(role)s"),
    "app_added": _("set up an authenticator app"),
    "app_removed": _("removed their authenticator app"),
    "passkey_added": _("added a passkey"),
    "passkey_removed": _("removed a passkey"),
    "recovery_codes_made": _("made new recovery codes"),
    "second_step_reset": _("reset the second step of %(about)s"),
    "provider_linked": _("signed in by %(provider)s for the first time"),
    "provider_unlinked": _("unlinked the provider %(provider)s"),
    "sessions_ended": _("signed %(about)s out everywhere"),
    "session_ended": _("signed out one device of %(about)s"),
    "owner_changed": _("gave %(about)s to %(now)s (before: %(before)s)"),
    "tag_put": _("put the tag “%(tag)s” on %(about)s"),
    "tag_taken": _("took the tag “%(tag)s” off %(about)s"),
    "tag_renamed": _("called the tag “%(about)s” “%(now)s”"),
    "tag_joined": _("joined the tag “%(about)s” to “%(now)s”: %(count)s people"),
    "tag_parted": _("took the tag “%(about)s” out of “%(now)s” again"),
    "tag_removed": _("deleted the tag “%(about)s”: %(count)s people"),
    "tag_restored": _("brought back the tag “%(about)s”"),
    "pair_refused": _("said that %(about)s are two people"),
    "pair_reopened": _("asked again whether %(about)s are one person"),
    "company_pair_refused": _("said that %(about)s are two companies"),
    "company_pair_reopened": _("asked again whether %(about)s are one company"),
    "attribute_accepted": _("put the attribute %(about)s on every profile"),
    "attribute_hidden": _("hid the attribute %(about)s"),
    "free_mail_named": _("called %(about)s no company but a mail domain of anybody"),
    "free_mail_taken_back": _("called %(about)s a company again"),
    "company_owner_changed": _("gave the company %(about)s to %(now)s (before: %(before)s)"),
    "site_added": _("added the site %(about)s"),
    "site_changed": _("changed the site %(about)s"),
    "consent_mode_changed": _("changed the consent mode of %(about)s from %(old)s to %(new)s"),
    "site_archived": _("archived the site %(about)s"),
    "site_reopened": _("brought back the site %(about)s"),
    "key_added": _("made a %(kind)s key “%(label)s” for %(about)s"),
    "key_revoked": _("revoked the key “%(label)s” of %(about)s"),
    "api_key_made": _("made the API key “%(about)s”"),
    "api_key_revoked": _("revoked the API key “%(about)s”"),
    "api_key_restored": _("restored the API key “%(about)s”"),
    "webhook_added": _("added the webhook “%(about)s” to %(url)s"),
    "webhook_changed": _("changed the webhook “%(about)s”"),
    "webhook_renamed": _("called the webhook “%(about)s” “%(now)s”"),
    "webhook_moved": _("changed the address of the webhook “%(about)s” from %(old)s to %(new)s"),
    "webhook_retold": _("changed what the webhook “%(about)s” is told of: %(new)s (before: %(old)s)"),
    "webhook_paused": _("paused the webhook “%(about)s”"),
    "webhook_resumed": _("resumed the webhook “%(about)s”"),
    "webhook_retired": _("removed the webhook “%(about)s”"),
    "webhook_restored": _("brought back the webhook “%(about)s”"),
    "webhook_secret_changed": _("changed the secret of the webhook “%(about)s”"),
    "webhook_replayed": _("sent %(count)s deliveries of the webhook “%(about)s” again"),
    "failed_event_dismissed": _("dismissed failed event %(about)s"),
    "purpose_added": _("added the purpose %(about)s"),
    "purpose_changed": _("changed the purpose %(about)s"),
    "purpose_worded": _("put the purpose %(about)s in new words: version %(version)s"),
    "purpose_archived": _("archived the purpose %(about)s"),
    "purpose_reopened": _("brought back the purpose %(about)s"),
    "person_taken_out": _("took out everything about %(about)s"),
    "person_erased": _("erased a person: %(rows)s facts"),
    "retention_changed": _("changed how long facts are kept: %(new)s (before: %(old)s)"),
    "import_started": _("brought in the file %(about)s"),
    "import_undone": _("took back the import of %(about)s"),
    "form_added": _("made the form %(about)s"),
    "form_published": _("published version %(version)s of the form %(about)s"),
    "form_archived": _("put the form %(about)s away"),
    "form_reopened": _("brought the form %(about)s back"),
    "key_restored": _("restored the key “%(label)s” of %(about)s"),
}

# What is seen, not changed: verb -> whether it is about one lead, whose id is then kept (AuditEntry.saw).
SIGHTS = {
    "person_opened": True, "person_exported": True, "person_read": True, "list_exported": False, "list_read": False,
}  # fmt: skip
WORDS |= {
    "person_opened": _("opened the page of %(about)s"),
    "person_exported": _("exported all that is kept on %(about)s"),
    "person_read": _("read %(about)s by the API key “%(key)s”"),
    "list_exported": _("exported a list: %(about)s"),
    "list_read": _("read the list %(about)s by the API key “%(key)s”"),
}


def general(verb: str) -> str:
    """Return the sentence of a verb without whom and what, as a filter is named."""
    return str(WORDS[verb]) % defaultdict(lambda: "…")


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
