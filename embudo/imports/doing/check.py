"""Trying a file out: every row is read and compared, and nothing is recorded."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from embudo.imports.doing import visits
from embudo.imports.keeping import check_there, drop, sweep
from embudo.imports.mapping import parse
from embudo.imports.models import Kind, Upload
from embudo.imports.plan import document
from embudo.imports.reading import BadFile, rows_of
from embudo.imports.run import Import
from embudo.leads.record import the_log
from embudo.work.kinds import Progress, Refused, Steps

LABEL = _("Import: trying it out")
RESULT = "imports/_checked.html"


def run(job: Any) -> Steps:
    """Read every row and report how it would fare."""
    upload = Upload.objects.get(pk=job.wants["upload"])
    if upload.kind == Kind.VISITS:
        return (yield from visits.check(upload))
    total = count_rows(upload)
    sweep()
    if upload.check_run:
        drop(upload.check_run)
    plan = parse(document(upload.how_mapped(), upload.kind, upload.how_read()))
    work = Import(the_log(), plan, upload.kind, dry_run=True)
    record = work.begin(upload.file)
    Upload.objects.filter(pk=upload.pk).update(check_run=record)
    yield Progress(0, total)
    try:
        for _lines in work.run(upload.text):
            yield Progress(work.totals.rows, total)
    except BadFile as error:
        raise Refused(str(error)) from error
    return {"upload": upload.pk, "rows": work.totals.rows}


def count_rows(upload: Upload) -> int:
    """Return how many rows the file has; raises Refused."""
    check_there(upload)
    try:
        return max(0, sum(1 for _row in rows_of(upload.text, upload.how_read())) - 1)
    except (BadFile, UnicodeError) as error:
        raise Refused(str(error)) from error
