"""API keys, answers kept for repeated requests, webhooks, and what was or will be sent to them."""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from embudo.accounts.models import AuditEntry, User
from embudo.accounts.sealing import SealedField
from embudo.doors.scopes import SCOPES
from embudo.doors.troubles import said
from embudo.leads.clock import now

PREFIX = "ek_"
USED_EVERY = timedelta(minutes=1)  # so exactly is known when a key was last used
SIGNING, ANSWERS = "embudo.doors.signing", "embudo.doors.answers"  # the purposes of what lies sealed
BOTH_SECRETS = timedelta(hours=24)  # so long the old secret of a webhook signs beside the new one

UNDO = timedelta(minutes=10)  # so long whoever revoked a key may take that back


class StaysRevoked(Exception):
    """The key cannot be taken back; the message says to people why, and what to do."""


class ApiKey(models.Model):
    """A key by which other software acts for the person who made it. Only its hash is kept: it is shown once."""

    name = models.CharField(_("name"), max_length=80)
    sha256 = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=4)  # the last characters, to tell keys apart
    scopes = models.JSONField(pgettext_lazy("what a key may do", "may"), default=list)
    maker = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def make(cls, *, name: str, scopes: list[str], maker: User, expires_at: datetime | None) -> tuple["ApiKey", str]:
        """Keep a new key; return it with its text, which is nowhere else."""
        text = f"{PREFIX}{secrets.token_hex(24)}"
        with transaction.atomic():
            key = cls.objects.create(
                name=name, scopes=scopes, maker=maker, expires_at=expires_at, sha256=hash_of(text), hint=text[-4:]
            )
            AuditEntry.record(maker, "api_key_made", name, scopes=scopes)
        return key, text

    @classmethod
    def of(cls, text: str) -> "ApiKey | None":
        """Return the key of this text when it opens anything now, else None."""
        key = cls.objects.select_related("maker").filter(sha256=hash_of(text), revoked_at=None).first()
        return key if key and not key.expired and key.maker.is_active else None

    @property
    def expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def scope_words(self) -> list[Any]:
        """What it may, in words."""
        return [SCOPES[each].words for each in self.scopes if each in SCOPES]

    def may(self, scope: str) -> bool:
        """Whether the key has the scope, and its maker's role of today the permission behind it."""
        return scope in self.scopes and scope in SCOPES and self.maker.may(SCOPES[scope].permission)

    def note_use(self) -> None:
        """Write down that it was used, at most once a minute."""
        moment = timezone.now()
        if self.last_used_at is None or self.last_used_at <= moment - USED_EVERY:
            ApiKey.objects.filter(pk=self.pk).update(last_used_at=moment)

    def revoke(self, *, by: User) -> None:
        """Let the key open nothing any more."""
        with transaction.atomic():
            mine = ApiKey.objects.filter(pk=self.pk, revoked_at=None)
            if mine.update(revoked_at=timezone.now(), revoked_by=by):
                AuditEntry.record(by, "api_key_revoked", self.name)
        self.refresh_from_db()

    def may_be_restored(self, by: User) -> bool:
        """Whether this is an undo: by whoever revoked it, a moment after. Later there is only a new key."""
        if self.revoked_at is None or self.revoked_by_id != by.pk:
            return False
        return timezone.now() - self.revoked_at < UNDO

    def restore(self, *, by: User) -> None:
        """Let it open doors again (the undo of revoke); raises StaysRevoked."""
        with transaction.atomic():
            if not self.may_be_restored(by):
                raise StaysRevoked(_("Only whoever revoked a key takes that back, within 10 minutes. Make a new key."))
            if ApiKey.objects.filter(name=self.name, revoked_at=None).exists():
                raise StaysRevoked(_("A key of this name is in force already. Revoke that one first."))
            if ApiKey.objects.filter(pk=self.pk, revoked_at=self.revoked_at).update(revoked_at=None, revoked_by=None):
                AuditEntry.record(by, "api_key_restored", self.name)
        self.refresh_from_db()


def keys_of(user: User) -> list[ApiKey]:
    """Return the keys in force by which software acts for somebody, the newest first."""
    return [key for key in ApiKey.objects.filter(maker=user, revoked_at=None) if not key.expired]


class Answer(models.Model):
    """What was answered to a request with an Idempotency-Key; without a status the request is still being done."""

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+")
    text = models.CharField(max_length=255)  # of the header
    request = models.CharField(max_length=64)  # hash of method, address and body
    begun_at = models.DateTimeField(default=timezone.now, db_index=True)
    turn = models.CharField(max_length=32)  # of who does it now
    status = models.SmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = SealedField(blank=True, purpose=ANSWERS)  # it may hold the secret of a webhook

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "text"], name="answer_once")]


class Spending(models.Model):
    """How much of its rate a key has spent, for all processes of the site together."""

    key = models.OneToOneField(ApiKey, primary_key=True, on_delete=models.CASCADE, related_name="+")
    spent = models.FloatField()
    as_of_at = models.BigIntegerField()


class Hold(models.Model):
    """That somebody is changing something just now; who dies holding it loses it after a short while."""

    name = models.CharField(max_length=80, primary_key=True)
    turn = models.CharField(max_length=32)
    until = models.DateTimeField()


class Endpoint(models.Model):
    """An address of other software that wants to be told what happens here."""

    class Paused(models.TextChoices):
        BY_HAND = "by_hand", _("paused by a person here")
        FAILING = "failing", _("paused because it kept failing")
        GONE = "gone", _("paused because it said that it is gone (410)")

    name = models.CharField(_("name"), max_length=80)
    url = models.CharField(_("address"), max_length=500)
    kinds = models.JSONField(_("tell it about"), default=list)
    secret = SealedField(purpose=SIGNING)  # it signs, so it cannot be a hash; None: sealed under another key
    old_secret = SealedField(blank=True, purpose=SIGNING)
    old_secret_until = models.DateTimeField(null=True)
    made_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    since_at = models.BigIntegerField()  # what was received before is not told
    failures = models.IntegerField(default=0)  # in a row
    failing_since = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)
    paused_why = models.CharField(max_length=10, blank=True, choices=Paused.choices)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def open(cls, *, name: str, url: str, kinds: list[str], by: User) -> "Endpoint":
        """Keep a new webhook with a fresh secret; it is told what happens from now on."""
        with transaction.atomic():
            made = cls.objects.create(name=name, url=url, kinds=kinds, made_by=by, secret=new_secret(), since_at=now())
            AuditEntry.record(by, "webhook_added", name, url=without_query(url), kinds=kinds)
        return made

    def keep(self, *, by: User) -> None:
        """Save changed details."""
        with transaction.atomic():
            before = Endpoint.objects.select_for_update().get(pk=self.pk)
            self.save(update_fields=["name", "url", "kinds"])
            if before.name != self.name:
                AuditEntry.record(by, "webhook_renamed", before.name, now=self.name)
            if before.url != self.url:
                told = {"old": without_query(before.url), "new": without_query(self.url)}
                AuditEntry.record(by, "webhook_moved", self.name, **told)
            if before.kinds != self.kinds:
                told = {"old": ", ".join(before.kinds), "new": ", ".join(self.kinds)}
                AuditEntry.record(by, "webhook_retold", self.name, **told)

    @property
    def live(self) -> bool:
        """Whether deliveries are sent to it now."""
        return self.paused_at is None and self.retired_at is None

    def secrets(self, at: datetime) -> list[str]:
        """Return the secrets that sign at an instant, the new one first."""
        both = bool(self.old_secret) and self.old_secret_until is not None and self.old_secret_until > at
        return [self.secret, self.old_secret] if both else [self.secret]

    @classmethod
    def mute(cls) -> list["Endpoint"]:
        """Return those that nothing can be signed for: the install's key was another one when they were made."""
        return [each for each in cls.objects.filter(retired_at=None) if not each.secret]

    def change_secret(self, *, by: User) -> None:
        """Sign with a fresh secret; for a day the old one signs, too, so that nothing is refused meanwhile."""
        with transaction.atomic():
            Endpoint.objects.filter(pk=self.pk).update(
                old_secret=self.secret or "", old_secret_until=timezone.now() + BOTH_SECRETS, secret=new_secret()
            )
            AuditEntry.record(by, "webhook_secret_changed", self.name)
        self.refresh_from_db()

    def pause(self, why: str, *, by: User | None) -> bool:
        """Send nothing until it is resumed, while deliveries go on waiting; return whether it was not paused yet."""
        with transaction.atomic():
            mine = Endpoint.objects.filter(pk=self.pk, paused_at=None)
            paused = mine.update(paused_at=timezone.now(), paused_why=why) == 1
            if paused:
                AuditEntry.record(by, "webhook_paused", self.name, why=why)
        self.refresh_from_db()
        return paused

    def resume(self, *, by: User) -> None:
        """Send again, beginning with what waits."""
        with transaction.atomic():
            mine = Endpoint.objects.filter(pk=self.pk).exclude(paused_at=None)
            if mine.update(paused_at=None, paused_why="", failures=0, failing_since=None):
                self.deliveries.filter(state=Delivery.State.WAITING).update(next_at=timezone.now(), tries=0)
                AuditEntry.record(by, "webhook_resumed", self.name)
        self.refresh_from_db()

    def retire(self, *, by: User) -> None:
        """Remove the webhook; what waits for it waits on, should it be brought back."""
        self._turn(None, timezone.now(), by, "webhook_retired")

    def restore(self, *, by: User) -> None:
        """Bring it back (the undo of retire)."""
        self._turn(self.retired_at, None, by, "webhook_restored")

    def _turn(self, before: datetime | None, after: datetime | None, by: User, verb: str) -> None:
        with transaction.atomic():
            mine = Endpoint.objects.filter(pk=self.pk, retired_at=before).exclude(retired_at=after)
            if mine.update(retired_at=after):
                AuditEntry.record(by, verb, self.name)
        self.refresh_from_db()


class Delivery(models.Model):
    """One thing that happened, to be told to one webhook: there is one row for each pair, for good."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("given up")
        ERASED = "erased", _("erased")

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    key = models.CharField(max_length=64)  # of what happened: the same however often it is read or computed
    message = models.CharField(max_length=64)  # webhook-id: the same in every attempt
    kind = models.CharField(max_length=40)
    subject = models.BigIntegerField(null=True)  # of its fact, else the person then; it stays when people are joined
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.IntegerField(default=0)
    tries = models.IntegerField(default=0)  # since it was last asked to be sent: how long the next wait is
    next_at = models.DateTimeField(default=timezone.now)
    held_until = models.DateTimeField(null=True)  # by the process that sends it now
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [models.UniqueConstraint(fields=["endpoint", "key"], name="delivery_once")]
        indexes = [
            models.Index(fields=["endpoint", "next_at"], name="delivery_due", condition=models.Q(state="waiting")),
            models.Index(fields=["endpoint", "-created_at", "-id"], name="delivery_newest"),
            models.Index(fields=["subject"], name="delivery_subject"),
            models.Index(fields=["ended_at"], name="delivery_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.message}"


class Waiting(models.Model):
    """Somebody who waited for an answer of sales at the last look, so that it is told once that they do."""

    person = models.BigIntegerField(primary_key=True)


class Attempt(models.Model):
    """One try to tell a webhook: what was sent, what it answered, both cut short, and how long it took."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="log")
    at = models.DateTimeField(default=timezone.now)
    took_ms = models.IntegerField(default=0)
    status = models.SmallIntegerField(null=True)  # of the answer; None: there was none
    trouble = models.CharField(max_length=300, blank=True)
    sent = models.TextField(blank=True)
    answer = models.TextField(blank=True)

    class Meta:
        ordering = ["-pk"]

    @property
    def words(self) -> str:
        """What went wrong, in the reader's language."""
        return said(self.trouble)

    @property
    def well(self) -> bool:
        """Whether it was taken."""
        return self.status is not None and 200 <= self.status < 300


class Place(models.Model):
    """How far one of the sources of webhooks was read; moved together with the deliveries that were made of it."""

    name = models.CharField(max_length=20, primary_key=True)
    text = models.TextField(blank=True)


def hash_of(text: str) -> str:
    """Return the hash under which a key is kept; keys are random, so no slow hash is needed."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def new_secret() -> str:
    """Return a signing secret as Standard Webhooks write it."""
    import base64

    return f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}"


def without_query(url: str) -> str:
    """Return an address as the trail may hold it: what stands behind ? is often a secret."""
    shown, secret, _rest = url.partition("?")
    return f"{shown[:300]}?…" if secret else shown[:300]
