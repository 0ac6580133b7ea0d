"""Where a form may lead whoever sent it: to pages of its own site, and nowhere else."""

from urllib.parse import urlsplit

from embudo.collector.sites import may_ask
from embudo.forms.models import Form


def may_lead_to(form: Form, address: str) -> bool:
    """Return whether an address lies on one of the domains of the form's site; without domains none does."""
    if not form.site.domains or any(letter <= " " or letter in "\\\x7f" for letter in address):
        return False
    try:
        parts = urlsplit(address)
        named = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False
    return named and may_ask(form.site, f"{parts.scheme}://{parts.netloc}")
