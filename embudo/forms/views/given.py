"""What signed links of forms open: the file somebody got, and the page on which they confirm their address."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import override

from embudo.forms import confirming
from embudo.forms.files import body_of
from embudo.forms.models import File, Showing
from embudo.forms.taking import fetched
from embudo.forms.ticket import Confirmation, read_confirmation, read_file_link
from embudo.forms.views.door import in_words, open_door


@open_door("GET", "HEAD")
def file(request: HttpRequest, link: str) -> Any:
    """The file of a signed link, kept as downloaded first."""
    held = read_file_link(link)
    found = File.objects.filter(pk=held[1], whole=True).first() if held else None
    row = Showing.objects.select_related("form__site").filter(pk=held[2], form__slug=held[0]).first() if held else None
    if found is None or row is None:
        return in_words(request, _("This link is too old or not whole. Fill in the form again to get the file."), 404)
    if request.method == "GET":
        fetched(row, found, request.headers)
    response = StreamingHttpResponse(body_of(found), content_type=found.type)
    response["Content-Length"] = str(found.size_bytes)
    response["Content-Disposition"] = content_disposition_header(True, found.name) or "attachment"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Robots-Tag"] = "noindex"
    return response


@open_door("GET", "HEAD", "POST")
def confirm(request: HttpRequest, link: str) -> HttpResponse:
    """The page of a confirmation mail; programs that look into mail open it, so only its button confirms."""
    held = read_confirmation(link)
    row = Showing.objects.select_related("form__site").filter(pk=held.showing).first() if held else None
    if held is None or row is None:
        return _too_old(request)
    with override(held.language if held.language in dict(settings.LANGUAGES) else "en"):
        return _confirm(request, row, held)


def _confirm(request: HttpRequest, row: Showing, held: Confirmation) -> HttpResponse:
    done = request.method == "POST"
    if done and not confirming.confirm(row, held):
        return _too_old(request)
    return render(request, "forms/confirm.html", {"done": done})


def _too_old(request: HttpRequest) -> HttpResponse:
    return in_words(request, _("This link is too old or not whole. Fill in the form again to get a new one."), 404)
