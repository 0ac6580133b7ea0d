"""How one's own account is kept safe: the second step, recovery codes, and where one is signed in."""

from collections.abc import Callable
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from embudo.accounts.confirming import confirmed
from embudo.accounts.models import AuditEntry, User, UserSession
from embudo.accounts.models.second_step import steps_of
from embudo.accounts.permissions import settling_in
from embudo.ui.toasts import toast

KEYS_STAY = gettext_lazy("Your API keys still work. Revoke those you do not trust under “Sign-in and devices”.")


def keys_of(user: User) -> list[Any]:
    """Return the API keys in force by which software acts for somebody."""
    kept: Callable[[User], list[Any]] = import_string(settings.KEYS_OF)
    return kept(user)


@settling_in
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    steps = steps_of(request.user)
    shown: dict[str, Any] = {
        "app": next((each for each in steps if each.type == Authenticator.Type.TOTP), None),
        "passkeys": [each for each in steps if each.type == Authenticator.Type.WEBAUTHN],
        "codes_left": _codes_left(request),
        "linked": SocialAccount.objects.filter(user=request.user).order_by("provider", "pk"),
        "owed": request.user.owes_second_step(),
        "sessions": UserSession.of(request.user),
        "here": request.session.session_key,
        "api_keys": keys_of(request.user),
    }
    return render(request, "accounts/security.html", shown)


@settling_in
@require_POST
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign oneself out on one other device; the one in use has its own door."""
    session = get_object_or_404(UserSession, pk=pk, user=request.user)
    if session.key == request.session.session_key:
        return redirect("mfa_index")
    session.end()
    AuditEntry.record(request.user, "session_ended", str(request.user))
    toast(request, _("Signed out there."))
    return redirect("mfa_index")


@settling_in
@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """Sign oneself out everywhere but here."""
    ended = UserSession.end_all(request.user, but=request.session.session_key or "")
    if ended:
        AuditEntry.record(request.user, "sessions_ended", str(request.user))
    words = ngettext("Signed out on %(count)s other device.", "Signed out on %(count)s other devices.", ended)
    toast(request, words % {"count": ended})
    return redirect("mfa_index")


@settling_in
@require_POST
@confirmed
def unlink(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a provider open the account no longer; refused when there would be no way in left."""
    linked = get_object_or_404(SocialAccount, pk=pk, user=request.user)
    others = SocialAccount.objects.filter(user=request.user).exclude(pk=pk)
    if not request.user.has_usable_password() and not others.exists():
        words = _("It is your only way in. Ask an administrator for a password link first.")
        toast(request, words, failed=True)
        return redirect("mfa_index")
    AuditEntry.record(request.user, "provider_unlinked", provider=linked.provider)
    linked.delete()
    toast(request, _("The provider is unlinked. Signing in by it with this address links it again."))
    return redirect("mfa_index")


def _codes_left(request: HttpRequest) -> int | None:
    codes = Authenticator.objects.filter(user=request.user, type=Authenticator.Type.RECOVERY_CODES).first()
    return len(codes.wrap().get_unused_codes()) if codes else None
