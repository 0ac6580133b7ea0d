"""The tables of what is derived from the log. `follow`, `advance` and `rebuild` write them; screens read them.

Instants are microseconds since 1970 in UTC. No row here is the record: `embudo rebuild` makes each again.
Those of companies are in `leads/company_tables.py`. The exceptions are ordinary records: what `leads/records.py` and
`leads/import_records.py` hold, and whom a company was given.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from embudo.leads.company_tables import Company, CompanyMerge, RowId
from embudo.leads.import_records import ImportBegun, ImportKey, ImportRow, ImportRun
from embudo.leads.of_people import Opportunity, PersonAttribute, PersonConsent
from embudo.leads.records import FreeMail, OwnerChange, PeopleAct, PersonFile, SavedView, Tag, Tagging

__all__ = [
    "Attribute", "Company", "CompanyMerge", "Dispute", "EngagementSnapshot", "Filling", "FollowCursor", "FreeMail",
    "Identifier", "ImportBegun", "ImportKey", "ImportRow", "ImportRun", "Merge", "MoveDay", "Opportunity",
    "OwnerChange", "Passage", "PassageDay", "PeopleAct", "Person", "PersonAttribute", "PersonConsent", "PersonFile",
    "Rebuild", "RowId", "SavedView", "Score", "SourceDay", "StageChange", "Tag", "Tagging",
]  # fmt: skip

ARRIVAL = Q(superseded_at__isnull=True, from_stage="")  # a first appearance
LISTED = Q(known=True, merged_into__isnull=True)  # who stands in the people list


class Person(models.Model):
    """Somebody, known or only a browser so far. The id is the subject of the first identifier (core/identity)."""

    id = RowId(primary_key=True)
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="absorbed", db_constraint=False,
        db_index=False,
    )  # fmt: skip
    known = models.BooleanField(default=False)
    created_at = models.BigIntegerField()  # when the first fact arrived

    name = models.CharField(max_length=300, blank=True)
    mail = models.CharField(max_length=320, blank=True)
    phone = models.CharField(max_length=64, blank=True)
    title = models.CharField(max_length=300, blank=True)
    company = models.ForeignKey(
        Company, null=True, blank=True, on_delete=models.SET_NULL, related_name="people", db_constraint=False,
        db_index=False,
    )  # fmt: skip
    company_name = models.CharField(max_length=300, blank=True)
    industry = models.CharField(max_length=300, blank=True)
    country = models.CharField(max_length=100, blank=True)
    city = models.CharField(max_length=300, blank=True)
    language = models.CharField(max_length=35, blank=True)
    attributes = models.JSONField(default=dict)  # name -> value as resolved now, standard and custom
    search = models.TextField(blank=True)  # folded: lower case, no accents; name mail company phone-digits

    stage = models.CharField(max_length=40, default="visitor")
    stage_since_at = models.BigIntegerField(null=True)
    handoff_ready = models.BooleanField(default=False)  # waits for a human answer: accept or reject

    fit = models.FloatField(null=True)
    grade = models.CharField(max_length=1, blank=True)
    fit_known_share = models.FloatField(default=0)
    disqualified = models.BooleanField(default=False)
    engagement = models.FloatField(default=0)
    engagement_at = models.BigIntegerField(default=0)  # the instant `engagement` is the value of
    engagement_order = models.FloatField(default=0)  # what the list sorts by; at most 15 minutes old

    first_seen_at = models.BigIntegerField()  # earliest and latest event time
    last_seen_at = models.BigIntegerField()
    first_seen_known = models.BooleanField(default=True)  # False: an import had no times, so it is made up
    last_seen_known = models.BooleanField(default=True)
    events = models.IntegerField(default=0)

    source = models.CharField(max_length=200, blank=True)  # first touch
    medium = models.CharField(max_length=200, blank=True)
    campaign = models.CharField(max_length=300, blank=True)
    landing_page = models.CharField(max_length=500, blank=True)
    last_source = models.CharField(max_length=200, blank=True, db_default="")  # last touch, leads/touch.py
    last_medium = models.CharField(max_length=200, blank=True, db_default="")
    last_campaign = models.CharField(max_length=300, blank=True, db_default="")
    last_landing_page = models.CharField(max_length=500, blank=True, db_default="")

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        indexes = [
            models.Index(fields=["-engagement_order", "id"], name="person_by_engagement", condition=LISTED),
            models.Index(fields=["-last_seen_at", "id"], name="person_by_last_seen", condition=LISTED),
            models.Index(fields=["-first_seen_at", "id"], name="person_by_first_seen", condition=LISTED),
            models.Index(Coalesce("fit", Value(-1.0)).desc(), F("id"), name="person_by_fit", condition=LISTED),
            models.Index(fields=["search", "id"], name="person_by_name", condition=LISTED),
            models.Index(fields=["id"], name="person_waiting", condition=LISTED & Q(handoff_ready=True)),
            models.Index(fields=["stage", "-engagement_order", "id"], name="person_by_stage", condition=LISTED),
            models.Index(fields=["grade", "-engagement_order", "id"], name="person_by_grade", condition=LISTED),
            models.Index(fields=["source", "-engagement_order", "id"], name="person_by_source", condition=LISTED),
            models.Index(fields=["last_source", "id"], name="person_by_last_source", condition=LISTED),
            models.Index(fields=["medium", "id"], name="person_by_medium", condition=LISTED),
            models.Index(fields=["campaign", "id"], name="person_by_campaign", condition=LISTED & Q(campaign__gt="")),
            models.Index(fields=["merged_into"], name="person_by_survivor", condition=Q(merged_into__isnull=False)),
            models.Index(fields=["owner"], name="person_by_owner", condition=Q(owner__isnull=False)),
            models.Index(  # holds all that pages of a company ask of its people, so that none of their rows is read
                fields=[
                    "company",
                    "id",
                    "known",
                    "merged_into",
                    "engagement_order",
                    "last_seen_at",
                    "first_seen_at",
                    "fit",
                    "stage",
                ],
                name="person_by_company",
                condition=Q(company__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.mail or self.phone or str(_("Visitor"))


class Score(models.Model):
    """The kept state of one person's score and stage, which the online engine folds events into."""

    person = models.OneToOneField(
        Person, primary_key=True, on_delete=models.CASCADE, related_name="score", db_constraint=False
    )
    version = models.IntegerField(default=0)  # of the definition
    state = models.BinaryField()
    revision = models.IntegerField(default=1)  # counts writes: who writes has seen the one before, or tries again
    touch = models.TextField(blank=True)  # the orders of the facts that are first and last touch, as JSON
    updated_at = models.BigIntegerField()
    next_change_at = models.BigIntegerField(null=True, db_index=True)  # when a compared value changes by itself


class StageChange(models.Model):
    """One move of a person: from, to, when it was true, when it was found out, and why.

    A row that later facts, a merge or a new definition contradict is kept with `superseded_at`.
    Among rows not superseded, the population of a stage is its entries less its exits.
    """

    person = models.ForeignKey(
        Person, on_delete=models.CASCADE, related_name="moves", db_constraint=False, db_index=False
    )
    from_stage = models.CharField(max_length=40, blank=True)  # empty: the first appearance
    to_stage = models.CharField(max_length=40)
    at = models.BigIntegerField()
    recorded_at = models.BigIntegerField()
    why = models.CharField(max_length=200, blank=True)  # the name of the reason, core/lifecycle
    causes = models.JSONField(default=list)  # [[source, id, kind, at], ...] of the facts; empty: time alone did it
    version = models.IntegerField(default=0)
    fit = models.FloatField(null=True)  # just after the move, as the engagement
    engagement = models.FloatField(default=0)
    dated = models.BooleanField(default=True)  # False: an import had no time for the fact that caused it
    superseded_at = models.BigIntegerField(null=True, blank=True)
    superseded_why = models.CharField(max_length=40, blank=True)  # late_fact merged unmerged revised definition

    class Meta:
        verbose_name = _("stage move")
        indexes = [
            models.Index(fields=["at", "person"], name="move_by_arrival", condition=ARRIVAL),
            models.Index(fields=["at", "id"], name="move_by_time", condition=Q(superseded_at__isnull=True)),
            models.Index(fields=["person", "at"], name="move_by_person"),
        ]


class Passage(models.Model):
    """How one person passed one stage, as the funnel counts it; leads/passages.py makes it from the standing moves.

    Nobody who only appeared has one: they are counted by day alone.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    rank = models.SmallIntegerField()  # of the stage, core.funnel.RANK
    at = models.BigIntegerField()  # of the entry
    next_at = models.BigIntegerField(null=True)  # of the entry that follows; null: none so far
    bucket = models.SmallIntegerField()  # of the span between the two, leads/passages.py
    entered = models.SmallIntegerField()  # 1: first reached this stage `at`, the next one `next_at`, or ones behind
    spans = models.SmallIntegerField()  # 1: the span counts in the median, or is negative
    until_at = models.BigIntegerField(null=True)  # for funnels up to here the span counted, later another does
    source = models.CharField(max_length=200, blank=True)  # first touch of who became a lead here

    class Meta:
        indexes = [
            models.Index(fields=["person"], name="passage_by_person"),
            models.Index(fields=["rank", "at", "person"], name="passage_by_time", condition=Q(entered=1)),
            models.Index(fields=["rank", "bucket", "at", "next_at", "entered", "spans"], name="passage_by_bucket"),
        ]


class PassageDay(models.Model):
    """How many passages of a stage with a span of one bucket began on a day (of UTC, since 1970)."""

    pk = models.CompositePrimaryKey("rank", "bucket", "day")
    rank = models.SmallIntegerField()
    bucket = models.SmallIntegerField()
    day = models.IntegerField()
    entered = models.IntegerField()
    spans = models.IntegerField()


class SourceDay(models.Model):
    """How many people of a source became a lead on a day, and how many of them have gone further."""

    pk = models.CompositePrimaryKey("day", "source")
    day = models.IntegerField()
    source = models.CharField(max_length=200)
    entered = models.IntegerField()
    further = models.IntegerField()


class MoveDay(models.Model):
    """How many standing moves from one stage to another there were on a day."""

    pk = models.CompositePrimaryKey("day", "from_stage", "to_stage")
    day = models.IntegerField()
    from_stage = models.CharField(max_length=40)
    to_stage = models.CharField(max_length=40)
    moves = models.IntegerField()


class Identifier(models.Model):
    """An identifier that came with facts, and the person it belongs to before merge pointers are followed."""

    subject = RowId(primary_key=True)
    identifier = models.CharField(max_length=400)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="identifiers", db_constraint=False)
    evidence = models.CharField(max_length=40, blank=True)  # form identify mail_click ...; empty: its own
    strength = models.SmallIntegerField(default=6)  # core.identity.Strength
    linked_at = models.BigIntegerField()


class Merge(models.Model):
    """Two people found to be one: the absorbed one points at the survivor until it is undone."""

    survivor = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="merges", db_constraint=False)
    absorbed = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="merged_by", db_constraint=False)
    evidence = models.CharField(max_length=40)
    cause = models.JSONField(default=list)  # [source, id] of the fact that decided it
    merged_at = models.BigIntegerField()
    unmerged_at = models.BigIntegerField(null=True, blank=True)
    unmerged_cause = models.JSONField(default=list)


class Dispute(models.Model):
    """An identifier two people claim; the one with the stronger evidence keeps it, a person may settle it."""

    identifier = models.CharField(max_length=400)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="disputes", db_constraint=False)
    claimed_by = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="claims", db_constraint=False)
    evidence = models.CharField(max_length=40)
    cause = models.JSONField(default=list)
    at = models.BigIntegerField()
    settled_at = models.BigIntegerField(null=True, blank=True)


class Attribute(models.Model):
    """An attribute people may have: a standard one, or one the company made."""

    KINDS = ("text", "number", "money", "choice", "choices", "date", "boolean")

    name = models.CharField(max_length=100, primary_key=True)
    label = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=10, default="text", choices=[(kind, kind) for kind in KINDS])
    options = models.JSONField(default=list)
    standard = models.BooleanField(default=False)
    hidden = models.BooleanField(default=False, db_default=False)  # shown only on people who have it, in no filter

    class Meta:
        verbose_name = _("attribute")

    def __str__(self) -> str:
        return self.label or self.name


class Filling(models.Model):
    """A table that a new version has added to a filled install: follow fills it from the log before it goes on."""

    name = models.CharField(max_length=40, primary_key=True)


class FollowCursor(models.Model):
    """How far the log has been followed, per shard; committed together with what was derived."""

    shard = models.IntegerField(primary_key=True)
    offset = models.BigIntegerField(default=0)


class EngagementSnapshot(models.Model):
    """One pass that freshened `Person.engagement_order`; the last finished one is the instant the list shows."""

    as_of_at = models.BigIntegerField()
    finished_at = models.BigIntegerField(null=True, blank=True)
    after = models.BigIntegerField(default=-1)  # the last person done, to go on from after a crash
    people = models.IntegerField(default=0)


class Rebuild(models.Model):
    """One run that makes the derived rows again from nothing; screens say so while one is unfinished."""

    started_at = models.BigIntegerField()
    cleared_at = models.BigIntegerField(null=True, blank=True)  # from then on the log is followed from its beginning
    finished_at = models.BigIntegerField(null=True, blank=True)
    events = models.BigIntegerField(default=0)
    events_in_all = models.BigIntegerField(default=0)
    until = models.TextField(default="")  # where the log ended when it was asked for, a cursor as text
