"""The app's name in Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PrivacyConfig(AppConfig):
    name = "embudo.privacy"
    label = "privacy"
    verbose_name = _("Consent and privacy")
    default_auto_field = "django.db.models.BigAutoField"
