"""The open doors of forms: the hosted page, the part for pages elsewhere, what is sent, files and confirmations.

Nobody signs in here and no cookie counts, so a post of another site can do nothing that a stranger could not do too.
"""

import re
import time
from collections.abc import Callable, Mapping
from functools import cache, wraps
from hashlib import blake2b
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import SELF
from django.conf import settings
from django.db import Error as TablesRefuse
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from embudo.accounts.attempts import address_of
from embudo.collector.context import path_of
from embudo.collector.sites import may_ask
from embudo.collector.suspicion import marks_of
from embudo.core.consent import ConsentMode
from embudo.core.intake import Reason
from embudo.eventlog import LogUnavailable
from embudo.forms import confirming, guarding, showing
from embudo.forms.answering import clean
from embudo.forms.asking import Put, language_of, put
from embudo.forms.content import Content, Then, said
from embudo.forms.facts import Sender
from embudo.forms.files import body_of
from embudo.forms.leading import may_lead_to
from embudo.forms.models import File, Form, Showing
from embudo.forms.sending import NotKept, Sent, send
from embudo.forms.taking import fetched
from embudo.forms.ticket import Confirmation, Ticket, file_link, read_confirmation, read_file_link, read_ticket
from embudo.leads.record import the_log

LONGEST_BODY = 256 * 1024
RETRY_S = "2"
BROWSER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
UTM = ("source", "medium", "campaign", "term", "content", "id")
OPEN = {"Access-Control-Allow-Origin": "*", "Access-Control-Max-Age": "86400", "Access-Control-Allow-Headers": "accept"}
View = Callable[..., HttpResponse]


def _open_door(*methods: str) -> Callable[[View], View]:
    """A view anybody may ask from any page; where tables or log refuse it answers 503, and nothing is kept."""

    def decorate(view: View) -> View:
        @csrf_exempt
        @require_http_methods([*methods, "OPTIONS"])
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **words: Any) -> HttpResponse:
            if request.method == "OPTIONS":
                response = HttpResponse(status=204)
                response["Access-Control-Allow-Methods"] = ", ".join(methods)
            else:
                try:
                    response = view(request, *args, **words)
                except (TablesRefuse, LogUnavailable):
                    response = _unavailable(request)
            for name, value in OPEN.items():
                response[name] = value
            if not response.has_header("Cache-Control"):
                response["Cache-Control"] = "no-store"
            return response

        return answer

    return decorate


# -- the form ------------------------------------------------------------------------------------------


@_open_door("GET", "HEAD", "POST")
def hosted(request: HttpRequest, slug: str) -> HttpResponse:
    """The form on a page of its own; a POST sends it, from here or from a page elsewhere."""
    form, content = _form(slug)
    language = language_of(content, request.GET.get("lang", ""), str(request.LANGUAGE_CODE))
    if request.method == "POST":
        return _send(request, form, content)
    return _page(request, form, content, _put_anew(request, form, content, language))


@_open_door("GET")
def embed(request: HttpRequest, slug: str) -> HttpResponse:
    """The form as a part of somebody's page, which the script puts there."""
    form, content = _form(slug)
    language = language_of(content, request.GET.get("lang", ""), str(request.LANGUAGE_CODE))
    drawn = _put_anew(request, form, content, language)
    return JsonResponse({"html": _part(drawn, form)})


@_open_door("POST")
def told(request: HttpRequest, slug: str) -> HttpResponse:
    """The script tells that the form was shown or begun; robots are not counted."""
    form, content = _form(slug)
    length = request.headers.get("content-length", "")
    if length and not (length.isdecimal() and len(length) < 6 and int(length) <= showing.LONGEST):
        return HttpResponse(status=413)
    said_ = showing.read(request.body, form.slug)
    robot = marks_of(request.headers, request.headers.get("user-agent", ""))
    if said_ and not robot and _may_ask(request, form) and not guarding.tells_too_often(slug, address_of(request)):
        showing.note(form, content, said_)
    return HttpResponse(status=204)


def _form(slug: str) -> tuple[Form, Content]:
    form = Form.objects.select_related("site", "published").filter(slug=slug).first()
    content = form.in_use if form and form.open_to_all else None
    if form is None or content is None:
        raise Http404(_("There is no form at this address any more."))
    return form, content


def _put_anew(request: HttpRequest, form: Form, content: Content, language: str) -> Put:
    """The form with a ticket that says when it was shown; hidden fields take what the address holds."""
    number = form.published.number if form.published else 0
    ticket = Ticket.new(form.slug, number, at_s=time.time())
    values = {
        each.id: [clean(request.GET[each.parameter])[:200]]
        for each in content.fields
        if each.parameter and request.GET.get(each.parameter)
    }
    hidden = {"_ticket": ticket.signed(), "_lang": language}
    if request.resolver_match and request.resolver_match.url_name == "hosted":
        hidden["_url"] = request.build_absolute_uri()[:2000]
        hidden["_ref"] = request.headers.get("referer", "")[:2000]
    return put(form.slug, content, language, values=values, hidden={**hidden, **_parameters(content, values)})


def _parameters(content: Content, values: Mapping[str, Any]) -> dict[str, str]:
    return {f"f_{each.id}": values[each.id][0] for each in content.fields if each.parameter and each.id in values}


def _page(
    request: HttpRequest, form: Form, content: Content, drawn: Put, *, status: int = 200, **more: Any
) -> HttpResponse:
    with override(drawn.language):
        response = render(
            request, "forms/hosted.html", {"put": drawn, "form": form, "action": _action(form), **more}, status=status
        )
    target = _redirect(form, content)
    if target:  # Chromium asks form-action about the answer's redirect, too
        parts = urlsplit(target)
        response._csp_update = {"form-action": [SELF, f"{parts.scheme}://{parts.netloc}"]}  # type: ignore[attr-defined]
    return response


def _part(drawn: Put, form: Form) -> str:
    with override(drawn.language):
        return render_to_string("forms/_form.html", {"put": drawn, "action": _action(form)})


def _action(form: Form) -> str:
    return f"{settings.EMBUDO.site_address}{reverse('forms:hosted', args=[form.slug])}"


# -- what is sent ------------------------------------------------------------------------------------------


def _send(request: HttpRequest, form: Form, content: Content) -> HttpResponse:
    refused = _refused(request, form)
    if refused:
        return refused
    posted = {name: request.POST.getlist(name) for name in list(request.POST)[:500]}
    language = language_of(content, _one(posted, "_lang"), str(request.LANGUAGE_CODE))
    ticket = read_ticket(_one(posted, "_ticket"), form.slug)
    skipped = frozenset(_one(posted, "_skipped").split(","))
    trouble, status = "", 422
    try:
        sent = send(form, content, language, ticket, posted, _sender(request, form, posted), skipped=skipped)
        if sent.kept:
            return _thanks(request, form, content, language, sent)
        return _again(request, form, content, language, posted, sent.values, sent.answers.errors, "", 422)
    except guarding.TooOften:
        _count(Reason.RATE_LIMITED)
        trouble, status = "often", 429
    except NotKept:
        trouble, status = "refused", 422
    except (LogUnavailable, TablesRefuse):
        trouble, status = "unavailable", 503
    from embudo.forms.answering import typed_in

    return _again(request, form, content, language, posted, typed_in(content, posted), {}, trouble, status)


def _refused(request: HttpRequest, form: Form) -> HttpResponse | None:
    """What is not even read: bodies beyond all forms, and pages of sites that are not ours."""
    length = request.headers.get("content-length", "")
    if length and not (length.isdecimal() and len(length) < 9 and int(length) <= LONGEST_BODY):
        _count(Reason.TOO_LARGE)
        return _words(request, _("That is more than the form takes. Write less and send it again."), 413)
    if not _may_ask(request, form):
        _count(Reason.WRONG_DOMAIN)
        words = _("This page may not send this form: its domain is not one of the site's. Tell whoever runs the page.")
        return _words(request, words, 403)
    return None


def _may_ask(request: HttpRequest, form: Form) -> bool:
    origin = request.headers.get("origin", "")
    own = {urlsplit(settings.EMBUDO.site_address).netloc, request.get_host()}
    try:
        return urlsplit(origin).netloc in own or may_ask(form.site, origin)
    except ValueError:
        return False


def _sender(request: HttpRequest, form: Form, posted: Mapping[str, list[str]]) -> Sender:
    objects = "1" in (request.headers.get("sec-gpc"), request.headers.get("dnt"))
    anonymous = _one(posted, "_anon")
    keeps = form.site.mode != ConsentMode.COOKIELESS.value and not objects
    url = _one(posted, "_url") or request.headers.get("referer", "")
    utm = {name: _one(posted, f"utm_{name}")[:200] for name in UTM if _one(posted, f"utm_{name}")}
    return Sender(
        address=address_of(request),
        headers=request.headers,
        at=time.time_ns() // 1000,
        browser=anonymous if keeps and BROWSER.fullmatch(anonymous) else "",
        url=clean(url)[:2000] if url.startswith(("http://", "https://")) else "",
        referrer=_one(posted, "_ref")[:2000] if _one(posted, "_ref").startswith(("http://", "https://")) else "",
        utm=utm,
    )


def _one(posted: Mapping[str, list[str]], name: str) -> str:
    return clean((posted.get(name) or [""])[0])


def _again(
    request: HttpRequest,
    form: Form,
    content: Content,
    language: str,
    posted: Mapping[str, list[str]],
    values: Mapping[str, Any],
    errors: Mapping[str, str],
    trouble: str,
    status: int,
) -> HttpResponse:
    """The form as it was sent, with what is wrong; nothing typed is lost."""
    kept = ("_ticket", "_lang", "_url", "_ref", "_anon", *(f"utm_{name}" for name in UTM))
    hidden = {name: _one(posted, name) for name in kept if _one(posted, name)}
    if "_ticket" not in hidden:  # pasted HTML: from here on it is ours
        hidden["_ticket"] = Ticket.new(
            form.slug, form.published.number if form.published else 0, at_s=time.time() - 60
        ).signed()
    hidden |= _parameters(content, values)
    drawn = put(form.slug, content, language, values=values, errors=errors, trouble=trouble, hidden=hidden)
    if _wants_json(request):
        response: HttpResponse = JsonResponse({"html": _part(drawn, form), "trouble": trouble}, status=status)
    else:
        response = _page(request, form, content, drawn, status=status)
    if status in (429, 503):
        response["Retry-After"] = RETRY_S if status == 503 else str(int(guarding.WINDOW_S))
    return response


def _thanks(request: HttpRequest, form: Form, content: Content, language: str, sent: Sent) -> HttpResponse:
    target = _redirect(form, content)
    if target:
        return JsonResponse({"to": target}) if _wants_json(request) else HttpResponseRedirect(target, status=303)
    file = File.objects.filter(pk=content.file, whole=True).first() if content.then is Then.FILE else None
    link = ""
    if file is not None:
        path = reverse("forms:file", args=[file_link(form.slug, file.pk, sent.showing)])
        link = f"{settings.EMBUDO.site_address}{path}"
    with override(language):
        words = {
            "thanks": said(content.thanks, language, content.language) or _("Thank you. We have got your answers."),
            "file": file, "link": link, "confirm": content.confirm,
        }  # fmt: skip
        if _wants_json(request):
            return JsonResponse({"html": render_to_string("forms/_thanks.html", words)})
    drawn = Put(form.slug, said(content.title, language, content.language), "", "", language, (), 0, 0)
    return _page(request, form, content, drawn, sent=True, **words)


def _redirect(form: Form, content: Content) -> str:
    """Where the form leads afterwards, looked at again: only to the site's own domains."""
    return content.redirect if content.then is Then.REDIRECT and may_lead_to(form, content.redirect) else ""


def _wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("accept", "")


def _count(reason: Reason) -> None:
    """Count what is refused; where the log is down nothing can be counted, either."""
    try:
        the_log().commit(refused={reason.value: 1})
    except LogUnavailable:
        return


def _words(request: HttpRequest, words: str, status: int) -> HttpResponse:
    if _wants_json(request):
        return JsonResponse({"words": words}, status=status)
    return render(request, "forms/words.html", {"words": words}, status=status)


def _unavailable(request: HttpRequest) -> HttpResponse:
    response = _words(
        request, _("This does not work just now. Go back, what you wrote is still there, and try again."), 503
    )
    response["Retry-After"] = RETRY_S
    return response


# -- files and confirmations ------------------------------------------------------------------------------


@_open_door("GET", "HEAD")
def file(request: HttpRequest, link: str) -> HttpResponse:
    """The file of a signed link, kept as downloaded first."""
    held = read_file_link(link)
    found = File.objects.filter(pk=held[1], whole=True).first() if held else None
    row = Showing.objects.select_related("form__site").filter(pk=held[2], form__slug=held[0]).first() if held else None
    if found is None or row is None:
        return _words(request, _("This link is too old or not whole. Fill in the form again to get the file."), 404)
    if request.method == "GET":
        fetched(row, found, request.headers)
    response = StreamingHttpResponse(body_of(found), content_type=found.type)
    response["Content-Length"] = str(found.size_bytes)
    response["Content-Disposition"] = _attached(found.name)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Robots-Tag"] = "noindex"
    return response  # type: ignore[return-value]


def _attached(name: str) -> str:
    from django.utils.http import content_disposition_header

    return content_disposition_header(True, name) or "attachment"


@_open_door("GET", "HEAD", "POST")
def confirm(request: HttpRequest, link: str) -> HttpResponse:
    """The page of a confirmation mail; programs that look into mail open it, so only its button confirms."""
    held = read_confirmation(link)
    row = Showing.objects.select_related("form__site").filter(pk=held.showing).first() if held else None
    if held is None or row is None:
        return _words(request, _("This link is too old or not whole. Fill in the form again to get a new one."), 404)
    with override(held.language if held.language in dict(settings.LANGUAGES) else "en"):
        return _confirm(request, row, held)


def _confirm(request: HttpRequest, row: Showing, held: Confirmation) -> HttpResponse:
    done = False
    if request.method == "POST":
        done = confirming.confirm(row, held)
        if not done:
            return _words(
                request, _("This link is too old or not whole. Fill in the form again to get a new one."), 404
            )
    return render(request, "forms/confirm.html", {"done": done, "path": path_of(request.path)})


# -- the script ------------------------------------------------------------------------------------------

_HERE = Path(__file__).parent.parent


@cache
def _script(changed_ns: int) -> tuple[bytes, str]:
    readable, built = _HERE / "embed.js", _HERE / "build" / "embed.min.js"
    fresh = built.exists() and built.stat().st_mtime >= readable.stat().st_mtime
    text = (built if fresh else readable).read_bytes()
    return text, f'"{blake2b(text, digest_size=12).hexdigest()}"'


@_open_door("GET", "HEAD")
def script(request: HttpRequest) -> HttpResponse:
    """The script of the one line that people paste; the same for every form."""
    text, etag = _script((_HERE / "embed.js").stat().st_mtime_ns)
    known = request.headers.get("if-none-match") == etag
    response = HttpResponse(
        b"" if known else text, content_type="text/javascript; charset=utf-8", status=304 if known else 200
    )
    response["ETag"] = etag
    response["Cache-Control"] = "public, max-age=300"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
