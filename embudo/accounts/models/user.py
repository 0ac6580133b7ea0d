"""The people who work here: who they are, their role, and that one administrator always stays."""

from typing import Any
from zoneinfo import available_timezones

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from embudo.accounts.models.second_step import SecondStepRule, forget_steps, steps_of
from embudo.accounts.models.session import UserSession
from embudo.accounts.models.trail import AuditEntry
from embudo.accounts.permissions import Role, may


class Theme(models.TextChoices):
    AUTO = "auto", _("As the device")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


def known_time_zone(name: str) -> None:
    """Raise ValidationError when the system knows no time zone of this name."""
    if name and name not in available_timezones():
        raise ValidationError(_("This time zone is not known."), code="time_zone")


class LastAdministrator(Exception):
    """The change would leave the install without an active administrator."""


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Add a user; without a password they cannot sign in until they set one by a link."""
        user = self.model(email=normal_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Add an administrator (Django's `createsuperuser` asks for this name)."""
        return self.create_user(email, password, role=Role.ADMIN, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        """The user of an e-mail address, whatever its case."""
        return self.get(email=normal_email(username or ""))


class UserStays(Exception):
    """A user is deactivated and never deleted: owners, receipts and the trail name them."""


class User(AbstractBaseUser):
    """A person who works in this install. The e-mail address is the login and is kept in lower case."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    role = models.CharField(_("role"), max_length=20, choices=Role.choices, default=Role.MARKETING)
    language = models.CharField(_("language"), max_length=10, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, validators=[known_time_zone])
    theme = models.CharField(_("theme"), max_length=10, choices=Theme.choices, default=Theme.AUTO)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("added"), default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        ordering = ["name", "email"]
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.name or self.email

    def delete(self, *args: Any, **options: Any) -> Any:
        """Refuse: raises UserStays. What somebody decided goes on naming them; who leaves is deactivated."""
        raise UserStays(f"{self.email} stays; deactivate who works here no more.")

    def clean(self) -> None:
        self.email = normal_email(self.email)

    def may(self, permission: str) -> bool:
        """Whether this person's role has the permission; false for those who were deactivated."""
        return self.is_active and may(self.role, permission)

    def owes_second_step(self) -> bool:
        """Whether this person's role asks for a second step at sign-in that they have not set up yet (two queries)."""
        return SecondStepRule.owed_by(self)

    def keep(self, *, by: "User", old_role: str) -> None:
        """Save changed details; raises LastAdministrator when nobody would be left to administer."""
        with transaction.atomic():
            name, email = User.objects.values_list("name", "email").get(pk=self.pk)
            if old_role == Role.ADMIN and self.role != Role.ADMIN and self.is_active:
                self._refuse_if_last()
            self.save(update_fields=["name", "email", "role"])
            if self.role != old_role:
                AuditEntry.record(by, "role_changed", str(self), old=old_role, new=self.role)
            if self.email != email:
                AuditEntry.record(by, "email_changed", str(self), old=email, new=self.email)
            if self.name != name:
                AuditEntry.record(by, "user_changed", str(self))

    def deactivate(self, *, by: "User") -> None:
        """Take the way in away: sessions end with the next request; raises LastAdministrator."""
        with transaction.atomic():
            if self.role == Role.ADMIN and self.is_active:
                self._refuse_if_last()
            self._switch(False, by, "user_deactivated")

    def activate(self, *, by: "User") -> None:
        """Give the way in back."""
        with transaction.atomic():
            self._switch(True, by, "user_activated")

    def change_password(self, password: str, *, keep_session: str = "") -> None:
        """Take a new password; every session ends, but the one of key `keep_session`."""
        with transaction.atomic():
            self.set_password(password)
            self.save(update_fields=["password"])
            UserSession.end_all(self, but=keep_session)

    def reset_second_step(self, *, by: "User | None") -> bool:
        """Take app, passkeys and recovery codes away from somebody who lost them; their sessions end.

        `by` is None for the operator. Return whether there was one.
        """
        with transaction.atomic():
            if not steps_of(self):
                return False
            forget_steps(self)
            UserSession.end_all(self)
            AuditEntry.record(by, "second_step_reset", str(self))
        return True

    def _switch(self, is_active: bool, by: "User", verb: str) -> None:
        if User.objects.filter(pk=self.pk, is_active=not is_active).update(is_active=is_active):
            self.is_active = is_active
            AuditEntry.record(by, verb, str(self))

    def _refuse_if_last(self) -> None:
        """Look at the administrators under a lock, so that two cannot retire each other at once."""
        active = User.objects.select_for_update().filter(role=Role.ADMIN, is_active=True)
        if not [each for each in active if each.pk != self.pk]:
            raise LastAdministrator

    @property
    def initials(self) -> str:
        """One or two letters that stand for the person in small places."""
        words = (self.name or self.email).split()
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def normal_email(text: str) -> str:
    """Return the form in which an address is kept and compared."""
    return text.strip().lower()
