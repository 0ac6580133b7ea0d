"""Pairs that are probably one person, or one company. What becomes of a pair is a fact; only "no" is kept here."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from embudo.accounts.models import AuditEntry
from embudo.engines.likeness import Whose
from embudo.leads.models import LISTED, Company, CompanyMerge, Merge, Person

BEING_APPLIED = timedelta(minutes=1)  # how long a pair that was joined is taken for one whose rows do not show it yet
MODELS: dict[str, Any] = {Whose.PEOPLE: Person, Whose.COMPANIES: Company}
MERGES: dict[str, Any] = {Whose.PEOPLE: Merge, Whose.COMPANIES: CompanyMerge}
STANDING = {Whose.PEOPLE: LISTED, Whose.COMPANIES: models.Q(merged_into=None)}


class Pair(models.Model):
    """Two records that are one with this probability, with the signs that add up to it (engines/duplicates.py)."""

    ABOUT_PEOPLE = ("left_id", "right_id")  # an erasure takes the pairs of a person; no company has a person's number

    whose = models.CharField(max_length=10, default=Whose.PEOPLE.value, db_default=Whose.PEOPLE.value)
    left_id = models.BigIntegerField()  # of two people, or of two companies
    right_id = models.BigIntegerField()
    probability = models.FloatField()
    odds = models.FloatField()  # bits, before any sign
    signs = models.JSONField(default=list)  # [[trait, degree, bits], ...]
    seen_at = models.DateTimeField(default=timezone.now)  # when a search found it last
    joined_at = models.DateTimeField(null=True)  # somebody said that they are one; their rows follow in a moment
    refused_at = models.DateTimeField(null=True)  # somebody said that these are two
    refused_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    left: Any = None  # the records themselves, once `with_sides` has read them
    right: Any = None

    class Meta:
        constraints = [models.UniqueConstraint(fields=["whose", "left_id", "right_id"], name="pair_once_of_its_kind")]
        indexes = [
            models.Index(
                fields=["whose", "-probability", "id"], name="pair_open_of_its_kind",
                condition=models.Q(refused_at__isnull=True),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.left_id} {self.right_id}"

    @classmethod
    def open(cls, whose: str = Whose.PEOPLE) -> "models.QuerySet[Pair]":
        """Return the pairs nobody has decided on, by joining, refusing or taking apart; the most probable first."""
        following = models.Q(joined_at__gte=timezone.now() - BEING_APPLIED)
        sides = MODELS[whose].objects.filter(STANDING[Whose(whose)])
        both = [models.Exists(sides.filter(pk=models.OuterRef(side))) for side in ("left_id", "right_id")]
        found = cls.objects.filter(*both, ~_apart(whose), whose=whose, refused_at=None).exclude(following)
        return found.order_by("-probability", "id")

    @classmethod
    def refused(cls, whose: str = Whose.PEOPLE) -> "models.QuerySet[Pair]":
        """Return the pairs of which somebody said that they are two."""
        return cls.objects.filter(whose=whose, refused_at__isnull=False)

    def refuse(self, *, by: Any) -> bool:
        """Keep that these are two; return whether nobody had said so before."""
        return self._turn(by, "pair_refused", refused_at=timezone.now(), refused_by=by)

    def reopen(self, *, by: Any) -> bool:
        """Ask about the pair again (the undo of refuse)."""
        return self._turn(by, "pair_reopened", refused_at=None, refused_by=None)

    def _turn(self, by: Any, verb: str, **changes: Any) -> bool:
        before = Pair.objects.filter(pk=self.pk, refused_at__isnull=changes["refused_at"] is not None)
        if not before.update(**changes):
            return False
        with_sides([self])
        about = f"{self.left} – {self.right}"
        if self.whose == Whose.COMPANIES:
            AuditEntry.record(by, f"company_{verb}", about)
            return True
        people = {"person": str(self.left_id), "other": str(self.right_id)}  # so that an erasure finds the names
        AuditEntry.record(by, verb, about, **people)
        return True


def with_sides(pairs: Iterable[Pair]) -> list[Pair]:
    """Return pairs of one kind with both records read; without those of which one is not there any more."""
    found = list(pairs)
    wanted = {id for pair in found for id in (pair.left_id, pair.right_id)}
    if not found:
        return []
    more = ("owner", "company") if found[0].whose == Whose.PEOPLE else ("owner",)
    there = MODELS[found[0].whose].objects.select_related(*more).in_bulk(wanted)
    for pair in found:
        pair.left, pair.right = there.get(pair.left_id), there.get(pair.right_id)
    return [pair for pair in found if pair.left and pair.right]


def _apart(whose: str) -> Any:
    """Whether somebody has taken the two of a pair apart after they were joined."""
    left, right = models.OuterRef("left_id"), models.OuterRef("right_id")
    undone = MERGES[whose].objects.filter(unmerged_at__isnull=False)
    one, other = undone.filter(survivor_id=left, absorbed_id=right), undone.filter(survivor_id=right, absorbed_id=left)
    return models.Exists(one) | models.Exists(other)
