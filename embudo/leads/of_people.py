"""Tables of what the facts say of a person, a row for each thing: attributes, consents, opportunities. All derived."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class PersonAttribute(models.Model):
    """One value of one attribute of one person, for filters; several choices are several rows.

    `text` holds the value as text, cut at 200 characters (dates as 2026-01-31, which sorts); `number` holds
    numbers and money. Names, mail addresses and phones are searched for, not filtered by.
    """

    person = models.ForeignKey("leads.Person", on_delete=models.CASCADE, related_name="values", db_constraint=False)
    attribute = models.CharField(max_length=100)  # the name of an Attribute
    text = models.CharField(max_length=200, blank=True)
    number = models.FloatField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["attribute", "text", "person"], name="value_by_text"),
            models.Index(
                fields=["attribute", "number", "person"], name="value_by_number", condition=Q(number__isnull=False)
            ),
        ]


class PersonConsent(models.Model):
    """The answer of one person to one purpose that is in force, for filters; leads/consents.py keeps it.

    The last three columns are the order of the fact that gave it. Purpose "": the last withdrawal of everything.
    """

    person = models.ForeignKey(
        "leads.Person", on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    purpose = models.CharField(max_length=40, blank=True)
    given = models.BooleanField()
    at = models.BigIntegerField()
    fact = models.TextField()
    source = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "purpose"], name="consent_once")]
        indexes = [models.Index(fields=["purpose", "given", "person"], name="consent_by_purpose")]


class Opportunity(models.Model):
    """One opportunity of one person as the facts tell it; leads/opportunities.py keeps it.

    Its facts name it by `opportunity`, which nobody else's need to differ from. `said` holds, as JSON, the order of the
    fact that said each part last.
    """

    person = models.ForeignKey(
        "leads.Person", on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    owner = models.ForeignKey(  # as the person's
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    opportunity = models.CharField(max_length=200)
    name = models.CharField(max_length=200, blank=True)
    amount = models.FloatField(null=True)
    currency = models.CharField(max_length=3, blank=True)
    status = models.CharField(max_length=4)  # open, won, lost
    stage = models.CharField(max_length=200, blank=True)  # of the company's own sales process
    reason = models.CharField(max_length=200, blank=True)  # why it was lost
    opened_at = models.BigIntegerField()
    changed_at = models.BigIntegerField()
    closed_at = models.BigIntegerField(null=True)
    dated = models.BooleanField()
    said = models.TextField()
    written_at = models.BigIntegerField()  # when the row was written last, however old what it tells

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "opportunity"], name="opportunity_once")]
        indexes = [
            models.Index(fields=["written_at", "id"], name="opportunity_by_writing"),
            models.Index(fields=["status", "written_at", "id"], name="opportunity_by_status"),
            models.Index(
                fields=["owner", "written_at", "id"], name="opportunity_by_owner", condition=Q(owner__isnull=False)
            ),
        ]
