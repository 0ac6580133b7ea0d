"""What people fill in about themselves and other users."""

from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.utils.translation import gettext_lazy as _

from embudo.accounts.models import User, normal_email


class SignInForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class UserForm(forms.ModelForm):
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


class ProfileForm(forms.ModelForm):
    """What everybody settles for themselves."""

    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=lambda: [("", _("As the browser")), *settings.LANGUAGES]
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"), required=False, choices=lambda: [("", _("As the browser")), *_zones()]
    )

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
