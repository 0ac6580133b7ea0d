"""What people are asked to agree to: purposes, and the words in which each was put, edition after edition.

Who agreed is a fact of the log (privacy/consent.py). A wording is never changed, because receipts name it.
"""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from embudo.accounts.models import AuditEntry, User

SLUG = r"[a-z][a-z0-9_]{0,39}"
LONGEST_TEXT = 4000
LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)


class NoWording(LookupError):
    """Nobody has written yet what people agree to for this purpose."""


class WordingStays(Exception):
    """A wording was to be changed; a change makes the next version."""


class Purpose(models.Model):
    """What a company wants to do with what it knows of a person; each is agreed to by itself."""

    code = models.CharField(
        _("code"), max_length=40, unique=True, validators=[RegexValidator(rf"^{SLUG}\Z")]
    )  # in the facts, for good: "newsletter"
    label = models.CharField(_("name"), max_length=120)  # for those who work here, where no title speaks to them
    position = models.PositiveIntegerField(default=0)
    archived_at = models.DateTimeField(null=True, blank=True)  # nobody is asked any more; what was said stays

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("purpose")
        verbose_name_plural = _("purposes")

    def __str__(self) -> str:
        return self.called

    @property
    def called(self) -> str:
        """Its name for who reads here: its title in their language where it has one, else the name it was given."""
        there = list(self.wordings.all())
        latest = max((each.version for each in there), default=0)
        titles = {each.language: each.title for each in there if each.version == latest and each.title}
        spoken = _spellings(get_language() or settings.LANGUAGE_CODE)
        return next((titles[code] for code in spoken if code in titles), self.label)

    @classmethod
    def in_use(cls) -> models.QuerySet["Purpose"]:
        """Return the purposes that people are asked for, in their order."""
        return cls.objects.filter(archived_at=None)

    @property
    def archived(self) -> bool:
        """Whether nobody is asked for it any more."""
        return self.archived_at is not None

    @property
    def version(self) -> int:
        """The number of the edition in use; 0: there is none."""
        return self.wordings.aggregate(latest=models.Max("version"))["latest"] or 0

    def wording(self, language: str, *, before: datetime | None = None) -> "Wording":
        """Return the words in use: in this language, else in the install's, else in any; raises NoWording.

        With `before` those that were in use just before that instant.
        """
        written = self.wordings.all() if before is None else self.wordings.filter(created_at__lt=before)
        version = written.aggregate(latest=models.Max("version"))["latest"] or 0
        there = {each.language: each for each in self.wordings.filter(version=version)}
        for code in (*_spellings(language), settings.LANGUAGE_CODE, *LANGUAGES):
            if code in there:
                return there[code]
        raise NoWording(self.code)

    def word(self, texts: Mapping[str, tuple[str, str]], *, by: User | None) -> int:
        """Put the purpose in new words, by language as (title, text), and return the number of the edition in use.

        Words that are those in use already make no new edition.
        """
        fresh = {code: (title.strip(), _lines(text)) for code, (title, text) in texts.items() if text.strip()}
        with transaction.atomic():
            Purpose.objects.select_for_update().get(pk=self.pk)
            version = self.version
            used = self.wordings.filter(version=version)
            if fresh == {each.language: (each.title, each.text) for each in used}:
                return version
            for code, (title, text) in fresh.items():
                Wording.objects.create(purpose=self, version=version + 1, language=code, title=title, text=text, by=by)
            AuditEntry.record(by, "purpose_worded", self.label, version=version + 1)
        return version + 1


def purposes() -> list[tuple[str, str]]:
    """Return the code and the name of every purpose for who reads here, in their order, archived ones last."""
    kept = sorted(Purpose.objects.prefetch_related("wordings"), key=lambda each: each.archived)
    return [(each.code, each.called) for each in kept]


class Wording(models.Model):
    """One edition of the words of one purpose in one language. It is added and never changed or deleted."""

    purpose = models.ForeignKey(Purpose, on_delete=models.PROTECT, related_name="wordings")
    version = models.PositiveIntegerField()
    language = models.CharField(max_length=10)  # a code of settings.LANGUAGES
    title = models.CharField(max_length=120, blank=True)  # what those who are asked see as its name
    text = models.TextField(max_length=LONGEST_TEXT)  # plain text, always escaped
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["purpose", "-version", "language"]
        verbose_name = _("wording")
        verbose_name_plural = _("wordings")
        constraints = [models.UniqueConstraint(fields=["purpose", "version", "language"], name="wording_once")]

    def __str__(self) -> str:
        return f"{self.purpose.code} {self.version} {self.language}"

    def save(self, *args: Any, **options: Any) -> None:
        """Add the wording; raises WordingStays when it is there already."""
        if self.pk is not None:
            raise WordingStays(str(self))
        super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> Any:
        """Refuse: raises WordingStays."""
        raise WordingStays(str(self))

    @property
    def hash(self) -> str:
        """What a receipt keeps of the text, so that anybody can show later which one it was: SHA-256, hexadecimal."""
        return hash_of(self.text)

    @property
    def name(self) -> str:
        """What those who are asked see as the purpose's name."""
        return self.title or self.purpose.label


def hash_of(text: str) -> str:
    """Return the hash by which receipts name a text."""
    return sha256(text.encode()).hexdigest()


def _lines(text: str) -> str:
    """The text as it is kept and shown: without the line ends of a browser and blanks around it."""
    return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").strip().split("\n"))


def _spellings(language: str) -> tuple[str, ...]:
    """A language as it may be known here: itself, any case, and any variant of the same language."""
    wanted = language.lower().replace("_", "-")
    head = wanted.split("-")[0]
    return (wanted, *(code for code in LANGUAGES if code.split("-")[0] == head))
