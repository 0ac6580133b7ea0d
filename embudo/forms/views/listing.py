"""All forms with their numbers, a new one, and those put away."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from embudo.accounts.permissions import require
from embudo.forms.counts import NONE, USUAL, count_all
from embudo.forms.models import Form
from embudo.forms.presets import BY_CODE, PRESETS
from embudo.forms.whole import FormForm
from embudo.ui.toasts import toast


@require_GET
@require("forms.see")
def forms(request: HttpRequest) -> HttpResponse:
    """The forms in use, with what became of their showings, then those put away."""
    every = list(Form.objects.select_related("site", "published"))
    used = [form for form in every if form.archived_at is None]
    counts = count_all(used, USUAL)
    shown = {
        "forms": [(form, counts.get(form.pk, NONE)) for form in used],
        "archived": [form for form in every if form.archived_at is not None],
        "days": USUAL,
    }
    return render(request, "forms/forms.html", shown)


@require_http_methods(["GET", "POST"])
@require("forms.edit")
def new(request: HttpRequest) -> HttpResponse:
    """Choose what the form begins with, and its name and site."""
    given = FormForm(request.POST or None)
    preset = BY_CODE.get(request.POST.get("preset") or request.GET.get("preset", ""), PRESETS[0])
    if request.method == "POST" and given.is_valid():
        form = Form.open(
            name=given.cleaned_data["name"], slug=given.address(), site=given.cleaned_data["site"],
            content=preset.make(), by=request.user,
        )  # fmt: skip
        return redirect("forms:build", form.slug)
    shown = {"form": given, "presets": PRESETS, "chosen": preset.code}
    shown["no_site"] = not given.fields["site"].queryset.exists()  # type: ignore[attr-defined]
    return render(request, "forms/new.html", shown, status=422 if given.errors else 200)


@require_POST
@require("forms.edit")
def archival(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a form off all pages."""
    form = get_object_or_404(Form, slug=slug)
    form.turn(archived=True, by=request.user)
    undo = reverse("forms:reopening", args=[slug])
    toast(request, _("The form is put away: pages show it no more, and what was sent stays."), undo=undo)
    return HttpResponseRedirect(reverse("forms:forms"))


@require_POST
@require("forms.edit")
def reopening(request: HttpRequest, slug: str) -> HttpResponse:
    """Bring a form back."""
    form = get_object_or_404(Form, slug=slug)
    form.turn(archived=False, by=request.user)
    toast(request, _("The form is back."))
    return HttpResponseRedirect(reverse("forms:form", args=[slug]))
