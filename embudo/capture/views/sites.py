"""The sites: list, a new one, how to install it, its settings."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from embudo.accounts.permissions import require
from embudo.capture import examples, feed
from embudo.capture.forms import SiteForm
from embudo.capture.models import Site
from embudo.eventlog import shared_log
from embudo.ui.toasts import toast


@require("sites.see")
@require_GET
def sites(request: HttpRequest) -> HttpResponse:
    known = list(Site.objects.all())
    heard = feed.latest_by_source(shared_log(settings.EMBUDO)) if known else {}
    rows = [(site, heard.get(site.public_id)) for site in known]
    shown = {
        "sites": [row for row in rows if not row[0].archived_at],
        "archived": [row for row in rows if row[0].archived_at],
        "looked_at": feed.LOOK_BACK,
    }
    return render(request, "capture/sites.html", shown)


@require("sites.edit")
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    form = SiteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        site = form.save(commit=False)
        site.born_at_cursor = shared_log(settings.EMBUDO).end().to_text()
        site.open(by=request.user)
        return redirect("capture:site", site.public_id)
    return render(request, "capture/site_new.html", {"form": form}, status=422 if form.errors else 200)


@require("sites.see")
@require_GET
def install(request: HttpRequest, public_id: str) -> HttpResponse:
    site = get_object_or_404(Site, public_id=public_id)
    key = site.public_key
    shown = {"site": site, "key": key, "tab": "install"}
    if key:
        shown["snippet"] = examples.snippet(settings.EMBUDO, key.text)
        shown["examples"] = examples.for_servers(settings.EMBUDO, examples.YOUR_KEY)
    return render(request, "capture/install.html", shown)


@require("sites.edit")
@require_http_methods(["GET", "POST"])
def settings_of(request: HttpRequest, public_id: str) -> HttpResponse:
    site = get_object_or_404(Site, public_id=public_id)
    old_mode = site.mode
    form = SiteForm(request.POST or None, instance=site)
    if request.method == "POST" and form.is_valid():
        site.keep(by=request.user, old_mode=old_mode)
        toast(request, _("%(name)s is saved. The collector follows within a second.") % {"name": site})
        return redirect("capture:settings", public_id)
    kept = Site.objects.get(public_id=public_id)
    return render(
        request,
        "capture/settings.html",
        {"site": kept, "form": form, "tab": "settings"},
        status=422 if form.errors else 200,
    )


@require("sites.edit")
@require_POST
def archival(request: HttpRequest, public_id: str) -> HttpResponse:
    site = get_object_or_404(Site, public_id=public_id)
    site.archive(by=request.user)
    undo = reverse("capture:reopening", args=[public_id])
    toast(request, _("%(name)s is archived: nothing more comes in from it.") % {"name": site}, undo=undo)
    return redirect("capture:sites")


@require("sites.edit")
@require_POST
def reopening(request: HttpRequest, public_id: str) -> HttpResponse:
    site = get_object_or_404(Site, public_id=public_id)
    site.reopen(by=request.user)
    toast(request, _("%(name)s takes events again.") % {"name": site})
    return redirect("capture:site", public_id)
