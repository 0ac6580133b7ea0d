"""Failed sign-ins, for the limit on them (attempts.py)."""

from django.db import models
from django.utils import timezone


class SignInFailure(models.Model):
    """One failed sign-in, under a keyed hash of the address that was typed; for the limit, forgotten within a day."""

    key = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["key", "at"], name="sign_in_failure_key")]

    def __str__(self) -> str:
        return f"{self.key[:8]} {self.at}"
