"""The addresses that django-allauth knows by name: the second step, showing again who one is, the providers."""

from collections.abc import Callable

from allauth.account.views import reauthenticate
from allauth.mfa.base import views as second_step
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as app
from allauth.mfa.webauthn import views as passkeys
from django.http import HttpResponse
from django.urls import path

from embudo.accounts.confirming import confirmed
from embudo.accounts.permissions import settling_in
from embudo.accounts.views import doors, passkey, providers, security


def own(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Return a page of one's own safety, for whom it is certain that it is they."""
    return settling_in(confirmed(view))


urlpatterns = [
    path("sign-in/", doors.sign_in, name="account_login"),
    path("sign-in/code/", second_step.authenticate, name="mfa_authenticate"),
    path("sign-in/passkey/", passkey.sign_in, name="mfa_login_webauthn"),
    path("sign-in/with/<slug:provider_id>/", providers.leave, name="openid_connect_login"),
    path("sign-in/with/<slug:provider_id>/callback/", providers.come_back, name="openid_connect_callback"),
    path("sign-in/cancelled/", providers.cancelled, name="socialaccount_login_cancelled"),
    path("confirm/", settling_in(reauthenticate), name="account_reauthenticate"),
    path("confirm/code/", settling_in(second_step.reauthenticate), name="mfa_reauthenticate"),
    path("confirm/passkey/", settling_in(passkey.confirm), name="mfa_reauthenticate_webauthn"),
    path("me/security/", security.page, name="mfa_index"),
    path("me/security/app/", own(app.activate_totp), name="mfa_activate_totp"),
    path("me/security/app/removal/", own(app.deactivate_totp), name="mfa_deactivate_totp"),
    path("me/security/passkeys/", security.page, name="mfa_list_webauthn"),
    path("me/security/passkeys/new/", own(passkeys.add_webauthn), name="mfa_add_webauthn"),
    path("me/security/passkeys/<int:pk>/", own(passkeys.edit_webauthn), name="mfa_edit_webauthn"),
    path("me/security/passkeys/<int:pk>/removal/", own(passkeys.remove_webauthn), name="mfa_remove_webauthn"),
    path("me/security/codes/", own(recovery.view_recovery_codes), name="mfa_view_recovery_codes"),
    path("me/security/codes/new/", own(recovery.generate_recovery_codes), name="mfa_generate_recovery_codes"),
    path("me/security/codes/file/", own(recovery.download_recovery_codes), name="mfa_download_recovery_codes"),
]
