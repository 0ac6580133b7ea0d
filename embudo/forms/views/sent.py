"""A form that is sent: read, kept, and answered with thanks, with what is wrong, or with "not now"."""

import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import Error as TablesRefuse
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from embudo.accounts.attempts import address_of
from embudo.core.consent import ConsentMode
from embudo.core.intake import Reason
from embudo.eventlog import LogUnavailable
from embudo.forms import guarding
from embudo.forms.answering import clean, typed_in
from embudo.forms.asking import Put, language_of, put
from embudo.forms.content import Content, Then, said
from embudo.forms.facts import Sender
from embudo.forms.models import File, Form
from embudo.forms.sending import NotKept, Sent, send
from embudo.forms.ticket import file_link, read_ticket
from embudo.forms.views.door import RETRY_S, count, in_words, length_of, may_ask, wants_json
from embudo.forms.views.drawing import new_ticket, page, parameters, part, target_of

LONGEST_BODY = 256 * 1024
MOST_INPUTS = 500
BROWSER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
UTM = tuple(f"utm_{name}" for name in ("source", "medium", "campaign", "term", "content", "id"))
BROUGHT = ("_ticket", "_lang", "_url", "_ref", "_anon", *UTM)  # hidden inputs that come back with the form

Posted = Mapping[str, Sequence[str]]


def take(request: HttpRequest, form: Form, content: Content) -> HttpResponse:
    """Keep what was sent and answer."""
    if refused := _refused(request, form):
        return refused
    posted = {name: request.POST.getlist(name) for name in list(request.POST)[:MOST_INPUTS]}
    language = language_of(content, _one(posted, "_lang"), str(request.LANGUAGE_CODE))
    ticket = read_ticket(_one(posted, "_ticket"), form.slug)
    skipped = frozenset(_one(posted, "_skipped").split(","))
    try:
        sent = send(form, content, language, ticket, posted, _sender(request, form, posted), skipped=skipped)
    except guarding.TooOften:
        count(Reason.RATE_LIMITED)
        return _again(request, form, content, language, posted, trouble="often", status=429)
    except NotKept:
        return _again(request, form, content, language, posted, trouble="refused", status=422)
    except (LogUnavailable, TablesRefuse):
        return _again(request, form, content, language, posted, trouble="unavailable", status=503)
    if sent.kept:
        return _thanks(request, form, content, language, sent)
    return _again(request, form, content, language, posted, errors=sent.answers.errors, status=422)


def _refused(request: HttpRequest, form: Form) -> HttpResponse | None:
    """What is not even read: bodies beyond all forms, and pages of sites that are not ours."""
    if length_of(request) > LONGEST_BODY:
        count(Reason.TOO_LARGE)
        return in_words(request, _("That is more than the form takes. Write less and send it again."), 413)
    if not may_ask(request, form):
        count(Reason.WRONG_DOMAIN)
        words = _("This page may not send this form: its domain is not one of the site's. Tell whoever runs the page.")
        return in_words(request, words, 403)
    return None


def _sender(request: HttpRequest, form: Form, posted: Posted) -> Sender:
    """What the door knows of the sender; the browser's id only where its owner agreed that it has one."""
    objects = "1" in (request.headers.get("sec-gpc"), request.headers.get("dnt"))
    keeps = form.site.mode != ConsentMode.COOKIELESS.value and not objects
    browser = _one(posted, "_anon")
    utm = {name.removeprefix("utm_"): _one(posted, name)[:200] for name in UTM if _one(posted, name)}
    return Sender(
        address=address_of(request), headers=request.headers, at=time.time_ns() // 1000,
        browser=browser if keeps and BROWSER.fullmatch(browser) else "",
        url=_web_address(_one(posted, "_url")) or _web_address(clean(request.headers.get("referer", ""))),
        referrer=_web_address(_one(posted, "_ref")), utm=utm,
    )  # fmt: skip


def _web_address(text: str) -> str:
    return text[:2000] if text.startswith(("http://", "https://")) else ""


def _one(posted: Posted, name: str) -> str:
    return clean((posted.get(name) or [""])[0])


def _again(
    request: HttpRequest,
    form: Form,
    content: Content,
    language: str,
    posted: Posted,
    *,
    status: int,
    errors: Mapping[str, str] | None = None,
    trouble: str = "",
) -> HttpResponse:
    """The form as it was sent, with what is wrong; nothing typed is lost."""
    values = typed_in(content, posted)
    hidden = {"_ticket": new_ticket(form)}  # of HTML pasted elsewhere: from here on it is ours
    hidden |= {name: _one(posted, name) for name in BROUGHT if _one(posted, name)} | parameters(content, values)
    try:
        drawn = put(form.slug, content, language, values=values, errors=errors, trouble=trouble, hidden=hidden)
    except TablesRefuse:
        return in_words(request, _unavailable_words(), 503)
    if wants_json(request):
        response: HttpResponse = JsonResponse({"html": part(drawn, form), "trouble": trouble}, status=status)
    else:
        response = page(request, form, content, drawn, status=status)
    if status in (429, 503):
        response["Retry-After"] = RETRY_S if status == 503 else str(int(guarding.WINDOW_S))
    return response


def _unavailable_words() -> str:
    return _("This does not work just now. Go back, what you wrote is still there, and try again.")


def _thanks(request: HttpRequest, form: Form, content: Content, language: str, sent: Sent) -> HttpResponse:
    if target := target_of(form, content):
        return JsonResponse({"to": target}) if wants_json(request) else HttpResponseRedirect(target, status=303)
    file = File.objects.filter(pk=content.file, whole=True).first() if content.then is Then.FILE else None
    with override(language):
        words: dict[str, Any] = {
            "thanks": said(content.thanks, language, content.language) or _("Thank you. We have got your answers."),
            "file": file, "link": _link(form, file, sent) if file else "", "confirm": sent.asked,
        }  # fmt: skip
        if wants_json(request):
            return JsonResponse({"html": render_to_string("forms/_thanks.html", words)})
    drawn = Put(form.slug, said(content.title, language, content.language), "", "", language, (), 0, 0)
    return page(request, form, content, drawn, sent=True, **words)


def _link(form: Form, file: File, sent: Sent) -> str:
    path = reverse("forms:file", args=[file_link(form.slug, file.pk, sent.showing)])
    return f"{settings.EMBUDO.site_address}{path}"
