"""The app's name in Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorkConfig(AppConfig):
    name = "embudo.work"
    label = "work"
    verbose_name = _("Long work")
    default_auto_field = "django.db.models.BigAutoField"
