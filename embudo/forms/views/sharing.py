"""How a form comes onto pages: its own address, the one line of script, and plain HTML that works without script."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import override
from django.views.decorators.http import require_GET

from embudo.accounts.permissions import require
from embudo.forms.asking import put
from embudo.forms.content import Content
from embudo.forms.models import Form
from embudo.forms.ticket import Ticket


@require_GET
@require("forms.see")
def share(request: HttpRequest, slug: str) -> HttpResponse:
    """What to paste where."""
    form = get_object_or_404(Form.objects.select_related("site", "published"), slug=slug)
    content = form.in_use or form.draft
    language = request.GET.get("lang", "")
    language = language if language in content.languages else content.language
    base = settings.EMBUDO.site_address
    context = {
        "form": form, "content": content, "tab": "share", "language": language, "unpublished": form.unpublished,
        "address": base + reverse("forms:hosted", args=[slug]),
        "line": f'<script async src="{base}{reverse("forms:script")}" data-form="{slug}"></script>',
        "plain": plain(form, content, language),
    }  # fmt: skip
    return render(request, "forms/share.html", context)


def plain(form: Form, content: Content, language: str) -> str:
    """Return the form as HTML to be pasted, without script; its ticket says that it may stand there for good."""
    ticket = Ticket.new(form.slug, form.published.number if form.published else 0, at_s=None)
    with override(language):
        drawn = put(form.slug, content, language, hidden={"_ticket": ticket.signed(), "_lang": language})
        action = settings.EMBUDO.site_address + reverse("forms:hosted", args=[form.slug])
        text = render_to_string("forms/_form.html", {"put": drawn, "action": action, "pasted": True})
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and "ef-lost" not in line)
