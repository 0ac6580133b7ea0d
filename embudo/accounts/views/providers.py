"""Signing in by a provider (OpenID Connect): the way there, the way back, and the way of who thought better of it."""

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.providers.openid_connect import views as allauth
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from requests import RequestException

from embudo.ui.toasts import toast


@never_cache
@require_POST
def leave(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Show a page that leads on to the provider: the content security policy lets no form lead off this site."""
    try:
        response = allauth.login(request, provider_id)
    except (RequestException, ValueError, KeyError):
        toast(request, _("The provider does not answer. Try again, or sign in with your password."), failed=True)
        return redirect("accounts:sign_in")
    if response.status_code != 302:
        return response
    return render(request, "accounts/on_the_way.html", {"there": response.headers["Location"]})


@never_cache
@require_GET
def come_back(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Take the provider's answer. A GET, as the protocol has it: the state in it and in the session must agree."""
    try:
        return allauth.callback(request, provider_id)
    except ImmediateHttpResponse as answer:
        return answer.response
    except (RequestException, ValueError, KeyError):
        toast(request, _("The provider's answer could not be read. Try again."), failed=True)
        return redirect("accounts:sign_in")


@require_GET
def cancelled(request: HttpRequest) -> HttpResponse:
    return redirect("accounts:sign_in")
