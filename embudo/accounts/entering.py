"""The one way in: whoever has shown who they are passes here, and answers for a second step if they have one."""

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme

from embudo.accounts.models import User


def enter(request: HttpRequest, user: User, *, then: str = "") -> HttpResponse:
    """Sign somebody in who gave their password or opened their own link; leads to the second step or to `then`."""
    if request.user.is_authenticated and request.user != user:
        logout(request)
    record_authentication(request, user, method="password", reauthenticated=True)
    return perform_login(request, Login(user=user, redirect_url=then or settings.LOGIN_REDIRECT_URL))


def on_this_site(request: HttpRequest, address: str) -> bool:
    """Whether an address lies on the host that was asked, so that nobody is led away."""
    here = {request.get_host()}
    whole = address.startswith(("/", "http://", "https://"))  # any other text would be taken for the name of a view
    return whole and url_has_allowed_host_and_scheme(address, allowed_hosts=here, require_https=request.is_secure())
