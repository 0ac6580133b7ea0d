"""Which roles must sign in with a second step, and who owes one."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from embudo.accounts.models.trail import AuditEntry
from embudo.accounts.permissions import Role

if TYPE_CHECKING:
    from embudo.accounts.models.user import User


class SecondStepRule(models.Model):
    """A role that must sign in with a second step: since when, and by whom. No row: it is each person's choice."""

    role = models.CharField(max_length=20, choices=Role.choices, unique=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    since = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.role

    @classmethod
    def settle(cls, roles: set[str], *, by: "User") -> None:
        """Require it of exactly these roles; each change is in the trail."""
        with transaction.atomic():
            had = set(cls.objects.values_list("role", flat=True))
            cls.objects.filter(role__in=had - roles).delete()
            cls.objects.bulk_create([cls(role=role, by=by) for role in sorted(roles - had)])
            for role in sorted(roles - had):
                AuditEntry.record(by, "second_step_required", role=role)
            for role in sorted(had - roles):
                AuditEntry.record(by, "second_step_left_free", role=role)

    @classmethod
    def owed_by(cls, user: "User") -> bool:
        """Whether the role of this person requires a second step and they have none."""
        return cls.objects.filter(role=user.role).exists() and not has_second_step(user)


def has_second_step(user: "User") -> bool:
    """Whether an app or a passkey is set up; recovery codes alone are none."""
    return bool(steps_of(user))


def steps_of(user: "User") -> list[models.Model]:
    """Return the person's app and passkeys, oldest first."""
    from allauth.mfa.models import Authenticator

    kinds = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    return list(Authenticator.objects.filter(user=user, type__in=kinds).order_by("created_at", "pk"))


def forget_steps(user: "User") -> None:
    """Take the app, all passkeys and the recovery codes away."""
    from allauth.mfa.models import Authenticator

    Authenticator.objects.filter(user=user).delete()
