"""The users of the install, for administrators: add, change, deactivate, hand over a password link; and the trail."""

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

from embudo.accounts import audit
from embudo.accounts.forms import UserForm
from embudo.accounts.models import AuditEntry, LastAdministrator, User
from embudo.accounts.permissions import require
from embudo.ui import keyset, once
from embudo.ui.toasts import toast

LINK = "password_link"  # in the session, until it has been shown


@require("users.edit")
@require_GET
def users(request: HttpRequest) -> HttpResponse:
    everybody = User.objects.order_by("-is_active", "name", "email")
    return render(request, "accounts/users.html", {"users": everybody})


@require("users.edit")
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    form = UserForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = form.save(commit=False)
        user.set_unusable_password()
        user.save()
        AuditEntry.record(request.user, "user_added", str(user), role=user.role, email=user.email)
        _keep_link(request, user)
        return redirect("accounts:user", user.pk)
    return render(request, "accounts/user_new.html", {"form": form}, status=422 if form.errors else 200)


@never_cache
@require("users.edit")
@require_http_methods(["GET", "POST"])
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
    return render(
        request, "accounts/user.html", {"form": form, "person": kept, "link": link}, status=422 if form.errors else 200
    )


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
def password_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a link by which the person sets a new password; the next page shows it, once."""
    person = get_object_or_404(User, pk=pk, is_active=True)
    AuditEntry.record(request.user, "password_link_made", str(person))
    _keep_link(request, person)
    return redirect("accounts:user", pk)


@require("audit.see")
@require_GET
def trail(request: HttpRequest) -> HttpResponse:
    page = keyset.page(request, AuditEntry.objects.select_related("by"), order=("-at", "-id"), size=50)
    entries = [(entry, audit.sentence(entry)) for entry in page.rows]
    return render(request, "accounts/trail.html", {"page": page, "entries": entries})


def _keep_link(request: HttpRequest, person: User) -> None:
    uid = urlsafe_base64_encode(force_bytes(person.pk))
    path = reverse("accounts:new_password", args=[uid, default_token_generator.make_token(person)])
    once.keep(request, LINK, person.pk, f"{settings.EMBUDO.site_address}{path}")
