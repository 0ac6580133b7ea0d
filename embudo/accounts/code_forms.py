"""The forms of the second step: each code counts once, and guesses are limited like those of passwords."""

from typing import Any

from allauth.account.forms import ReauthenticateForm
from allauth.core import context
from allauth.mfa.base import forms as base
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import decrypt
from allauth.mfa.webauthn import forms as passkeys
from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from embudo.accounts import attempts
from embudo.accounts.adapters import WRONG_CODE
from embudo.accounts.sealing import Unreadable

CODES = 5  # wrong codes in a quarter of an hour: a million codes are few
UNREADABLE = _(
    "Your second step cannot be checked: the secret key of this install has changed since you set it up. "
    "Ask an administrator to reset your second step on the page Users."
)
STEP = "code "  # failures of the second step are counted apart from those of the password


def code_field(help_text: Any = "") -> forms.CharField:
    """Return the field of a code, with the keyboard of figures on a phone."""
    shown = {"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
    return forms.CharField(label=_("Code"), max_length=20, widget=forms.TextInput(attrs=shown), help_text=help_text)


class Limited:
    """Counts wrong codes of a person, and refuses all of them for a while once there were too many."""

    user: Any

    def clean_code(self) -> str:
        request, key = context.request, STEP + self.user.email
        if refused := attempts.refusal(request, key, allowed=CODES):
            raise ValidationError(refused.words, code="too_many")
        try:
            code = super().clean_code()  # type: ignore[misc]
            self._only_once(code)
        except Unreadable as error:
            raise ValidationError(UNREADABLE, code="unreadable") from error
        except ValidationError:
            attempts.failed(request, key)
            raise
        attempts.succeeded(request, key)
        return code

    def _only_once(self, code: str) -> None:
        """Refuse a code of the app that was used before; whichever process saw it, the table knows."""
        app = getattr(self, "authenticator", None)
        if app is None or app.type != Authenticator.Type.TOTP:
            return
        with transaction.atomic():
            kept = Authenticator.objects.select_for_update().get(pk=app.pk)
            secret, last = decrypt(kept.data["secret"]), kept.data.get("last_counter", 0)
            fresh = [n for n in yield_hotp_counters_from_time() if n > last and _code(secret, n) == _digits(code)]
            if not fresh:
                raise ValidationError(WRONG_CODE, code="used")
            kept.data["last_counter"] = max(fresh)
            kept.save(update_fields=["data"])


class CodeForm(Limited, base.AuthenticateForm):
    code = code_field(_("From your authenticator app, or one of your recovery codes."))


class CodeAgainForm(Limited, base.ReauthenticateForm):
    code = code_field(_("From your authenticator app, or one of your recovery codes."))


class AppForm(Limited, ActivateTOTPForm):
    code = code_field(_("The six figures that the app shows now."))


class PasswordAgainForm(ReauthenticateForm):
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )


class PasskeyForm(passkeys.AddWebAuthnForm):
    name = forms.CharField(
        label=_("Name"), required=False, max_length=60, help_text=_("Which device it is on, so that you know it again.")
    )
    passwordless = forms.BooleanField(
        label=_("Sign in with this passkey alone, without a password"), required=False, initial=True
    )


class PasskeyNameForm(passkeys.EditWebAuthnForm):
    name = forms.CharField(label=_("Name"), max_length=60)


def _code(secret: str, counter: int) -> str:
    return format_hotp_value(hotp_value(secret, counter))


def _digits(code: str) -> str:
    return "".join(letter for letter in code if letter.isdigit())
