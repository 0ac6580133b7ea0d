"""Invitations: who was asked to work here, in which role, and the one link by which they come in."""

import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.core import signing
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from embudo.accounts.models.trail import AuditEntry
from embudo.accounts.models.user import User, known_time_zone
from embudo.accounts.permissions import Role

if TYPE_CHECKING:
    from django.db.models import QuerySet

LIFE = timedelta(days=7)
_SALT = "embudo.accounts.invitation"


class Spent(Exception):
    """The invitation was accepted, revoked or expired in the meantime."""


class Invitation(models.Model):
    """One invitation to work here; open until it is accepted, revoked, or its time is over."""

    email = models.EmailField(_("e-mail"))
    role = models.CharField(_("role"), max_length=20, choices=Role.choices, default=Role.MARKETING)
    language = models.CharField(_("language"), max_length=10, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, validators=[known_time_zone])
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(editable=False)
    nonce = models.CharField(max_length=43, editable=False)  # in the link; a new one makes the old link void
    mailed_at = models.DateTimeField(null=True, editable=False)
    accepted_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["email"],
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="one_open_invitation_per_address",
            )
        ]

    def __str__(self) -> str:
        return self.email

    @classmethod
    def open(cls) -> "QuerySet[Invitation]":
        """Return those that were neither accepted nor revoked; some may have expired and can be renewed."""
        return cls.objects.filter(accepted_at=None, revoked_at=None)

    @classmethod
    def of_token(cls, token: str, *, at: datetime | None = None) -> "Invitation | None":
        """Return the invitation whose link this is, while the link works."""
        try:
            pk, nonce = signing.loads(token, salt=_SALT)
        except (signing.BadSignature, ValueError, TypeError):
            return None
        return cls.open().filter(pk=pk, nonce=nonce, expires_at__gt=at or timezone.now()).first()

    @property
    def token(self) -> str:
        """What the link carries: signed, and void as soon as the nonce changes."""
        return signing.dumps([self.pk, self.nonce], salt=_SALT)

    @property
    def expired(self) -> bool:
        """Whether the link's time is over."""
        return self.expires_at <= timezone.now()

    def offer(self, *, by: User) -> None:
        """Save a new invitation, with a link that works for a week."""
        self.by = by
        self._new_link()
        with transaction.atomic():
            self.save()
            AuditEntry.record(by, "user_invited", self.email, role=self.role)

    def renew(self, *, by: User) -> None:
        """Make a new link, again for a week; the old one is void."""
        self._new_link()
        with transaction.atomic():
            changed = Invitation.open().filter(pk=self.pk)
            if not changed.update(nonce=self.nonce, expires_at=self.expires_at, mailed_at=None):
                raise Spent
            AuditEntry.record(by, "invitation_renewed", self.email)

    def revoke(self, *, by: User) -> None:
        """Take the invitation back; its link opens nothing any more."""
        with transaction.atomic():
            if not Invitation.open().filter(pk=self.pk).update(revoked_at=timezone.now()):
                raise Spent
            AuditEntry.record(by, "invitation_revoked", self.email)

    def mailed(self) -> None:
        """Note that the link went out by mail."""
        self.mailed_at = timezone.now()
        self.save(update_fields=["mailed_at"])

    def accept(self, name: str, password: str | None) -> User:
        """Make the person a user, once; raises Spent when the invitation no longer stands or the address is taken."""
        try:
            with transaction.atomic():
                mine = Invitation.open().filter(pk=self.pk, nonce=self.nonce)
                if not mine.update(accepted_at=timezone.now()):
                    raise Spent
                kept = {"role": self.role, "language": self.language, "time_zone": self.time_zone}
                user = User.objects.create_user(self.email, password, name=name, **kept)
                AuditEntry.record(user, "invitation_accepted", role=self.role)
                return user
        except IntegrityError as error:
            raise Spent from error

    def _new_link(self) -> None:
        self.nonce = secrets.token_urlsafe(32)
        self.expires_at = timezone.now() + LIFE
