"""The trail: who changed what, and who saw whom."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from embudo.accounts.audit import SIGHTS, WORDS

if TYPE_CHECKING:
    from embudo.accounts.models.user import User


class AuditEntry(models.Model):
    """One act of a person: who, what, about whom or what, when. Rows are only ever added."""

    at = models.DateTimeField(_("when"), default=timezone.now, editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("who")
    )
    verb = models.CharField(_("what"), max_length=60)  # "user_added", "role_changed": words in accounts/audit.py
    about = models.CharField(_("about"), max_length=200)  # as it was called then
    person = models.CharField(max_length=40, blank=True, editable=False)  # id of the lead whom it is about, if any
    seen = models.CharField(max_length=64, null=True, unique=True, editable=False)  # who saw what, in which hour
    detail = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["-at", "-id"], name="audit_newest"),
            models.Index(fields=["by", "-at", "-id"], name="audit_who"),
            models.Index(fields=["verb", "-at", "-id"], name="audit_what"),
            models.Index(fields=["person", "-at", "-id"], name="audit_person"),
        ]

    def __str__(self) -> str:
        return f"{self.by} {self.verb} {self.about}"

    @classmethod
    def record(cls, by: "User | None", verb: str, about: str = "", **detail: Any) -> "AuditEntry":
        """Add a row: who did what, about whom or what; `verb` is a key of accounts.audit.WORDS.

        `person`, the id of a lead, makes the row one about that person: found by it, and nameless once they are erased.
        """
        row = cls._made(by, verb, about, detail)
        row.save(force_insert=True)
        return row

    @classmethod
    def record_each(cls, by: "User | None", verb: str, said: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Add a row for each of several (about, detail) that one act did."""
        cls.objects.bulk_create([cls._made(by, verb, about, detail) for about, detail in said])

    @classmethod
    def _made(cls, by: "User | None", verb: str, about: str, detail: Mapping[str, Any]) -> "AuditEntry":
        if verb not in WORDS:
            raise KeyError(verb)
        person = str(detail.get("person", ""))
        return cls(by=by, verb=verb, about=about[:200], person=person, detail=dict(detail))

    @classmethod
    def saw(
        cls, by: "User", verb: str, about: str = "", *, of: object, at: datetime | None = None, **detail: Any
    ) -> bool:
        """Add that somebody saw something, once per person, thing and hour; return whether it is new this hour.

        `verb` is a key of accounts.audit.SIGHTS. `of` says what was seen: the id of a lead where the verb is about one,
        else what tells one list or export from another. One read when it is known already, one insert when not.
        """
        if verb not in SIGHTS:
            raise KeyError(verb)
        at = at or timezone.now()
        seen = sha256(f"{by.pk}:{verb}:{int(at.timestamp()) // 3600}:{of}".encode()).hexdigest()
        if cls.objects.filter(seen=seen).exists():
            return False
        person = str(of) if SIGHTS[verb] else ""
        row = cls(by=by, verb=verb, about=about[:200], person=person, seen=seen, at=at, detail=detail)
        cls.objects.bulk_create([row], ignore_conflicts=True)
        return True

    @classmethod
    def about_people(cls, ids: Iterable[object]) -> models.QuerySet["AuditEntry"]:
        """Return the rows about one of these leads; a row about two holds the id of the second as `other`."""
        texts = [str(each) for each in ids]
        return cls.objects.filter(models.Q(person__in=texts) | models.Q(detail__other__in=texts))

    @classmethod
    def forget(cls, people: Iterable[object]) -> None:
        """Take the names of leads who were erased out of the trail; that there was an act stays."""
        cls.about_people(people).update(about="—")
