"""The versions of the definition of a lead, and the instant from which each is in force."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class DefinitionVersion(models.Model):
    """One text of the definition. The shipped one is version 0, "unsigned" (DESIGN 9.18)."""

    version = models.IntegerField(primary_key=True)
    name = models.CharField(max_length=200)
    text = models.TextField()  # the canonical YAML
    digest = models.CharField(max_length=64)  # of the canonical text; what signatures are bound to
    signed = models.BooleanField(default=False)
    in_force_from_at = models.BigIntegerField(null=True, blank=True)  # event time, microseconds; null: a draft
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("definition")

    def __str__(self) -> str:
        return f"{self.version} {self.name}"
