"""What is wrong with an address or went wrong with a call, in the reader's language; it is kept in English."""

from django.utils.translation import gettext_lazy as _


def said(trouble: str) -> str:
    """Return a trouble as people read it; what a system adds behind a colon stays as it is."""
    if trouble in TROUBLES:
        return str(TROUBLES[trouble])
    head, colon, rest = trouble.partition(": ")
    return f"{TROUBLES[head]}{colon}{rest}" if head in TROUBLES else trouble


TROUBLES = {
    "only http:// and https:// are called": _("only http:// and https:// are called"),
    "its port is 0": _("its port is 0"),
    "its host is no name": _("its host is no name"),
    "it names no IPv6 address": _("it names no IPv6 address"),
    "its host or port cannot be read": _("its host or port cannot be read"),
    "it holds a user name; send what identifies you in the path or check the signature instead": _(
        "it holds a user name; send what identifies you in the path or check the signature instead"
    ),
    "its path holds letters beyond ASCII; write them in percent form": _(
        "its path holds letters beyond ASCII; write them in percent form"
    ),
    "its host is an odd spelling of a number; write a name, or four numbers with dots": _(
        "its host is an odd spelling of a number; write a name, or four numbers with dots"
    ),
    "it leads to a private or reserved address (EMBUDO_WEBHOOK_NETWORKS may allow it)": _(
        "it leads to a private or reserved address (EMBUDO_WEBHOOK_NETWORKS may allow it)"
    ),
    "it holds spaces, a backslash or signs that cannot be seen, or is longer than 2,000 characters": _(
        "it holds spaces, a backslash or signs that cannot be seen, or is longer than 2,000 characters"
    ),
    "its secret was sealed under another key of this install; make a new one, or put the key back": _(
        "its secret was sealed under another key of this install; make a new one, or put the key back"
    ),
    "its name is not known": _("its name is not known"),
    "the secure connection failed": _("the secure connection failed"),
    "what it answered is no HTTP": _("what it answered is no HTTP"),
    "no connection": _("no connection"),
    "its certificate is not valid": _("its certificate is not valid"),
    "no complete answer within 10 s": _("no complete answer within 10 s"),
    "it answered with a redirect, which is not followed; give the webhook the address it leads to": _(
        "it answered with a redirect, which is not followed; give the webhook the address it leads to"
    ),
}
