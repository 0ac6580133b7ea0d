"""What is shown once and then forgotten: a link or a key that is kept in the session until its page is looked at."""

from typing import Any

from django.http import HttpRequest


def keep(request: HttpRequest, name: str, whose: Any, text: str) -> None:
    """Keep a text for the next look at the page of `whose`."""
    request.session[name] = [whose, text]


def take(request: HttpRequest, name: str, whose: Any) -> str:
    """Return what was kept for `whose` and forget it; empty when there is nothing."""
    kept = request.session.get(name)
    if not kept or kept[0] != whose:
        return ""
    del request.session[name]
    return str(kept[1])
