"""What each person settles for themselves: profile, password, language and theme."""

from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from embudo.accounts import attempts
from embudo.accounts.forms import ChangePasswordForm, ProfileForm
from embudo.accounts.models import AuditEntry, Theme
from embudo.accounts.permissions import settling_in
from embudo.accounts.views import security
from embudo.accounts.views.doors import safe_next
from embudo.ui.toasts import toast

YEAR_S = 31_536_000


@settling_in
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        user = form.save(commit=False)
        user.save(update_fields=ProfileForm.Meta.fields)
        with translation.override(user.language or translation.get_language()):
            toast(request, _("Your profile is saved."))
        return _remembered(redirect("accounts:profile"), language=user.language, theme=user.theme)
    if form.errors:
        request.user.refresh_from_db()  # the page around the form shows what is kept, not what was refused
    shown = {"form": form, "password_form": ChangePasswordForm(user=request.user)}
    return render(request, "accounts/profile.html", shown, status=422 if form.errors else 200)


@settling_in
@sensitive_post_parameters("current", "password")
@require_POST
def password(request: HttpRequest) -> HttpResponse:
    """Change the password; every other session of this person ends. A wrong current one is a failed sign-in."""
    form = ChangePasswordForm(request.POST, user=request.user)
    if refused := attempts.refusal(request, request.user.email):
        form = ChangePasswordForm(user=request.user)
        toast(request, refused.words, failed=True)
        return _profile_page(request, form, status=429)
    if not form.is_valid():
        if form.has_error("current", "wrong"):
            attempts.failed(request, request.user.email)
        return _profile_page(request, form, status=422)
    attempts.succeeded(request, request.user.email)
    request.user.change_password(form.cleaned_data["password"], keep_session=request.session.session_key or "")
    update_session_auth_hash(request, request.user)
    AuditEntry.record(request.user, "password_changed")
    toast(request, _("Your password is changed; you were signed out everywhere else."))
    if security.keys_of(request.user):
        toast(request, security.KEYS_STAY)
        return redirect("mfa_index")
    return redirect("accounts:profile")


def _profile_page(request: HttpRequest, form: ChangePasswordForm, *, status: int) -> HttpResponse:
    shown = {"form": ProfileForm(instance=request.user), "password_form": form}
    return render(request, "accounts/profile.html", shown, status=status)


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """The switches of language and theme, for everybody; kept with the person, else in a cookie."""
    language = request.POST.get("language", "")
    theme = request.POST.get("theme", "")
    chosen = {
        "language": language if language in dict(settings.LANGUAGES) else "",
        "theme": theme if theme in Theme.values else "",
    }
    given = {name: value for name, value in chosen.items() if value}
    if request.user.is_authenticated and given:
        for name, value in given.items():
            setattr(request.user, name, value)
        request.user.save(update_fields=list(given))
    return _remembered(redirect(safe_next(request)), **chosen)


def _remembered(response: HttpResponse, *, language: str, theme: str) -> HttpResponse:
    """Keep the choice in cookies too, so that the sign-in page is in the same language and light."""
    if language:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=YEAR_S,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
    if theme:
        response.set_cookie("theme", theme, max_age=YEAR_S, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
    return response
