"""The tables of what people here keep of people beside the log: owners, tags, files, views of the list, acts.

These are ordinary records: `embudo rebuild` neither makes nor changes them. `leads/models.py` hands them out.
"""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class OwnerChange(models.Model):
    """One decision of somebody here on who looks after a person; leads/owners.py says what follows from them."""

    person = models.ForeignKey(
        "leads.Person", on_delete=models.CASCADE, related_name="owner_changes", db_constraint=False
    )
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.BigIntegerField()
    fact = models.CharField(max_length=100, blank=True, db_index=True)  # id of the acceptance that gave the person


class Tag(models.Model):
    """A word by which people here sort people; `key` is it in small letters. One that was removed has no such key."""

    name = models.CharField(max_length=60)
    key = models.CharField(max_length=60, unique=True)
    removed_at = models.BigIntegerField(null=True)  # leads/tag_changes.py says how long it can be brought back

    class Meta:
        verbose_name = _("tag")

    def __str__(self) -> str:
        return self.name


class Tagging(models.Model):
    """A tag that somebody here put on a person; leads/tags.py says who shows it after a merge."""

    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="taggings", db_index=False)
    put_on = models.BigIntegerField()  # the person it was put on
    person = models.ForeignKey(  # who shows it: whom that person was merged into
        "leads.Person", on_delete=models.CASCADE, related_name="taggings", db_constraint=False, db_index=False
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    at = models.BigIntegerField()
    joined_from = models.BigIntegerField(null=True)  # the tag that was joined to this one and brought it

    class Meta:
        constraints = [models.UniqueConstraint(fields=["put_on", "tag"], name="tagging_once")]
        indexes = [
            models.Index(fields=["tag", "person"], name="tagging_by_tag"),
            models.Index(fields=["person", "tag"], name="tagging_by_person"),
        ]


class PersonFile(models.Model):
    """A file that somebody here attached to a person; leads/files.py says where its content lies."""

    person = models.ForeignKey("leads.Person", on_delete=models.CASCADE, related_name="files", db_constraint=False)
    name = models.CharField(max_length=150)
    ending = models.CharField(max_length=10)
    size = models.BigIntegerField()
    key = models.CharField(max_length=32, unique=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.BigIntegerField()
    removed_at = models.BigIntegerField(null=True, db_index=True)

    def __str__(self) -> str:
        return self.name


class SavedView(models.Model):
    """A list of people as somebody here wants to see it again: filters and order as an address, columns, a name."""

    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2000, blank=True)
    columns = models.JSONField(default=list)
    shared = models.BooleanField(default=False)  # everybody here has it as a tab
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.BigIntegerField()
    removed_at = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("view")

    def __str__(self) -> str:
        return self.name


class PeopleAct(models.Model):
    """One act of somebody here on several people at once, and what it takes to undo it; leads/acts.py."""

    fact = models.CharField(max_length=100, unique=True)  # of the form: who sends it twice acts once
    kind = models.CharField(max_length=20)
    value = models.JSONField(default=dict)
    steps = models.JSONField(default=list)  # [[person, what was before], ...] of those who changed
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.BigIntegerField(db_index=True)
    undone_at = models.BigIntegerField(null=True)


class FreeMail(models.Model):
    """A mail domain that somebody here called nobody's company, or took that back; an ordinary record."""

    domain = models.CharField(max_length=253, unique=True)
    free = models.BooleanField()
    at = models.BigIntegerField()  # when it was called so
    settled = models.BooleanField(default=False)  # whether people's rows show it

    def __str__(self) -> str:
        return self.domain
