"""The users of the install, for administrators: change, deactivate, hand over a password link, end their sessions."""

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from embudo.accounts.confirming import confirmed, confirmed_to_change
from embudo.accounts.forms import SecondStepForm, UserForm
from embudo.accounts.models import AuditEntry, Invitation, LastAdministrator, SecondStepRule, User, UserSession
from embudo.accounts.models.second_step import steps_of
from embudo.accounts.permissions import require
from embudo.accounts.views import invitations
from embudo.ui import once
from embudo.ui.toasts import toast

LINK = "password_link"  # in the session, until it has been shown


@never_cache
@require("users.edit")
@require_GET
def users(request: HttpRequest) -> HttpResponse:
    return _users(request, SecondStepForm.in_force())


def _users(request: HttpRequest, rules: SecondStepForm, status: int = 200) -> HttpResponse:
    steps = Authenticator.objects.exclude(type=Authenticator.Type.RECOVERY_CODES)
    shown = {
        "users": User.objects.order_by("-is_active", "name", "email"),
        "secured": set(steps.values_list("user_id", flat=True)),
        "invitations": Invitation.open().select_related("by").order_by("-created_at", "-pk"),
        "made": invitations.shown_once(request),
        "rules": rules,
    }
    return render(request, "accounts/users.html", shown, status=status)


@never_cache
@require("users.edit")
@require_http_methods(["GET", "POST"])
@confirmed_to_change
def user(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    before = person.role
    form = UserForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        try:
            person.keep(by=request.user, old_role=before)
        except LastAdministrator:
            form.add_error("role", _("This is the only administrator; make somebody else one first."))
        else:
            toast(request, _("%(name)s is saved.") % {"name": person})
            return redirect("accounts:users")
    kept = User.objects.get(pk=pk)
    link = once.take(request, LINK, pk) if request.method == "GET" else ""
    shown = {"form": form, "person": kept, "link": link, "steps": steps_of(kept), "sessions": UserSession.of(kept)}
    return render(request, "accounts/user.html", shown, status=422 if form.errors else 200)


@require("users.edit")
@require_POST
def deactivation(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    try:
        person.deactivate(by=request.user)
    except LastAdministrator:
        toast(request, _("This is the only administrator; make somebody else one first."), failed=True)
        return redirect("accounts:user", pk)
    undo = reverse("accounts:activation", args=[pk])
    toast(request, _("%(name)s can no longer sign in.") % {"name": person}, undo=undo)
    return redirect("accounts:users")


@require("users.edit")
@require_POST
def activation(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    person.activate(by=request.user)
    toast(request, _("%(name)s can sign in again.") % {"name": person})
    return redirect("accounts:users")


@require("users.edit")
@require_POST
@confirmed
def password_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a link by which the person sets a new password; the next page shows it, once."""
    person = get_object_or_404(User, pk=pk, is_active=True)
    AuditEntry.record(request.user, "password_link_made", str(person))
    _keep_link(request, person)
    return redirect("accounts:user", pk)


@require("users.edit")
@require_POST
@confirmed
def second_step_reset(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the second step of a colleague who lost it; they sign in with their password and set up another."""
    person = get_object_or_404(User, pk=pk)
    if person.reset_second_step(by=request.user):
        toast(request, _("%(name)s signs in without a second step now and can set up another.") % {"name": person})
    return redirect("accounts:user", pk)


@require("users.edit")
@require_POST
def sessions_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign a colleague out everywhere; oneself stays signed in here."""
    person = get_object_or_404(User, pk=pk)
    if UserSession.end_all(person, but=request.session.session_key or ""):
        AuditEntry.record(request.user, "sessions_ended", str(person))
    toast(request, _("%(name)s is signed out everywhere.") % {"name": person})
    return redirect("accounts:user", pk)


@require("users.edit")
@require_POST
@confirmed
def second_step_rules(request: HttpRequest) -> HttpResponse:
    """Settle which roles must sign in with a second step."""
    form = SecondStepForm.in_force(request.POST)
    if not form.is_valid():
        return _users(request, form, status=422)
    SecondStepRule.settle(set(form.cleaned_data["roles"]), by=request.user)
    toast(request, _("Saved. Whoever owes a second step is asked for it with their next page."))
    return redirect("accounts:users")


def _keep_link(request: HttpRequest, person: User) -> None:
    uid = urlsafe_base64_encode(force_bytes(person.pk))
    path = reverse("accounts:new_password", args=[uid, default_token_generator.make_token(person)])
    once.keep(request, LINK, person.pk, f"{settings.EMBUDO.site_address}{path}")
