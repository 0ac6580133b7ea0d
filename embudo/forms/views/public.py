"""The open doors of a form: its own page, the part for pages elsewhere, what the script tells, and the script."""

from functools import cache
from hashlib import blake2b
from pathlib import Path

from django.http import HttpRequest, HttpResponse, JsonResponse

from embudo.accounts.attempts import address_of
from embudo.collector.suspicion import marks_of
from embudo.forms import guarding, showing
from embudo.forms.asking import language_of
from embudo.forms.content import Content
from embudo.forms.views.door import length_of, may_ask, open_door
from embudo.forms.views.drawing import anew, form_of, page, part
from embudo.forms.views.sent import take

HERE = Path(__file__).parent.parent


@open_door("GET", "HEAD", "POST")
def hosted(request: HttpRequest, slug: str) -> HttpResponse:
    """The form on a page of its own; a POST sends it, from here or from a page elsewhere."""
    form, content = form_of(slug)
    if request.method == "POST":
        return take(request, form, content)
    return page(request, form, content, anew(request, form, content, _language(request, content), hosted=True))


@open_door("GET")
def embed(request: HttpRequest, slug: str) -> HttpResponse:
    """The form as a part of somebody's page, which the script puts there."""
    form, content = form_of(slug)
    drawn = anew(request, form, content, _language(request, content), hosted=False)
    return JsonResponse({"html": part(drawn, form)})


def _language(request: HttpRequest, content: Content) -> str:
    return language_of(content, request.GET.get("lang", ""), str(request.LANGUAGE_CODE))


@open_door("POST")
def told(request: HttpRequest, slug: str) -> HttpResponse:
    """The script tells that the form was shown or begun; robots are not counted."""
    form, content = form_of(slug)
    if length_of(request) > showing.LONGEST:
        return HttpResponse(status=413)
    told = showing.read(request.body, form.slug)
    robot = marks_of(request.headers, request.headers.get("user-agent", ""))
    if told and not robot and may_ask(request, form) and not guarding.tells_too_often(slug, address_of(request)):
        showing.note(form, content, told)
    return HttpResponse(status=204)


@open_door("GET", "HEAD")
def script(request: HttpRequest) -> HttpResponse:
    """The script of the one line that people paste; the same for every form."""
    text, etag = _script((HERE / "embed.js").stat().st_mtime_ns)
    known = request.headers.get("if-none-match") == etag
    response = HttpResponse(b"" if known else text, content_type="text/javascript; charset=utf-8")
    response.status_code = 304 if known else 200
    response["ETag"] = etag
    response["Cache-Control"] = "public, max-age=300"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@cache
def _script(changed_ns: int) -> tuple[bytes, str]:
    """The small build that set-up makes, else (none, or an old one) the readable source; and its ETag."""
    readable, built = HERE / "embed.js", HERE / "build" / "embed.min.js"
    fresh = built.exists() and built.stat().st_mtime_ns >= changed_ns
    text = (built if fresh else readable).read_bytes()
    return text, f'"{blake2b(text, digest_size=12).hexdigest()}"'
