"""What people fill in about themselves and other users."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from embudo.accounts import audit
from embudo.accounts.models import Invitation, SecondStepRule, User, normal_email
from embudo.accounts.permissions import Role
from embudo.ui.meanwhile import Meanwhile


class SignInForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class UserForm(Meanwhile, forms.ModelForm):
    """Name, address and role, as an administrator sets them."""

    class Meta:
        model = User
        fields = ["name", "email", "role"]
        error_messages = {
            "email": {
                "unique": _(
                    "Somebody with this address has an account already. Open it in the list of users, or write another."
                )
            }
        }

    def clean_email(self) -> str:
        return normal_email(self.cleaned_data["email"])


class InReadersWay(forms.ModelForm):
    """In which language and time zone somebody reads."""

    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=lambda: [("", _("As the browser")), *settings.LANGUAGES]
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"), required=False, choices=lambda: [("", _("As the browser")), *_zones()]
    )


class InvitationForm(InReadersWay):
    """Whom to ask to work here, and how they start."""

    class Meta:
        model = Invitation
        fields = ["email", "role", "language", "time_zone"]

    def clean_email(self) -> str:
        email = normal_email(self.cleaned_data["email"])
        if User.objects.filter(email=email).exists():
            raise forms.ValidationError(UserForm.Meta.error_messages["email"]["unique"], code="unique")
        if Invitation.open().filter(email=email).exists():
            raise forms.ValidationError(
                _("This address is invited already. Renew that invitation in the list of users, or take it back."),
                code="open",
            )
        return email


class ProfileForm(Meanwhile, InReadersWay):
    """What everybody settles for themselves."""

    class Meta:
        model = User
        fields = ["name", "language", "time_zone", "theme"]


class NewPasswordForm(forms.Form):
    """A new password, written once and seen by its owner only."""

    password = forms.CharField(
        label=_("New password"), strip=False, help_text=_("At least 10 characters; a sentence is good."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "minlength": 10}),
    )  # fmt: skip

    def __init__(self, *args: object, user: User, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password_validation.validate_password(self.cleaned_data["password"], self.user)
        return self.cleaned_data["password"]


class ChangePasswordForm(NewPasswordForm):
    """A new password for somebody signed in, who shows that they know the old one."""

    current = forms.CharField(
        label=_("Current password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    field_order = ["current", "password"]

    def clean_current(self) -> str:
        if not self.user.check_password(self.cleaned_data["current"]):
            raise forms.ValidationError(_("This is not your current password."), code="wrong")
        return self.cleaned_data["current"]


class AcceptForm(NewPasswordForm):
    """Who was invited comes in."""

    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    field_order = ["name", "password"]


class SecondStepForm(Meanwhile, forms.Form):
    """The roles of which a second step is required."""

    roles = forms.MultipleChoiceField(
        label=_("Required of"), choices=Role.choices, required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )  # fmt: skip

    @classmethod
    def in_force(cls, given: Any = None) -> "SecondStepForm":
        return cls(given, initial={"roles": list(SecondStepRule.objects.values_list("role", flat=True))})


class DayInput(forms.DateInput):
    """A calendar, where the browser has one."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class TrailForm(forms.Form):
    """Which part of the trail is shown."""

    who = forms.ModelChoiceField(
        label=_("Who"), queryset=User.objects.order_by("name", "email"), required=False, empty_label=_("Everybody")
    )
    what = forms.ChoiceField(
        label=_("What"),
        required=False,
        choices=lambda: [("", _("Everything")), *((verb, audit.general(verb)) for verb in audit.WORDS)],
    )
    since = forms.DateField(label=pgettext_lazy("dates", "From"), required=False, widget=DayInput)
    until = forms.DateField(label=pgettext_lazy("dates", "To"), required=False, widget=DayInput)
    person = forms.RegexField(r"^-?[0-9]{1,20}$", required=False, widget=forms.HiddenInput)


class SetUpForm(NewPasswordForm):
    """The first administrator."""

    token = forms.CharField(
        label=_("Set-up token"),
        help_text=_("The start of Embudo printed it; it is also in the file first_run_token of the data folder."),
    )
    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(
        label=_("E-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )
    field_order = ["token", "name", "email", "password"]


def _zones() -> list[tuple[str, str]]:
    places = sorted(
        zone
        for zone in available_timezones()
        if "/" in zone and not zone.startswith(("Etc/", "posix/", "right/", "SystemV/", "US/"))
    )
    return [("UTC", "UTC"), *((zone, zone.replace("_", " ")) for zone in places)]
