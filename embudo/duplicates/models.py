"""Pairs of people who are probably one. What becomes of a pair is a fact about the people; only "no" is kept here."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from embudo.accounts.models import AuditEntry
from embudo.leads.models import Merge, Person

STANDING = models.Q(left__merged_into=None, left__known=True, right__merged_into=None, right__known=True)
BEING_APPLIED = timedelta(minutes=1)  # how long a pair that was joined is taken for one whose people are not yet


class Pair(models.Model):
    """Two people who are one with this probability, with the signs that add up to it (engines/duplicates.py)."""

    left = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    right = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    probability = models.FloatField()
    odds = models.FloatField()  # bits, before any sign
    signs = models.JSONField(default=list)  # [[trait, degree, bits], ...]
    seen_at = models.DateTimeField(default=timezone.now)  # when a search found it last
    joined_at = models.DateTimeField(null=True)  # somebody said that they are one; the people's rows follow in a moment
    refused_at = models.DateTimeField(null=True)  # somebody said that these are two people
    refused_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["left", "right"], name="pair_once")]
        indexes = [
            models.Index(fields=["-probability", "id"], name="pair_open", condition=models.Q(refused_at__isnull=True))
        ]

    def __str__(self) -> str:
        return f"{self.left_id} {self.right_id}"

    @classmethod
    def open(cls) -> "models.QuerySet[Pair]":
        """Return the pairs nobody has decided on, by joining, refusing or taking apart; the most probable first."""
        following = models.Q(joined_at__gte=timezone.now() - BEING_APPLIED)
        found = cls.objects.filter(STANDING, ~_apart(), refused_at=None).exclude(following)
        return found.order_by("-probability", "id")

    @classmethod
    def refused(cls) -> "models.QuerySet[Pair]":
        """Return the pairs of which somebody said that they are two people."""
        return cls.objects.filter(refused_at__isnull=False)

    def refuse(self, *, by: Any) -> bool:
        """Keep that these are two people; return whether nobody had said so before."""
        return self._turn(by, "pair_refused", refused_at=timezone.now(), refused_by=by)

    def reopen(self, *, by: Any) -> bool:
        """Ask about the pair again (the undo of refuse)."""
        return self._turn(by, "pair_reopened", refused_at=None, refused_by=None)

    def _turn(self, by: Any, verb: str, **changes: Any) -> bool:
        before = Pair.objects.filter(pk=self.pk, refused_at__isnull=changes["refused_at"] is not None)
        if not before.update(**changes):
            return False
        people = {"person": str(self.left_id), "other": str(self.right_id)}  # so that an erasure finds the names
        AuditEntry.record(by, verb, f"{self.left} – {self.right}", **people)
        return True


def _apart() -> Any:
    """Whether somebody has taken the two of a pair apart after they were joined."""
    left, right = models.OuterRef("left_id"), models.OuterRef("right_id")
    undone = Merge.objects.filter(unmerged_at__isnull=False)
    one, other = undone.filter(survivor_id=left, absorbed_id=right), undone.filter(survivor_id=right, absorbed_id=left)
    return models.Exists(one) | models.Exists(other)
