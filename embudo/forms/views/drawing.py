"""How the form that visitors see is drawn: on its own page, and as a part of somebody's page."""

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from csp.constants import SELF
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from embudo.forms.answering import clean
from embudo.forms.asking import Put, input_name, put
from embudo.forms.content import Content, Then
from embudo.forms.leading import may_lead_to
from embudo.forms.models import Form
from embudo.forms.ticket import Ticket


def form_of(slug: str) -> tuple[Form, Content]:
    """Return a form that visitors may see, and what it says; raises Http404."""
    form = Form.objects.select_related("site", "published").filter(slug=slug).first()
    content = form.in_use if form and form.open_to_all else None
    if form is None or content is None:
        raise Http404(_("There is no form at this address any more."))
    return form, content


def new_ticket(form: Form) -> str:
    """Return the ticket of a showing that begins now."""
    return Ticket.new(form.slug, form.published.number if form.published else 0, at_s=time.time()).signed()


def anew(request: HttpRequest, form: Form, content: Content, language: str, *, hosted: bool) -> Put:
    """The form as it is first shown; hidden fields take what the address of the hosted page holds."""
    hidden = {"_ticket": new_ticket(form), "_lang": language}
    if not hosted:
        return put(form.slug, content, language, hidden=hidden)
    values = {
        each.id: [clean(request.GET[each.parameter])[:200]]
        for each in content.fields
        if each.parameter and request.GET.get(each.parameter)
    }
    hidden |= {"_url": request.build_absolute_uri()[:2000], "_ref": request.headers.get("referer", "")[:2000]}
    return put(form.slug, content, language, hidden={**hidden, **parameters(content, values)})


def parameters(content: Content, values: Mapping[str, Any]) -> dict[str, str]:
    """Return the hidden fields that the page's address filled in, by the name of the input."""
    return {input_name(each.id): values[each.id][0] for each in content.fields if each.parameter and each.id in values}


def page(
    request: HttpRequest, form: Form, content: Content, drawn: Put, *, status: int = 200, **more: Any
) -> HttpResponse:
    """The form, or the thanks, on the page of its own."""
    words = {"put": drawn, "form": form, "action": reverse("forms:hosted", args=[form.slug]), **more}
    with override(drawn.language):
        response = render(request, "forms/hosted.html", words, status=status)
    if target := target_of(form, content):  # Chromium asks form-action about the answer's redirect, too
        parts = urlsplit(target)
        response._csp_update = {"form-action": [SELF, f"{parts.scheme}://{parts.netloc}"]}  # type: ignore[attr-defined]
    return response


def part(drawn: Put, form: Form) -> str:
    """The form as HTML for a page elsewhere."""
    action = f"{settings.EMBUDO.site_address}{reverse('forms:hosted', args=[form.slug])}"
    with override(drawn.language):
        return render_to_string("forms/_form.html", {"put": drawn, "action": action})


def target_of(form: Form, content: Content) -> str:
    """Where the form leads afterwards, looked at again: only to the site's own domains."""
    return content.redirect if content.then is Then.REDIRECT and may_lead_to(form, content.redirect) else ""
