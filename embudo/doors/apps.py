"""The app's name in Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DoorsConfig(AppConfig):
    name = "embudo.doors"
    label = "doors"
    verbose_name = _("Doors for other software")
    default_auto_field = "django.db.models.BigAutoField"
