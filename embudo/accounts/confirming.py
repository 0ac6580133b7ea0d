"""Showing again who one is, before what concerns the safety of accounts: by password, code, passkey, or provider."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from embudo.ui.toasts import toast

View = Callable[..., HttpResponse]


def confirmed(view: View) -> View:
    """Return a view that asks again, on GET and POST, when that is longer ago than the settings allow."""
    return _asking(view, to_look=True)


def confirmed_to_change(view: View) -> View:
    """Return a view that may be looked at, but asks again before it changes anything."""
    return _asking(view, to_look=False)


def _asking(view: View, *, to_look: bool) -> View:
    checked = reauthentication_required(allow_get=not to_look)(view)

    @wraps(view)
    def asking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        harmless = request.method == "GET" and not to_look
        if harmless or get_reauthentication_flows(request.user) or _came_just_now(request):
            return checked(request, *args, **kwargs)
        return _to_provider(request)

    return asking


def _came_just_now(request: HttpRequest) -> bool:
    """Whether somebody without password and second step has just come from their provider, who knows them."""
    records = get_authentication_records(request, request.user)
    return bool(records) and time.time() - records[-1]["at"] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def _to_provider(request: HttpRequest) -> HttpResponse:
    """Sign out whoever can only show by signing in again who they are; afterwards they are back on this page."""
    back = request.get_full_path() if request.method == "GET" else resolve_url("mfa_index")
    logout(request)
    toast(request, _("Sign in again, so that it is certain that it is you; then go on."), failed=True)
    return redirect(f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': back})}")
