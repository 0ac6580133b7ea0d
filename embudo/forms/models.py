"""The tables of forms: what people build here, and how each showing of a form went.

What somebody wrote is not here: it is facts of the log. A showing knows nobody until its form is sent, and then only
where the facts are found.
"""

import secrets
from typing import Any

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from embudo.accounts.models import AuditEntry, User
from embudo.capture.models import Site
from embudo.forms.content import Content, read

MOST_STEPS = 200


class Form(models.Model):
    """A form. `slug` is its address and its name in the facts, for good."""

    slug = models.SlugField(_("address"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=120)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", verbose_name=_("site"))
    at_step = models.PositiveIntegerField(default=1)  # the number of the step the draft stands at
    published = models.ForeignKey("Version", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("form")
        verbose_name_plural = _("forms")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def open(cls, *, name: str, slug: str, site: Site, content: Content, by: User | None) -> "Form":
        """Keep a new form with its first draft."""
        with transaction.atomic():
            form = cls.objects.create(name=name, slug=slug, site=site)
            Step.objects.create(form=form, number=1, content=content.as_json(), by=by)
            AuditEntry.record(by, "form_added", name)
        return form

    @property
    def draft(self) -> Content:
        """What the form says as it is being built."""
        return read(self.steps.get(number=self.at_step).content)

    @property
    def last(self) -> int:
        """The highest number of a field's id that visitors were shown, also where it was undone since."""
        return max((read(each).last for each in self.versions.values_list("content", flat=True)), default=0)

    @property
    def in_use(self) -> Content | None:
        """What visitors are shown; None before the form was published."""
        return read(self.published.content) if self.published else None

    @property
    def open_to_all(self) -> bool:
        """Whether visitors may see and send it."""
        return self.published_id is not None and self.archived_at is None and self.site.archived_at is None

    @property
    def unpublished(self) -> bool:
        """Whether the draft says something else than visitors are shown."""
        return self.in_use != self.draft

    def change(self, content: Content, *, by: User) -> bool:
        """Make a step of the draft; what was undone before is gone. Returns whether anything is other than before."""
        with transaction.atomic():
            locked = Form.objects.select_for_update().get(pk=self.pk)
            if locked.draft == content:
                return False
            locked.steps.filter(Q(number__gt=locked.at_step) | Q(number__lte=locked.at_step - MOST_STEPS)).delete()
            locked.at_step += 1
            Step.objects.create(form=locked, number=locked.at_step, content=content.as_json(), by=by)
            locked.save(update_fields=["at_step"])
        self.at_step = locked.at_step
        return True

    def step(self, by: int) -> bool:
        """Undo (-1) or do again (+1); returns whether there was such a step."""
        with transaction.atomic():
            locked = Form.objects.select_for_update().get(pk=self.pk)
            if not locked.steps.filter(number=locked.at_step + by).exists():
                return False
            locked.at_step += by
            locked.save(update_fields=["at_step"])
        self.at_step = locked.at_step
        return True

    def publish(self, *, by: User) -> "Version":
        """Show visitors the draft from now on; returns the version, the one in use when it says the same."""
        with transaction.atomic():
            locked = Form.objects.select_for_update().get(pk=self.pk)
            if locked.published and not locked.unpublished:
                return locked.published
            latest = locked.versions.aggregate(latest=models.Max("number"))["latest"] or 0
            version = Version.objects.create(form=locked, number=latest + 1, content=locked.draft.as_json(), by=by)
            locked.published = version
            locked.save(update_fields=["published"])
            AuditEntry.record(by, "form_published", self.name, version=version.number)
        self.published = version
        return version

    def turn(self, *, archived: bool, by: User) -> None:
        """Take it off all pages, or bring it back; what was sent stays."""
        at = timezone.now() if archived else None
        with transaction.atomic():
            if Form.objects.filter(pk=self.pk, archived_at__isnull=archived).update(archived_at=at):
                AuditEntry.record(by, "form_archived" if archived else "form_reopened", self.name)
        self.refresh_from_db()


class Step(models.Model):
    """One state of the draft; undo goes back along them."""

    form = models.ForeignKey(Form, on_delete=models.CASCADE, related_name="steps")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["form", "number"], name="step_once")]


def names() -> dict[tuple[str, str], str]:
    """Return the name of every form by the source and the code that its facts have."""
    return {(site, slug): name for site, slug, name in Form.objects.values_list("site__public_id", "slug", "name")}


class Version(models.Model):
    """What visitors were shown from an instant on. It is added and never changed: facts name it."""

    form = models.ForeignKey(Form, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["form", "number"], name="version_once")]


def new_showing_id() -> str:
    """Return an id nobody can guess."""
    return secrets.token_hex(16)


class Showing(models.Model):
    """One showing of a form, to somebody unknown: it holds no address, cookie or name (decisions/0020).

    `fact` is set before the log keeps what was sent and `sent_at` after, so that a crash between the two leaves a
    row that `counts.settle` can look up. Where consent waits for a confirmation by mail, `ask_at` says when the mail is
    due: of the fact that the row names, and of no other. Instants are microseconds.
    """

    id = models.CharField(primary_key=True, max_length=32, default=new_showing_id)
    form = models.ForeignKey(Form, on_delete=models.CASCADE, related_name="showings", db_index=False)
    version = models.PositiveIntegerField(default=0)
    at = models.BigIntegerField()
    source = models.CharField(max_length=200, blank=True)  # campaign source or referring host, without its path
    path = models.CharField(max_length=300, blank=True)  # of the page it stands on
    started_at = models.BigIntegerField(null=True)
    last_field = models.CharField(max_length=20, blank=True)
    fact = models.CharField(max_length=80, blank=True)  # id of the form_submitted fact
    subject = models.BigIntegerField(null=True)  # of that fact: where the log and the person are found
    keeping_at = models.BigIntegerField(null=True)  # when it was about to be kept
    sent_at = models.BigIntegerField(null=True)
    waiting = models.JSONField(null=True)  # wordings that wait for the mail: [code, version, language]; null: nothing
    ask_at = models.BigIntegerField(null=True)  # when the mail is to be sent, or tried again
    asked_at = models.BigIntegerField(null=True)  # when the mail server took it
    verdict = models.CharField(max_length=12, blank=True)
    reasons = models.JSONField(default=list)

    class Meta:
        indexes = [
            models.Index(  # all that is counted, so that counting reads nothing else
                fields=["form", "at", "started_at", "sent_at", "verdict", "last_field"], name="showing_by_time"
            ),
            models.Index(fields=["form", "sent_at"], name="showing_by_sending", condition=Q(sent_at__isnull=False)),
            models.Index(fields=["subject"], name="showing_by_subject", condition=Q(subject__isnull=False)),
            models.Index(fields=["ask_at"], name="showing_to_ask", condition=Q(ask_at__isnull=False)),
        ]


class Touched(models.Model):
    """A field that was begun in a showing; form and time are the showing's. What machines touched is not kept."""

    showing = models.ForeignKey(Showing, on_delete=models.CASCADE, related_name="touched", db_index=False)
    field = models.CharField(max_length=20)
    form = models.ForeignKey(Form, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["showing", "field"], name="touched_once")]
        indexes = [models.Index(fields=["form", "at", "field"], name="touched_by_time")]


class File(models.Model):
    """A file people get for filling in a form, in pieces, so that no write takes long and every host can serve it."""

    name = models.CharField(max_length=120)
    type = models.CharField(max_length=100)
    size_bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    whole = models.BooleanField(default=False)  # all pieces are there

    def __str__(self) -> str:
        return self.name


class Piece(models.Model):
    """A part of a file."""

    file = models.ForeignKey(File, on_delete=models.CASCADE, related_name="pieces")
    number = models.PositiveIntegerField()
    body = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "number"], name="piece_once")]

    def save(self, *args: Any, **options: Any) -> None:
        """Add the piece; pieces are never changed."""
        super().save(*args, force_insert=True, **options)
