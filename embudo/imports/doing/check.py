"""Trying a file out: every row is read and compared, and nothing is recorded."""

from itertools import islice
from typing import Any

from django.utils.translation import gettext_lazy as _

from embudo.imports.doing import visits
from embudo.imports.keeping import check_there, drop, note_trial
from embudo.imports.mapping import parse
from embudo.imports.models import Kind, Upload
from embudo.imports.plan import MOST_STATUSES, Plan, document, guess_statuses
from embudo.imports.presets import preset_called
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
        return (yield from visits.check(upload, job))
    total = count_rows(upload)
    if upload.check_run:
        drop(upload.check_run)
    plan = completed(upload)
    by_map = parse(document(plan, upload.kind, upload.how_read()))
    work = Import(the_log(), by_map, upload.kind, dry_run=True, of_sheet=bool(upload.sheets))
    record = work.begin(upload.file)
    note_trial(upload, job, check_run=record, plan=_kept(plan))
    yield Progress(0, total)
    try:
        for _lines in work.run(upload.text):
            yield Progress(work.totals.rows, total)
    except BadFile as error:
        raise Refused(str(error)) from error
    return {"upload": upload.pk, "rows": work.totals.rows, "undated": work.totals.undated}


def completed(upload: Upload) -> Plan:
    """Return what the columns are, with what the statuses most likely mean that stand behind the first rows."""
    plan = upload.how_mapped()
    rows = rows_of(upload.text, upload.how_read())
    plan.guessed = guess_statuses(plan, rows, preset_called(upload.preset)) if plan.of("deal:status") else {}
    return plan


def _kept(plan: Plan) -> dict[str, Any]:
    """The plan as it is kept, with as many of those statuses as people are asked about."""
    return plan.as_dict() | {"guessed": dict(islice(plan.guessed.items(), MOST_STATUSES))}


def count_rows(upload: Upload) -> int:
    """Return how many rows the file has; raises Refused."""
    check_there(upload)
    try:
        return max(0, sum(1 for _row in rows_of(upload.text, upload.how_read())) - 1)
    except (BadFile, UnicodeError) as error:
        raise Refused(str(error)) from error
