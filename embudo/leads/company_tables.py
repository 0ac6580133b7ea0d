"""The tables of companies, and of what people here said of two of them; follow writes them (leads/models.py)."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

PEOPLED = Q(people_count__gt=0)  # companies that stand in their list


class RowId(models.BigIntegerField):
    """An id that comes from elsewhere; on SQLite the row is found by it without an index, which `bigint` would need."""

    def db_type(self, connection: Any) -> str | None:
        """Return the type of the column."""
        return "integer" if connection.vendor == "sqlite" else super().db_type(connection)


class Company(models.Model):
    """A company: named by a group call or a trait, or guessed from a mail domain that is nobody's free mail."""

    id = RowId(primary_key=True)  # the subject of "company:<domain or group id>"
    name = models.CharField(max_length=300)
    domain = models.CharField(max_length=253, blank=True, db_index=True)
    group_id = models.CharField(max_length=300, blank=True)
    attributes = models.JSONField(default=dict)
    owner = models.ForeignKey(  # as it follows from what was decided (leads/owners.py)
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    given_owner = models.ForeignKey(  # whom people here gave the company to, and when; an ordinary record
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    given_at = models.BigIntegerField(null=True)

    merged_into = models.ForeignKey(  # the company whose page it has now, however many were joined on the way
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="absorbed", db_constraint=False,
        db_index=False,
    )  # fmt: skip
    unsettled_after = models.BigIntegerField(null=True)  # people up to this id follow its joins; null: all of them do

    # What its people come to, at most 15 minutes old (leads/rollup.py): lists are sorted and filtered by it.
    people_count = models.IntegerField(default=0, db_default=0)
    engagement_order = models.FloatField(default=0, db_default=0)  # the highest of them
    last_seen_at = models.BigIntegerField(default=0, db_default=0)
    rank = models.SmallIntegerField(default=-1, db_default=-1)  # of the furthest stage, core.funnel.RANK
    search = models.CharField(max_length=600, default="", db_default="")  # folded words, a space before each
    rolled_at = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        indexes = [
            models.Index(fields=["rolled_at"], name="company_to_roll"),
            models.Index(fields=["-engagement_order", "-id"], name="company_by_engagement", condition=PEOPLED),
            models.Index(fields=["-people_count", "-id"], name="company_by_people", condition=PEOPLED),
            models.Index(fields=["-last_seen_at", "-id"], name="company_by_last_seen", condition=PEOPLED),
            models.Index(fields=["search", "id"], name="company_by_name", condition=PEOPLED),
            models.Index(fields=["owner", "-engagement_order", "-id"], name="company_by_owner", condition=PEOPLED),
            models.Index(fields=["rank", "-engagement_order", "-id"], name="company_by_rank", condition=PEOPLED),
            models.Index(fields=["merged_into"], name="company_by_survivor", condition=Q(merged_into__isnull=False)),
            models.Index(fields=["id"], name="company_unsettled", condition=Q(unsettled_after__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name or self.domain


class CompanyMerge(models.Model):
    """What somebody here said of two companies: that they are one, or (`undoes`) two again; and what follows from it.

    `survivor` and `absorbed` are whom it joined, after what was said before; nobody where it changed nothing.
    """

    at = models.BigIntegerField()
    fact = models.TextField()  # with `at` and `source` the order of the facts
    source = models.TextField()
    undoes = models.BooleanField(default=False)
    said_survivor = models.BigIntegerField()
    said_absorbed = models.BigIntegerField()
    survivor_name = models.CharField(max_length=300, blank=True)
    absorbed_name = models.CharField(max_length=300, blank=True)
    survivor_domain = models.CharField(max_length=253, blank=True)
    absorbed_domain = models.CharField(max_length=253, blank=True)
    survivor = models.ForeignKey(Company, null=True, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    absorbed = models.ForeignKey(Company, null=True, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    unmerged_at = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "fact"], name="company_merge_once")]
