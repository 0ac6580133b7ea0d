"""Sites and the keys that may write to them; each change is published to the collector."""

import secrets
from hashlib import sha256

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from embudo.accounts.models import AuditEntry, User
from embudo.core.consent import ConsentMode


class Mode(models.TextChoices):
    REQUIRED = ConsentMode.REQUIRED.value, _("Consent required")
    IMPLIED = ConsentMode.IMPLIED.value, _("Consent implied")
    COOKIELESS = ConsentMode.COOKIELESS.value, _("Cookieless")


def new_public_id() -> str:
    """Return an id nobody has to read: it names the source of a site's events in the log."""
    return f"s{secrets.token_hex(6)}"


class Site(models.Model):
    """A web site, an app or a server that sends events. `public_id` is the `source` of its events, for good."""

    public_id = models.CharField(max_length=32, unique=True, default=new_public_id, editable=False)
    name = models.CharField(_("name"), max_length=120)
    domains = models.JSONField(_("domains"), default=list, blank=True)  # of its pages; empty: any
    mode = models.CharField(_("consent"), max_length=20, choices=Mode.choices, default=Mode.REQUIRED)
    born_at_cursor = models.TextField(default="", editable=False)  # where the log ended when the site was made
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    archived_at = models.DateTimeField(null=True, editable=False)  # since then its keys open nothing

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("site")
        verbose_name_plural = _("sites")

    def __str__(self) -> str:
        return self.name

    def open(self, *, by: User | None) -> None:
        """Keep a new site with its first public key, so that there is a snippet to paste."""
        with transaction.atomic():
            self.save()
            WriteKey.public_of(self, label="").save()
            AuditEntry.record(by, "site_added", self.name)
            transaction.on_commit(_publish)

    def keep(self, *, by: User, old_mode: str) -> None:
        """Save changed details; a change of the consent mode has its own row in the trail."""
        with transaction.atomic():
            self.save(update_fields=["name", "domains", "mode"])
            if self.mode != old_mode:
                AuditEntry.record(by, "consent_mode_changed", self.name, old=old_mode, new=self.mode)
            else:
                AuditEntry.record(by, "site_changed", self.name)
            transaction.on_commit(_publish)

    def archive(self, *, by: User) -> None:
        """Take no more events by any of its keys; what it sent stays."""
        self._turn(None, timezone.now(), by, "site_archived")

    def reopen(self, *, by: User) -> None:
        """Take events by its keys again (the undo of archive)."""
        self._turn(self.archived_at, None, by, "site_reopened")

    def _turn(self, before: object, after: object, by: User, verb: str) -> None:
        with transaction.atomic():
            mine = Site.objects.filter(pk=self.pk, archived_at=before).exclude(archived_at=after)
            if mine.update(archived_at=after):
                AuditEntry.record(by, verb, self.name)
            transaction.on_commit(_publish)  # also when the row says so already: the file may not
        self.refresh_from_db()

    @property
    def public_key(self) -> "WriteKey | None":
        """The key for the pages of this site: its oldest public key in force."""
        return self.keys.filter(kind=WriteKey.Kind.PUBLIC, revoked_at=None).order_by("pk").first()


class WriteKey(models.Model):
    """A key that may write events of one site. Of a secret key only the hash is kept: it is shown once."""

    class Kind(models.TextChoices):
        PUBLIC = "public", _("Public: for pages")
        SECRET = "secret", _("Secret: server to server")

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="keys")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.SECRET)
    text = models.CharField(max_length=80, blank=True)  # of a public key
    sha256 = models.CharField(max_length=64, blank=True)  # of a secret key, hexadecimal
    hint = models.CharField(max_length=4, blank=True)  # the last characters, to tell keys apart
    label = models.CharField(_("label"), max_length=80, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["text"], condition=~models.Q(text=""), name="public_key_once"),
            models.UniqueConstraint(fields=["sha256"], condition=~models.Q(sha256=""), name="secret_key_once"),
        ]

    def __str__(self) -> str:
        return self.label or f"…{self.hint}"

    @classmethod
    def public_of(cls, site: Site, *, label: str) -> "WriteKey":
        """Return a new public key, not saved yet."""
        text = f"pk_{secrets.token_hex(16)}"
        return cls(site=site, kind=cls.Kind.PUBLIC, text=text, hint=text[-4:], label=label)

    @classmethod
    def secret_of(cls, site: Site, *, label: str) -> tuple["WriteKey", str]:
        """Return a new secret key, not saved yet, and its text, which is nowhere else."""
        text = f"sk_{secrets.token_hex(24)}"
        return cls(
            site=site, kind=cls.Kind.SECRET, sha256=sha256(text.encode()).hexdigest(), hint=text[-4:], label=label
        ), text

    def add(self, *, by: User) -> None:
        """Keep a new key and let the collector know it."""
        with transaction.atomic():
            self.save()
            AuditEntry.record(by, "key_added", self.site.name, kind=self.kind, label=str(self))
            transaction.on_commit(_publish)

    def revoke(self, *, by: User) -> None:
        """Stop taking events by this key; what came by it stays."""
        self._turn(None, timezone.now(), by, "key_revoked")

    def restore(self, *, by: User) -> None:
        """Take events by this key again (the undo of revoke)."""
        self._turn(self.revoked_at, None, by, "key_restored")

    def _turn(self, before: object, after: object, by: User, verb: str) -> None:
        with transaction.atomic():
            if (
                WriteKey.objects.filter(pk=self.pk, revoked_at=before)
                .exclude(revoked_at=after)
                .update(revoked_at=after)
            ):
                AuditEntry.record(by, verb, self.site.name, label=str(self))
            transaction.on_commit(_publish)  # also when the row says so already: the file may not
        self.refresh_from_db()


def _publish() -> None:
    from embudo.capture import snapshot

    snapshot.publish(settings.EMBUDO)
