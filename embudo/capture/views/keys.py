"""The keys of a site: add, revoke, take a revocation back."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from embudo.accounts.permissions import require
from embudo.capture import examples
from embudo.capture.forms import KeyForm
from embudo.capture.models import Site, WriteKey
from embudo.ui import once
from embudo.ui.toasts import toast

SECRET = "secret_key"  # in the session, until it has been shown


@never_cache
@require("sites.edit")
@require_http_methods(["GET", "POST"])
def keys(request: HttpRequest, public_id: str) -> HttpResponse:
    """The keys; a new secret one is shown on the next page, and only there."""
    site = get_object_or_404(Site, public_id=public_id)
    form = KeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        _add(request, site, **form.cleaned_data)
        return redirect("capture:keys", public_id)
    secret = once.take(request, SECRET, site.public_id) if request.method == "GET" else ""
    shown = {
        "site": site,
        "form": form,
        "keys": site.keys.order_by("revoked_at", "pk"),
        "tab": "keys",
        "secret": secret,
    }
    if secret:
        shown["examples"] = examples.for_servers(settings.EMBUDO, secret)
    return render(request, "capture/keys.html", shown, status=422 if form.errors else 200)


@require("sites.edit")
@require_POST
def revocation(request: HttpRequest, public_id: str, pk: int) -> HttpResponse:
    key = get_object_or_404(WriteKey, pk=pk, site__public_id=public_id)
    key.revoke(by=request.user)
    undo = reverse("capture:restoration", args=[public_id, pk])
    toast(request, _("The key is revoked: nothing more comes in by it."), undo=undo)
    return redirect("capture:keys", public_id)


@require("sites.edit")
@require_POST
def restoration(request: HttpRequest, public_id: str, pk: int) -> HttpResponse:
    key = get_object_or_404(WriteKey, pk=pk, site__public_id=public_id)
    key.restore(by=request.user)
    toast(request, _("The key works again."))
    return redirect("capture:keys", public_id)


def _add(request: HttpRequest, site: Site, *, label: str, kind: str) -> None:
    if kind == WriteKey.Kind.PUBLIC:
        WriteKey.public_of(site, label=label).add(by=request.user)
        return
    key, text = WriteKey.secret_of(site, label=label)
    key.add(by=request.user)
    once.keep(request, SECRET, site.public_id, text)
