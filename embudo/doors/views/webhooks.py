"""Webhooks: add, change, pause, resume, a new secret, remove."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from embudo.accounts.confirming import confirmed_to_change
from embudo.accounts.permissions import require
from embudo.doors.forms import EndpointForm
from embudo.doors.models import Delivery, Endpoint
from embudo.ui.toasts import toast

SECRET = "webhook_secret"  # in the session: the webhook whose secret is to be shown next


@require("webhooks.edit")
@require_GET
def webhooks(request: HttpRequest) -> HttpResponse:
    """All webhooks, with what waits for each."""
    rows = [(each, waiting(each)) for each in Endpoint.objects.filter(retired_at=None)]
    removed = Endpoint.objects.exclude(retired_at=None)
    return render(request, "doors/webhooks.html", {"rows": rows, "removed": removed})


@require("webhooks.edit")
@require_http_methods(["GET", "POST"])
@confirmed_to_change
def new(request: HttpRequest) -> HttpResponse:
    """Add a webhook; its page shows the secret, once."""
    form = EndpointForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        made = Endpoint.open(**form.cleaned_data, by=request.user)
        request.session[SECRET] = made.pk
        return redirect("doors:webhook", made.pk)
    return render(request, "doors/webhook_new.html", {"form": form}, status=422 if form.errors else 200)


@require("webhooks.edit")
@require_http_methods(["GET", "POST"])
@confirmed_to_change
def settings_of(request: HttpRequest, pk: int) -> HttpResponse:
    """Change name, address and what it is told."""
    found = endpoint(pk)
    form = EndpointForm.of(found, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        for name, value in form.cleaned_data.items():
            setattr(found, name, value)
        found.keep(by=request.user)
        toast(request, _("%(name)s is saved.") % {"name": found.name})
        return redirect("doors:webhook", pk)
    context = {"form": form, "endpoint": Endpoint.objects.get(pk=pk), "tab": "settings"}
    return render(request, "doors/webhook_settings.html", context, status=422 if form.errors else 200)


@require("webhooks.edit")
@require_POST
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Send nothing for a while."""
    found = endpoint(pk)
    found.pause(Endpoint.Paused.BY_HAND, by=request.user)
    undo = reverse("doors:webhook_resumption", args=[pk])
    toast(request, _("The webhook is paused: what happens meanwhile waits."), undo=undo)
    return redirect("doors:webhook", pk)


@require("webhooks.edit")
@require_POST
def resumption(request: HttpRequest, pk: int) -> HttpResponse:
    """Send again."""
    endpoint(pk).resume(by=request.user)
    toast(request, _("The webhook is told again, beginning with what waits."))
    return redirect("doors:webhook", pk)


@require("webhooks.edit")
@require_POST
def secret(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign with a fresh secret, which the next page shows, once; the page that asks has said that the old one stops."""
    found = endpoint(pk)
    if request.POST.get("sure") != "1":
        return redirect("doors:webhook_settings", pk)
    found.change_secret(by=request.user)
    request.session[SECRET] = found.pk
    toast(request, _("There is a new secret. For 24 hours the old one signs, too."))
    return redirect("doors:webhook", pk)


@require("webhooks.edit")
@require_POST
def retirement(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove the webhook."""
    found = endpoint(pk)
    found.retire(by=request.user)
    undo = reverse("doors:webhook_restoration", args=[pk])
    toast(request, _("The webhook “%(name)s” is removed.") % {"name": found.name}, undo=undo)
    return redirect("doors:webhooks")


@require("webhooks.edit")
@require_POST
def restoration(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring it back."""
    get_object_or_404(Endpoint, pk=pk).restore(by=request.user)
    toast(request, _("The webhook is back."))
    return redirect("doors:webhook", pk)


def endpoint(pk: int) -> Endpoint:
    """Return a webhook that is not removed."""
    return get_object_or_404(Endpoint, pk=pk, retired_at=None)


def waiting(found: Endpoint) -> int:
    """Return how many deliveries wait for a webhook."""
    return found.deliveries.filter(state=Delivery.State.WAITING).count()


def shown_once(request: HttpRequest, found: Endpoint) -> str:
    """Return the secret that was just made, and never again."""
    if request.session.get(SECRET) != found.pk:
        return ""
    del request.session[SECRET]
    return found.secret or ""
