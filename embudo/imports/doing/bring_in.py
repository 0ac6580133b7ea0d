"""Bringing a file in: rows become facts, and the work ends once everybody shows them."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from embudo.eventlog import LogUnavailable
from embudo.imports.doing import visits
from embudo.imports.doing.check import completed, count_rows
from embudo.imports.following import followed
from embudo.imports.keeping import drop
from embudo.imports.mapping import parse
from embudo.imports.models import Kind, Upload
from embudo.imports.plan import document
from embudo.imports.reading import BadFile
from embudo.imports.run import Import
from embudo.leads.models import ImportRun
from embudo.leads.record import the_log
from embudo.work.kinds import Progress, Refused, Steps

LABEL = _("Import")
RESULT = "imports/_brought_in.html"


def run(job: Any) -> Steps:
    """Record what the rows say, from where an earlier attempt stopped."""
    upload = Upload.objects.get(pk=job.wants["upload"])
    if upload.kind == Kind.VISITS:
        return (yield from visits.bring_in(upload))
    total = count_rows(upload)
    plan = parse(document(completed(upload), upload.kind, upload.how_read()))
    work = Import(the_log(), plan, upload.kind, record=upload.run, by=job.by, of_sheet=bool(upload.sheets))
    if upload.run is None:
        record: ImportRun = work.begin(upload.file)
        Upload.objects.filter(pk=upload.pk).update(run=record)
    yield Progress(0, total)  # a row is done once it is recorded and followed
    try:
        for _lines in work.run(upload.text):
            yield Progress(work.totals.rows // 2, total)
    except BadFile as error:
        raise Refused(str(error)) from error
    except LogUnavailable as error:
        words = _("The log cannot be written just now. Try again: it goes on with the next row.")
        raise Refused(str(words)) from error
    for share in followed(the_log()):
        yield Progress(int(total * (1 + share) / 2), total)
    if upload.check_run:
        drop(upload.check_run)
    return {"run": work.record.pk if work.record else 0, "rows": work.totals.rows}
