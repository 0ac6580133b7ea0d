"""What people fill in about a site and its keys."""

import re

from django import forms
from django.utils.translation import gettext_lazy as _

from embudo.capture.models import Mode, Site, WriteKey
from embudo.ui.meanwhile import Meanwhile

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
        parts = (part.strip() for part in re.split(r"[,;\n]", self.cleaned_data["domains"]))
        hosts = [_host(part) for part in parts if part]
        for host in hosts:
            if not HOST.fullmatch(host):
                raise forms.ValidationError(
                    _("“%(host)s” is not a domain; write it like example.com."), params={"host": host}, code="domain"
                )
        return list(dict.fromkeys(hosts))

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
    """The host name in what people paste: an address, with or without a scheme, port and path."""
    host = (
        text.strip().lower().split("://")[-1].split("/")[0].split("@")[-1].split(":")[0].removeprefix("*.").strip(".")
    )
    try:
        return host.encode("idna").decode() if host else ""
    except UnicodeError:
        return host
