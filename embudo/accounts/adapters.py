"""What django-allauth asks of us: who may come in, where it leads, how secrets are kept, what is told and recorded."""

from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib.messages import ERROR
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from embudo.accounts import attempts
from embudo.accounts.entering import on_this_site
from embudo.accounts.models import AuditEntry, Invitation, User, normal_email
from embudo.accounts.models.invitation import Spent
from embudo.accounts.sealing import opened, sealed
from embudo.setting_text import providers_of
from embudo.ui.toasts import toast

SECOND_STEP = "embudo.accounts.second_step"  # the purpose of its sealed secrets
WRONG_CODE = gettext_lazy("This code is not right. Codes change every 30 seconds: type the one shown now.")
NO_ACCOUNT = gettext_lazy("Nobody with this address works here. Ask an administrator to invite you.")
NOT_VERIFIED = gettext_lazy("The provider does not vouch for your e-mail address. Verify it there, then try again.")

# What allauth tells after an act -> the verb in the trail, and what the person reads (nothing: the next page says it).
TOLD = {
    "mfa/messages/totp_activated.txt": ("app_added", gettext_lazy("Your authenticator app is set up.")),
    "mfa/messages/totp_deactivated.txt": ("app_removed", gettext_lazy("Your authenticator app is removed.")),
    "mfa/messages/webauthn_added.txt": ("passkey_added", gettext_lazy("Your passkey is added.")),
    "mfa/messages/webauthn_removed.txt": ("passkey_removed", gettext_lazy("Your passkey is removed.")),
    "mfa/messages/recovery_codes_generated.txt": ("recovery_codes_made", ""),
}


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up, nobody is led away, and what allauth tells is told in our words."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str) -> bool:
        return on_this_site(self.request, url)

    def get_client_ip(self, request: HttpRequest) -> str:
        return attempts.address_of(request)

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        toast(request, str(NO_ACCOUNT), failed=True)
        return redirect("accounts:sign_in")

    def reauthenticate(self, user: User, password: str) -> bool:
        """Check the password of somebody signed in; failures count as those of the sign-in do."""
        if refused := attempts.refusal(self.request, user.email):
            raise ValidationError(refused.words)
        if not user.check_password(password):
            attempts.failed(self.request, user.email)
            raise ValidationError(_("This is not your current password."), code="wrong")
        attempts.succeeded(self.request, user.email)
        return True

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        if message:
            toast(request, message, failed=level >= ERROR)
        elif message_template in TOLD:
            verb, words = TOLD[message_template]
            AuditEntry.record(request.user, verb)
            if words:
                toast(request, str(words))

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Everything is in the trail; no mail goes out."""


class SecondStepAdapter(DefaultMFAAdapter):
    """Secrets of apps and recovery codes lie encrypted in the tables, under the install's key."""

    error_messages: ClassVar = {**DefaultMFAAdapter.error_messages, "incorrect_code": WRONG_CODE}

    def encrypt(self, text: str) -> str:
        return sealed(text, SECOND_STEP)

    def decrypt(self, encrypted_text: str) -> str:
        return opened(encrypted_text, SECOND_STEP)

    def get_totp_issuer(self) -> str:
        return "Embudo"

    def generate_authenticator_name(self, user: User, type: Any) -> str:
        from embudo.accounts.models.second_step import steps_of

        return _("Passkey %(number)s") % {"number": len(steps_of(user)) + 1}

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": "Embudo"}


class ProviderAdapter(DefaultSocialAccountAdapter):
    """By a provider comes in who was here already, or was invited under an address that the provider vouches for."""

    def list_apps(self, request: HttpRequest, provider: str | None = None, client_id: str | None = None) -> list[Any]:
        """Return the providers of the settings; none lies in a table."""
        from allauth.socialaccount.models import SocialApp

        return [
            SocialApp(
                provider="openid_connect",
                provider_id=each.id,
                name=each.label,
                client_id=each.client_id,
                secret=each.secret,
                settings={"server_url": each.issuer},
            )
            for each in providers_of(settings.EMBUDO.oidc)
            if provider in (None, "openid_connect", each.id) and client_id in (None, each.client_id)
        ]

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        if request.user.is_authenticated:
            raise ImmediateHttpResponse(redirect(settings.LOGIN_REDIRECT_URL))
        if _of_two(sociallogin.account.extra_data):
            raise _refused(request, NOT_VERIFIED)
        if sociallogin.is_existing:
            return
        email = _vouched(sociallogin.account.extra_data)
        if not email:
            raise _refused(request, NOT_VERIFIED)
        with transaction.atomic():
            user = User.objects.filter(email=email).first() or _invited(email, sociallogin)
            if user is None or not user.is_active:
                raise _refused(request, NO_ACCOUNT)
            sociallogin.connect(request, user)
            AuditEntry.record(user, "provider_linked", provider=sociallogin.provider.name)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def on_authentication_error(self, request: HttpRequest, provider: Any, **known: Any) -> None:
        """Whatever went wrong there, the sign-in page says what to do; nothing of the provider's answer is shown."""
        raise _refused(
            request, _("The sign-in by %(provider)s did not end well. Try again.") % {"provider": provider.name}
        )


def _claims(told: dict[str, Any]) -> dict[str, Any]:
    return dict(told.get("userinfo") or told.get("id_token") or {})


def _of_two(told: dict[str, Any]) -> bool:
    """Whether token and profile speak of two people (OpenID Connect Core 5.3.2)."""
    token, profile = told.get("id_token"), told.get("userinfo")
    return bool(token and profile and token.get("sub") != profile.get("sub"))


def _vouched(told: dict[str, Any]) -> str:
    """Return the address in what the provider told, if it says that it has checked it; else an empty text."""
    claims = _claims(told)
    verified = claims.get("email_verified")
    if verified is True or str(verified).lower() == "true":
        return normal_email(str(claims.get("email") or ""))
    return ""


def _invited(email: str, sociallogin: Any) -> User | None:
    invitation = Invitation.open().filter(email=email).first()
    if invitation is None or invitation.expired:
        return None
    claims = _claims(sociallogin.account.extra_data)
    try:
        return invitation.accept(str(claims.get("name") or email.partition("@")[0])[:120], None)
    except Spent:
        return None


def _refused(request: HttpRequest, why: Any) -> ImmediateHttpResponse:
    toast(request, str(why), failed=True)
    return ImmediateHttpResponse(redirect("accounts:sign_in"))
