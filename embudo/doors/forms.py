"""The forms of keys and webhooks, and what makes an address of a webhook acceptable."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from embudo.doors import outbound
from embudo.doors.hooks.kinds import KINDS
from embudo.doors.models import ApiKey, Endpoint
from embudo.doors.scopes import offered
from embudo.doors.troubles import said
from embudo.ui.meanwhile import Meanwhile

BOX = {"class": "form-check-input"}
LASTS = (("30", _("30 days")), ("90", _("90 days")), ("365", _("a year")), ("0", _("until it is revoked")))


class KeyForm(forms.Form):
    """A new key: its name, what it may, how long it lasts."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("What software uses it, such as “CRM sync”."))
    scopes = forms.MultipleChoiceField(
        label=pgettext_lazy("what a key may do", "May"),
        widget=forms.CheckboxSelectMultiple(attrs=BOX),
        error_messages={"required": _("A key that may do nothing opens nothing: choose at least one.")},
    )
    lasts = forms.ChoiceField(label=_("Lasts"), choices=LASTS, initial="365")

    def __init__(self, *args: Any, role: str, **given: Any) -> None:
        super().__init__(*args, **given)
        self.fields["scopes"].choices = [(each.name, f"{each.words} ({each.name})") for each in offered(role)]  # type: ignore[attr-defined]

    def expires_at(self, now: datetime | None = None) -> datetime | None:
        """When the key ends, as it was chosen."""
        days = int(self.cleaned_data["lasts"])
        return (now or timezone.now()) + timedelta(days=days) if days else None

    def clean_name(self) -> str:
        """Refuse a name that somebody's key in force has already: in the trail they could not be told apart."""
        name = str(self.cleaned_data["name"])
        if ApiKey.objects.filter(name=name, revoked_at=None).exists():
            raise forms.ValidationError(_("A key of this name is in force already. Choose another name."))
        return name


class EndpointForm(Meanwhile, forms.Form):
    """A webhook: its name, its address, what it is told."""

    name = forms.CharField(label=_("Name"), max_length=80)
    url = forms.CharField(
        label=_("Address"),
        max_length=500,
        widget=forms.URLInput(attrs={"placeholder": "https://…"}),
        help_text=_("What happens is posted here as JSON, signed. Private addresses are refused."),
    )
    kinds = forms.MultipleChoiceField(
        label=_("Tell it when"),
        choices=list(KINDS.items()),
        widget=forms.CheckboxSelectMultiple(attrs=BOX),
        error_messages={"required": _("Choose at least one thing to be told.")},
    )

    @classmethod
    def of(cls, endpoint: Endpoint, data: Any = None) -> "EndpointForm":
        """Return the form of a webhook as it is."""
        return cls(data, initial={"name": endpoint.name, "url": endpoint.url, "kinds": endpoint.kinds})

    def clean_url(self) -> str:
        """Refuse an address that would never be called; its name is looked up anew at each call."""
        url = str(self.cleaned_data["url"]).strip()
        try:
            networks = outbound.networks_of(settings.EMBUDO.webhook_networks)
            outbound.checked(outbound.target_of(url), networks=networks)
        except outbound.NoAnswer as error:
            raise forms.ValidationError(_("Nobody knows this host. Check how it is written.")) from error
        except outbound.Refused as error:
            words = _("This address cannot be called: %(why)s.")
            raise forms.ValidationError(words, params={"why": said(str(error))}) from error
        return url
