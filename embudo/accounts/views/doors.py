"""The ways in and out: sign-in, sign-out, the first set-up, a new password by link."""

from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate, logout
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlsafe_base64_decode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from embudo.accounts import attempts, first_run
from embudo.accounts.entering import enter, on_this_site
from embudo.accounts.forms import NewPasswordForm, SetUpForm, SignInForm
from embudo.accounts.models import AuditEntry, User, UserSession, normal_email
from embudo.accounts.permissions import Role
from embudo.accounts.views import security
from embudo.setting_text import providers_of
from embudo.ui.toasts import toast


def safe_next(request: HttpRequest) -> str:
    """Return where to go next when it lies on this site, else the home page."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return wanted if on_this_site(request, wanted) else settings.LOGIN_REDIRECT_URL


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """One answer for every failure: it does not tell whether there is such a user."""
    if request.user.is_authenticated:
        return redirect(safe_next(request))
    form = SignInForm(request.POST or None)
    if request.method == "GET" or not form.is_valid():
        return _sign_in_page(request, form, status=200 if request.method == "GET" else 422)
    email = form.cleaned_data["email"]
    if refused := attempts.refusal(request, email):
        form.add_error(None, refused.words)
        response = _sign_in_page(request, form, status=429)
        response["Retry-After"] = str(refused.wait_s)
        return response
    user = authenticate(request, username=normal_email(email), password=form.cleaned_data["password"])
    if user is None:
        attempts.failed(request, email)
        form.add_error(None, _("E-mail and password do not match."))
        return _sign_in_page(request, form, status=422)
    attempts.succeeded(request, email)
    return enter(request, user, then=safe_next(request))


def _sign_in_page(request: HttpRequest, form: SignInForm, *, status: int) -> HttpResponse:
    shown: dict[str, Any] = {
        "form": form,
        "next": safe_next(request),
        "first_run": first_run.needed(),
        "providers": providers_of(settings.EMBUDO.oidc),
    }
    return render(request, "accounts/sign_in.html", shown, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session; also for those whose session has ended already."""
    UserSession.objects.filter(key=request.session.session_key or "").delete()
    logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


@never_cache
@sensitive_post_parameters("password", "token")
@require_http_methods(["GET", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """Create the first administrator; once there is a user this page leads to the sign-in."""
    if not first_run.needed():
        return redirect(settings.LOGIN_URL)
    someone = User(email=normal_email(request.POST.get("email", "")), name=request.POST.get("name", ""))
    form = SetUpForm(request.POST or None, user=someone, initial={"token": request.GET.get("token", "")})
    if request.method == "POST" and form.is_valid():
        user = _first_administrator(form.cleaned_data)
        if user:
            toast(request, _("Welcome, %(name)s. Embudo is yours.") % {"name": user})
            return enter(request, user)
        form.add_error("token", _("This is not the token of this install."))
    return render(request, "accounts/set_up.html", {"form": form}, status=422 if form.errors else 200)


def _first_administrator(given: dict[str, str]) -> User | None:
    with first_run.spending(settings.EMBUDO, given["token"]) as right, transaction.atomic():
        if not right or not first_run.needed():
            return None
        user = User.objects.create_user(given["email"], given["password"], name=given["name"], role=Role.ADMIN)
        AuditEntry.record(user, "install_set_up")
    return user


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def new_password(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Set a password by the link an administrator handed over; the link works once and for three days."""
    user = _holder(uid, token)
    if user is None:
        return render(request, "accounts/link_spent.html", status=410)
    form = NewPasswordForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        user.change_password(form.cleaned_data["password"])
        AuditEntry.record(user, "password_set")
        if security.keys_of(user):
            toast(request, security.KEYS_STAY)
        return enter(request, user)
    return render(
        request, "accounts/new_password.html", {"form": form, "person": user}, status=422 if form.errors else 200
    )


def _holder(uid: str, token: str) -> User | None:
    try:
        pk = int(urlsafe_base64_decode(uid))
    except (ValueError, OverflowError):
        return None
    user = User.objects.filter(pk=pk, is_active=True).first()
    return user if user and default_token_generator.check_token(user, token) else None
