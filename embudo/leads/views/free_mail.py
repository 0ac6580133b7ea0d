"""Which mail domains are nobody's company: called so on the page of the company or typed, and taken back."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from embudo.accounts.models import AuditEntry
from embudo.accounts.permissions import require
from embudo.leads import free_mail
from embudo.leads.showing import BadValue
from embudo.ui.toasts import toast


@require_POST
@require("free_mail.edit")
def say(request: HttpRequest) -> HttpResponse:
    """Call a mail domain nobody's company, or one after all; whoever follows brings people and companies in line."""
    given = request.POST if "domain" in request.POST else request.GET  # an Undo's address holds what was
    free = given.get("company") != "1"
    try:
        domain = free_mail.domain_typed(given.get("domain", ""))
    except BadValue as error:
        toast(request, str(error), failed=True)
        return redirect("leads:companies")
    words = _("%(domain)s is no company now.") if free else _("%(domain)s is a company again.")
    undo = ""
    if free_mail.say(domain, free=free):
        AuditEntry.record(request.user, "free_mail_named" if free else "free_mail_taken_back", domain)
        undo = f"{reverse('leads:free_mail')}?{urlencode({'domain': domain, 'company': '1' if free else '0'})}"
    toast(request, words % {"domain": domain}, undo=undo)
    return redirect("leads:companies")
