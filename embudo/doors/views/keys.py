"""API keys: one's own, and for administrators everybody's; make, revoke, take a revocation back."""

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from embudo.accounts.confirming import confirmed_to_change
from embudo.accounts.permissions import require, signed_in
from embudo.accounts.sealing import Unreadable, opened, sealed
from embudo.doors.forms import KeyForm
from embudo.doors.models import ApiKey, StaysRevoked
from embudo.ui.toasts import toast

SECRET = "api_key"  # in the session, sealed, until it has been shown
ALL = "users.edit"  # who looks after users looks after their keys


@never_cache
@require("api_keys.make")
@require_http_methods(["GET", "POST"])
@confirmed_to_change
def keys(request: HttpRequest) -> HttpResponse:
    """The keys and a form for a new one, whose text the next page shows, and only that."""
    form = KeyForm(request.POST if request.method == "POST" else None, role=request.user.role)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        _key, text = ApiKey.make(
            name=chosen["name"], scopes=chosen["scopes"], maker=request.user, expires_at=form.expires_at()
        )
        request.session[SECRET] = sealed(text, SECRET)
        return redirect("doors:keys")
    mine = list(_mine(request).order_by("revoked_at", "-pk"))
    shown = {
        "form": form, "keys": mine, "secret": _told_once(request),
        "restorable": [key.pk for key in mine if key.may_be_restored(request.user)],
        "everybody": request.user.may(ALL), "site": settings.EMBUDO.site_address,
    }  # fmt: skip
    return render(request, "doors/keys.html", shown, status=422 if form.errors else 200)


@signed_in
@require_POST
def revocation(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a key open nothing any more; one's own whatever one's role is by now."""
    key = get_object_or_404(_mine(request), pk=pk)
    key.revoke(by=request.user)
    done = _("The key “%(name)s” is revoked: it opens nothing any more.") % {"name": key.name}
    toast(request, done, undo=reverse("doors:restoration", args=[pk]))
    return redirect("mfa_index" if request.POST.get("from") == "security" else "doors:keys")


@require("api_keys.make")
@require_POST
def restoration(request: HttpRequest, pk: int) -> HttpResponse:
    """Let it open doors again."""
    key = get_object_or_404(_mine(request), pk=pk)
    try:
        key.restore(by=request.user)
        toast(request, _("The key works again."))
    except StaysRevoked as error:
        toast(request, str(error), failed=True)
    return redirect("doors:keys")


def _told_once(request: HttpRequest) -> str:
    """Return the text of the key that was just made, and never again."""
    kept = request.session.pop(SECRET, "") if request.method == "GET" else ""
    try:
        return opened(kept, SECRET) if kept else ""
    except Unreadable:
        return ""


def _mine(request: HttpRequest) -> QuerySet[ApiKey]:
    everybody = ApiKey.objects.select_related("maker")
    return everybody if request.user.may(ALL) else everybody.filter(maker=request.user)
