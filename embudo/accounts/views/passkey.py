"""Signing in by a passkey alone, and showing again by one who one is; what is refused says so on our pages."""

from typing import Any

from allauth.account.models import Login
from allauth.mfa.webauthn import views as allauth
from allauth.mfa.webauthn.forms import LoginWebAuthnForm
from allauth.mfa.webauthn.internal.flows import perform_passwordless_login
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from embudo.accounts import attempts
from embudo.accounts.views.doors import safe_next
from embudo.ui.toasts import toast

REFUSED = gettext_lazy("This passkey does not open an account here. Sign in with your password.")


class LimitedPasskeyForm(LoginWebAuthnForm):
    """A passkey is nothing one guesses, but damaged answers of one network address are limited all the same."""

    def clean_credential(self) -> Any:
        try:
            return super().clean_credential()
        except (ValidationError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValidationError(REFUSED) from error


class SignIn(allauth.LoginWebAuthnView):
    def get_form_class(self) -> Any:
        return LimitedPasskeyForm

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if refused := attempts.refusal(request, "passkey"):
            toast(request, str(refused.words), failed=True)
            return redirect("accounts:sign_in")
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form: Any) -> HttpResponse:
        attempts.failed_here(self.request)
        toast(self.request, str(REFUSED), failed=True)
        return redirect("accounts:sign_in")

    def form_valid(self, form: Any) -> HttpResponse:
        passkey = form.cleaned_data["credential"]
        login = Login(user=passkey.user, redirect_url=safe_next(self.request))
        return perform_passwordless_login(self.request, passkey, login)


class Confirm(allauth.ReauthenticateWebAuthnView):
    def form_invalid(self, form: Any) -> HttpResponse:
        toast(self.request, _("This passkey was not accepted. Try again, or use another way."), failed=True)
        return redirect(self.request.get_full_path())


sign_in = SignIn.as_view()
confirm = Confirm.as_view()
