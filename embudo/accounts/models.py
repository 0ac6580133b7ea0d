"""Users and the trail of what they changed."""

from collections.abc import Collection
from typing import Any
from zoneinfo import available_timezones

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from embudo.accounts.audit import WORDS
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

    def clean(self) -> None:
        self.email = normal_email(self.email)

    def may(self, permission: str) -> bool:
        """Whether this person's role has the permission; false for those who were deactivated."""
        return self.is_active and may(self.role, permission)

    def keep(self, *, by: "User", old_role: str) -> None:
        """Save changed details; raises LastAdministrator when nobody would be left to administer."""
        with transaction.atomic():
            if old_role == Role.ADMIN and self.role != Role.ADMIN and self.is_active:
                self._refuse_if_last()
            self.save(update_fields=["name", "email", "role"])
            if self.role != old_role:
                AuditEntry.record(by, "role_changed", str(self), old=old_role, new=self.role)
            else:
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


class AuditEntry(models.Model):
    """One change made by a person: who, what, about whom or what, when. Rows are only ever added."""

    at = models.DateTimeField(_("when"), default=timezone.now, editable=False)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("who"))
    verb = models.CharField(_("what"), max_length=60)  # "user_added", "role_changed": words in accounts/audit.py
    about = models.CharField(_("about"), max_length=200)  # as it was called then
    detail = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["-at", "-id"], name="audit_newest")]

    def __str__(self) -> str:
        return f"{self.by} {self.verb} {self.about}"

    @classmethod
    def about_people(cls, ids: Collection[int]) -> models.QuerySet["AuditEntry"]:
        """Return the rows that name one of these people: their detail holds the id as `person`, or `other`, in text."""
        texts = [str(each) for each in ids]
        return cls.objects.filter(models.Q(detail__person__in=texts) | models.Q(detail__other__in=texts))

    @classmethod
    def record(cls, by: User | None, verb: str, about: str = "", **detail: Any) -> "AuditEntry":
        """Add a row: who did what, about whom or what; `verb` is a key of accounts.audit.WORDS."""
        if verb not in WORDS:
            raise KeyError(verb)
        return cls.objects.create(by=by, verb=verb, about=about[:200], detail=detail)


class SignInFailure(models.Model):
    """One failed sign-in, under a keyed hash of the address that was typed; for the limit, forgotten within a day."""

    key = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["key", "at"], name="sign_in_failure_key")]

    def __str__(self) -> str:
        return f"{self.key[:8]} {self.at}"


def normal_email(text: str) -> str:
    """Return the form in which an address is kept and compared."""
    return text.strip().lower()
