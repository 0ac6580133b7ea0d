"""Short words after an act, with an Undo where the act can be taken back."""

import json

from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest

UNDO = "undo:"


def toast(request: HttpRequest, text: str, *, undo: str = "", failed: bool = False) -> None:
    """Queue a toast for the next page or fragment; `undo` is an address that a POST takes the act back at."""
    level = messages.ERROR if failed else messages.SUCCESS
    messages.add_message(request, level, text, extra_tags=f"{UNDO}{undo}" if undo else "")


def undo_of(message: Message) -> str:
    """Return the address of the message's Undo, or an empty text."""
    tags = message.extra_tags or ""
    return tags.removeprefix(UNDO) if tags.startswith(UNDO) else ""


def as_header(request: HttpRequest) -> str:
    """Return the waiting toasts as the value of HX-Trigger, taking them out of the queue; empty when none waits."""
    queue = messages.get_messages(request)
    if getattr(queue, "used", False):  # drawn in the page already
        return ""
    waiting = [
        {"text": str(message), "undo": undo_of(message), "failed": message.level >= messages.ERROR} for message in queue
    ]
    return json.dumps({"toasts": {"value": waiting}}) if waiting else ""
