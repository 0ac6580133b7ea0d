"""Files of a person: attach one, fetch one, remove one and bring it back."""

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from embudo.accounts.permissions import require
from embudo.leads import files
from embudo.leads.models import PersonFile
from embudo.leads.pointers import members
from embudo.leads.showing import BadValue
from embudo.leads.templatetags.leads import called
from embudo.leads.views.applying import back_to, person_now
from embudo.ui.toasts import toast


@require_POST
@require("people.edit")
def attach(request: HttpRequest, person: int) -> HttpResponse:
    """Attach the files that were chosen; those that cannot be taken are named, the others are kept."""
    found = person_now(person)
    chosen, kept = request.FILES.getlist("file")[: files.MOST], []
    if not chosen:
        toast(request, _("Choose a file first."), failed=True)
    for upload in chosen:
        try:
            kept.append(files.attach(found.id, members(found.id), upload, by=request.user))
        except BadValue as error:
            toast(request, str(error), failed=True)
    for each in kept:
        undo = reverse("leads:file_removal", args=[found.id, each.pk])
        toast(request, _("“%(file)s” is attached to %(name)s.") % {"file": each.name, "name": called(found)}, undo=undo)
    return back_to(request, found.id)


@require_GET
@require("people.see")
def fetch(request: HttpRequest, person: int, file: int) -> HttpResponse:
    """Hand a file out, to be saved and never to be run or shown by the site itself."""
    found = _file(person, file)
    if found.removed_at is not None:
        raise Http404(_("This file was removed."))
    try:
        content = files.path_of(found.key).open("rb")
    except OSError as error:
        raise Http404(_("The content of this file is not on the disk any more.")) from error
    kind = files.TYPES.get(found.ending, ("application/octet-stream", ()))[0]
    response = FileResponse(content, as_attachment=True, filename=found.name, content_type=kind)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
@require("people.edit")
def removal(request: HttpRequest, person: int, file: int) -> HttpResponse:
    """Remove a file, or bring a removed one back."""
    found = _file(person, file)
    if request.GET.get("back") == "1":
        there = files.bring_back(found)
        words = _("“%(file)s” is back.") if there else _("“%(file)s” was removed too long ago to be brought back.")
        toast(request, words % {"file": found.name}, failed=not there)
        return back_to(request, person_now(person).id)
    files.remove(found)
    undo = f"{reverse('leads:file_removal', args=[person, file])}?back=1"
    toast(request, _("“%(file)s” is removed.") % {"file": found.name}, undo=undo)
    return back_to(request, person_now(person).id)


def _file(person: int, file: int) -> PersonFile:
    return get_object_or_404(PersonFile, pk=file, person_id__in=members(person_now(person).id))
