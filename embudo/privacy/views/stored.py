"""What is stored where: each table, log, file, cookie and browser key, why, for how long, and how much of it now."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from embudo.accounts.permissions import require
from embudo.privacy import stored


@require_GET
@require("privacy.see")
def page(request: HttpRequest) -> HttpResponse:
    """Show the places, those of a kind together."""
    return render(request, "privacy/stored.html", {"groups": stored.groups(settings.EMBUDO), "tab": "stored"})
