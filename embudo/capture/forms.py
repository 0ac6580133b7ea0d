"""What people fill in about a site and its keys."""

import ipaddress
import re

from django import forms
from django.utils.translation import gettext_lazy as _

from embudo.capture.models import Mode, Site, WriteKey
from embudo.ui.meanwhile import Meanwhile

TOLD = 60  # letters of what was typed that its error repeats
MOST_TOLD = 5  # errors
PASTED = re.compile(r"(?:[a-z][a-z0-9+.-]*://)?(?:\*\.)?([^\s/:@?#\\]+)(?::[0-9]+)?(?:[/?#].*)?")
HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")

# What each consent mode does, in the words of the settings page.
MODE_WORDS = {
    Mode.REQUIRED: _(
        "Nothing is recorded and nothing is stored in the browser until the visitor agrees (embudo.consent). "
        "The right choice for visitors from the EU or Brazil."
    ),
    Mode.IMPLIED: _(
        "Visits are recorded from the first page, with an identifier in the browser, until the visitor objects."
    ),
    Mode.COOKIELESS: _(
        "Nothing is stored in the browser. A visitor is known for one day only; "
        "who comes back tomorrow counts as new, until they fill in a form."
    ),
}


class SiteForm(Meanwhile, forms.ModelForm):
    """Name, domains and consent mode."""

    domains = forms.CharField(
        label=_("Domains of its pages"), required=False, max_length=2000,
        help_text=_("One or several, with commas; subdomains are included. Empty: pages anywhere may use the key."),
        widget=forms.TextInput(
            attrs={"placeholder": "example.com, shop.example.org", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )  # fmt: skip
    mode = forms.ChoiceField(
        label=_("Consent of visitors"), choices=Mode.choices, widget=forms.RadioSelect, initial=Mode.REQUIRED
    )

    class Meta:
        model = Site
        fields = ["name", "domains", "mode"]

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.initial["domains"] = ", ".join(self.initial.get("domains") or [])

    def clean_domains(self) -> list[str]:
        parts = [part.strip() for part in re.split(r"[,;\n]", self.cleaned_data["domains"])]
        hosts = {part: _host(part) for part in parts if part}
        wrong = [part for part, host in hosts.items() if not host]
        if wrong:
            raise forms.ValidationError([_no_domain(part) for part in wrong[:MOST_TOLD]])
        return list(dict.fromkeys(hosts.values()))

    @property
    def modes(self) -> list[dict[str, object]]:
        """The choices of the consent mode with what each does."""
        chosen = self["mode"].value()
        return [
            {"value": mode.value, "label": mode.label, "words": MODE_WORDS[mode], "checked": mode.value == chosen}
            for mode in Mode
        ]


class KeyForm(forms.Form):
    """A further key."""

    label = forms.CharField(
        label=_("What is it for?"), max_length=80, widget=forms.TextInput(attrs={"placeholder": _("our shop's server")})
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=WriteKey.Kind.choices, initial=WriteKey.Kind.SECRET)


def _host(text: str) -> str:
    """The host name in what people paste: an address, with or without a scheme, port and path; empty: it has none."""
    found = PASTED.fullmatch(text.lower())
    try:
        host = found[1].strip(".").encode("idna").decode() if found else ""
    except UnicodeError:
        return ""
    last = host.rpartition(".")[2]
    return host if HOST.fullmatch(host) and (not last.isdecimal() or _is_address(host)) else ""


def _is_address(host: str) -> bool:
    try:
        return bool(ipaddress.IPv4Address(host))
    except ValueError:
        return False


def _no_domain(text: str) -> forms.ValidationError:
    """Say what is wrong with what was typed in place of a domain, and what is expected."""
    short = text if len(text) <= TOLD else f"{text[:TOLD]}…"
    if "@" in text and "://" not in text:
        words = _("“%(text)s” looks like a mail address. Write the domain of your pages, such as example.com.")
    elif re.search(r"\s", text):
        words = _("“%(text)s” has blanks. Write each domain such as example.com, and commas between several.")
    else:
        words = _(
            "“%(text)s” is not a domain. Write it as it stands in the address of a page, such as example.com: "
            "letters, figures and hyphens, with dots between."
        )
    return forms.ValidationError(words, params={"text": short}, code="domain")
