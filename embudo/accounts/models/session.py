"""Where a person is signed in: which device, roughly where, last seen when. No network address is kept."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from babel import Locale
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import models
from django.utils import timezone, translation

if TYPE_CHECKING:
    from embudo.accounts.models.user import User

SEEN_EVERY = timedelta(minutes=5)


class UserSession(models.Model):
    """One browser in which somebody is signed in; the row follows Django's own session and ends with it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=40, unique=True)
    device = models.CharField(max_length=80, blank=True)  # "Firefox · Windows"; empty: it did not tell
    place = models.JSONField(default=dict)  # as much as the operator's file knows: country, region, city
    started_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["user", "-seen_at"], name="session_of_user")]

    def __str__(self) -> str:
        return f"{self.user} {self.device}"

    @property
    def place_words(self) -> str:
        """The place as people call it, in the reader's language; empty when nothing is known."""
        locale = Locale.parse(translation.get_language() or "en", sep="-")
        country = locale.territories.get(self.place.get("country", ""), "")
        return ", ".join(filter(None, (self.place.get("city"), country or self.place.get("country"))))

    @classmethod
    def of(cls, user: "User", *, at: datetime | None = None) -> "list[UserSession]":
        """Return where a person is signed in, last seen first, and forget the sessions that ended by themselves."""
        known = list(cls.objects.filter(user=user).order_by("-seen_at", "-pk"))
        keys = [each.key for each in known]
        alive = Session.objects.filter(session_key__in=keys, expire_date__gt=at or timezone.now())
        open_keys = set(alive.values_list("session_key", flat=True))
        cls.objects.filter(pk__in=[each.pk for each in known if each.key not in open_keys]).delete()
        return [each for each in known if each.key in open_keys]

    @classmethod
    def end_all(cls, user: "User", *, but: str = "") -> int:
        """Sign a person out everywhere, except in the session of key `but`; return of how many sessions."""
        ended = [each for each in cls.of(user) if each.key != but]
        for each in ended:
            each.end()
        return len(ended)

    def end(self) -> None:
        """Sign out there: the next request of that browser is a stranger's."""
        Session.objects.filter(session_key=self.key).delete()
        self.delete()
