"""The tables of what imports did: each run, how each of its rows fared, and what a later run knows of it.

These are ordinary records: `embudo rebuild` neither makes nor changes them. `leads/models.py` hands them out.
"""

from django.db import models
from django.db.models import Q


class ImportRun(models.Model):
    """One run of an import: what file, by which map, and how its rows fared."""

    name = models.CharField(max_length=100)  # the map's name; the facts' source is "import:<name>"
    kind = models.CharField(max_length=20)  # people, facts, opportunities, companies or visits
    file = models.CharField(max_length=500)
    dry_run = models.BooleanField(default=False)
    started_at = models.BigIntegerField()
    finished_at = models.BigIntegerField(null=True, blank=True)
    rows = models.IntegerField(default=0)
    accepted = models.IntegerField(default=0)
    unchanged = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)
    facts = models.IntegerField(default=0)
    fresh = models.IntegerField(default=0)  # accepted rows of somebody, or something, that nobody knew
    declared = models.JSONField(default=list)  # the attributes that were not there before
    undone_at = models.BigIntegerField(null=True, blank=True)  # when all of it had been taken back


class ImportRow(models.Model):
    """How one row of an import fared: accepted, unchanged or failed, with a reason and words for people.

    What it recorded stands beside it, so that it can be taken back.
    """

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="report", db_index=False)
    row = models.IntegerField()  # the how manieth row of data, the first after the headers is 1
    line = models.IntegerField(null=True)  # of the file where it begins; of a workbook, the row of the sheet
    outcome = models.CharField(max_length=10)
    reason = models.CharField(max_length=60, blank=True)
    words = models.CharField(max_length=500, blank=True)  # in the language of the run
    said = models.JSONField(null=True)  # the parts of the words, to tell them in any (imports/words.py)
    person = models.BigIntegerField(null=True, db_index=True)
    fresh = models.BooleanField(default=False)  # nobody was known by it before
    changes = models.JSONField(default=dict)  # attribute, or consent:purpose -> [value before, value now]
    subject = models.BigIntegerField(null=True)  # of the facts it recorded
    key = models.CharField(max_length=32, blank=True)  # of ImportKey
    digest = models.CharField(max_length=32, blank=True)  # of the profile it recorded
    facts = models.TextField(blank=True)  # the ids of the facts it recorded, with spaces

    class Meta:
        indexes = [
            models.Index(fields=["run", "outcome", "row"], name="import_row_by_outcome"),
            models.Index(fields=["key", "run"], name="import_row_by_key", condition=~Q(key="")),
            models.Index(fields=["run", "subject", "id"], name="import_row_by_subject", condition=~Q(facts="")),
        ]


class ImportBegun(models.Model):
    """What a run is about to record of its next rows, until that is reported; so it is known if the run dies meanwhile.

    JSON of lists: row, line, whether it is new, subject, key, digest, ids of facts (imports/report.py).
    """

    run = models.OneToOneField(ImportRun, on_delete=models.CASCADE, primary_key=True, related_name="+")
    rows = models.TextField()


class ImportKey(models.Model):
    """What an import recorded of one row of its source, so that a later run knows whether the row has changed."""

    source = models.CharField(max_length=120)
    key = models.CharField(max_length=32)  # hash of the values of the key columns
    digest = models.CharField(max_length=32)  # hash of the profile that was recorded
    revision = models.IntegerField(default=1)  # of the profile; 0: none
    facts = models.TextField(blank=True)  # the ids of the other facts, with spaces
    undone = models.IntegerField(default=0)  # how often something of it was taken back; later facts have other ids

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="import_key_once")]
