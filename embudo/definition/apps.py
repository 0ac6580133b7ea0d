"""The definition app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DefinitionConfig(AppConfig):
    name = "embudo.definition"
    verbose_name = _("Definition of a lead")
    default_auto_field = "django.db.models.BigAutoField"
