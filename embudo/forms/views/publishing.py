"""What holds for the form as a whole, and how a draft becomes what visitors see: published, looked at, brought back."""

from dataclasses import replace
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from embudo.accounts.permissions import require
from embudo.forms.content import Then, read
from embudo.forms.files import BadFile, keep
from embudo.forms.models import File, Form
from embudo.forms.views.building import change, draft_put, form_called, head, undo_address
from embudo.forms.whole import WholeForm
from embudo.ui.toasts import toast


@require_http_methods(["GET", "POST"])
@require("forms.edit")
def whole(request: HttpRequest, slug: str) -> HttpResponse:
    """What holds for the form as a whole."""
    form = form_called(slug)
    content = form.draft
    given = WholeForm(form, content, request.POST or None, request.FILES or None)
    if request.method == "POST" and given.is_valid():
        try:
            file = _uploaded(request, given.cleaned_data.get("upload"), content.file)
        except BadFile as error:
            given.add_error("upload", str(error))
        else:
            _rename(form, given.cleaned_data["name"])
            if form.change(given.changed(file), by=request.user):
                toast(request, _("The form is changed."), undo=undo_address(form))
            return HttpResponseRedirect(reverse("forms:whole", args=[slug]))
    file = File.objects.filter(pk=content.file).first()
    context = {**head(form, content, "whole"), "given": given, "file": file, "thens": Then, "groups": _groups(given)}
    return render(request, "forms/whole.html", context, status=422 if given.errors else 200)


def _groups(given: WholeForm) -> dict[str, list[Any]]:
    """The fields of the page by the card they stand in."""
    names = {
        "words": ("name", "title.", "intro.", "button."),
        "languages": ("languages", "language"),
        "rules": ("means", "at_once", "business_mail", "confirm", "sender"),
        "afterwards": ("then", "thanks.", "redirect", "upload"),
    }
    return {
        group: [
            bound
            for bound in given
            if any(bound.name == name or (name[-1] == "." and bound.name.startswith(name)) for name in wanted)
        ]
        for group, wanted in names.items()
    }


def _uploaded(request: HttpRequest, upload: UploadedFile | None, held: int) -> int:
    return keep(upload, by=request.user).pk if upload else held  # type: ignore[arg-type]


def _rename(form: Form, name: str) -> None:
    if name != form.name:
        form.name = name
        form.save(update_fields=["name"])


@require_POST
@require("forms.edit")
def publication(request: HttpRequest, slug: str) -> HttpResponse:
    """Show visitors the draft from now on."""
    form = form_called(slug)
    if not any(each.asked for each in form.draft.fields):
        toast(request, _("The form asks nothing yet. Add a field first."), failed=True)
        return HttpResponseRedirect(reverse("forms:build", args=[slug]))
    first = form.published_id is None
    version = form.publish(by=request.user)
    toast(request, _("Version %(n)s is what visitors see now.") % {"n": version.number})
    return HttpResponseRedirect(reverse("forms:share" if first else "forms:build", args=[slug]))


@require_GET
@require("forms.see")
def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """The draft on a page by itself, as the hosted page shows it; it cannot be sent."""
    form = form_called(slug)
    content = form.draft
    language = request.GET.get("lang", "")
    language = language if language in content.languages else content.language
    with override(language):
        shown = {"put": draft_put(form, content, language), "form": form, "preview": True, "action": ""}
        return render(request, "forms/hosted.html", shown)


@require_GET
@require("forms.see")
def versions(request: HttpRequest, slug: str) -> HttpResponse:
    """What visitors were shown, and since when."""
    form = form_called(slug)
    content = form.draft
    context = {**head(form, content, "versions"), "versions": form.versions.select_related("by")}
    return render(request, "forms/versions.html", context)


@require_POST
@require("forms.edit")
def restoration(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Make an earlier version the draft again; visitors see it once it is published."""
    form = form_called(slug)
    version = get_object_or_404(form.versions, number=number)
    done = _("The draft is version %(n)s again. Publish it to show it.") % {"n": number}
    content = replace(read(version.content), last=max(form.draft.last, read(version.content).last))
    return change(request, form, content, done)
