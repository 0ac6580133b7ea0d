"""Check of what lies sealed in the tables: whether the install's key still opens it."""

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from embudo.accounts.sealing import Unreadable
from embudo.config import Config
from embudo.doors.models import Endpoint
from embudo.operate.finding import Finding, bad


def secrets(config: Config) -> list[Finding]:
    """Look whether secrets can be read; nothing to say when all can."""
    found = []
    why = _("They were sealed under another secret key of this install than the one of now.")
    back = _("Put that key back: EMBUDO_SECRET_KEY, or the file %(file)s, which is in each backup.")
    back %= {"file": config.data / "secret_key"}
    if mute := [each.name for each in Endpoint.mute()]:
        what = _("Webhooks: nothing is sent, because their secrets cannot be read: %(names)s")
        how = _("Or make a new secret on the settings page of each webhook.")
        found.append(bad(what % {"names": ", ".join(mute)}, why, f"{back} {how}"))
    if locked := _locked():
        words = ngettext(
            "Second step: what %(n)d person set up cannot be read, so that their codes are refused",
            "Second step: what %(n)d people set up cannot be read, so that their codes are refused",
            locked,
        )
        how = _("Or reset their second step on the page Users.")
        found.append(bad(words % {"n": locked}, why, f"{back} {how}"))
    return found


def _locked() -> int:
    """How many people have an app or recovery codes that cannot be read."""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)
    users = set()
    for each in Authenticator.objects.filter(type__in=kinds):
        try:
            decrypt(each.data.get("secret") or each.data.get("seed") or "")
        except Unreadable:
            users.add(each.user_id)
    return len(users)
