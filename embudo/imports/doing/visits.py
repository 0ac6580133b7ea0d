"""The long work on an access log: trying it out and bringing it in. The file goes as soon as it is brought in."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from embudo.eventlog import LogUnavailable
from embudo.imports.following import followed
from embudo.imports.keeping import check_there, drop, note_trial
from embudo.imports.models import Upload
from embudo.imports.reading import BadFile
from embudo.imports.weblog.run import VisitImport
from embudo.imports.weblog.visits import Place, Salt
from embudo.leads.record import the_log
from embudo.work.kinds import Progress, Refused, Steps
from embudo.work.models import Job


def check(upload: Upload, job: Job) -> Steps:
    """Read every line and report what it would be."""
    check_there(upload)
    if upload.check_run:
        drop(upload.check_run)
    work = VisitImport(the_log(), _place(upload), dry_run=True, places=settings.EMBUDO.places)
    note_trial(upload, job, check_run=work.begin(upload.file))
    yield from _steps(work, upload, share=1)
    return {"upload": upload.pk, "rows": work.figures.lines}


def bring_in(upload: Upload) -> Steps:
    """Record the visits, from where an earlier attempt stopped, and let the file go: it holds addresses of people."""
    record: Any = upload.run
    if record is None or record.finished_at is None:
        check_there(upload)
        salt = Salt.beside(upload.original)
        work = VisitImport(the_log(), _place(upload), record=record, salt=salt, places=settings.EMBUDO.places)
        if record is None:
            record = work.begin(upload.file)
            Upload.objects.filter(pk=upload.pk).update(run=record)
        yield from _steps(work, upload, share=2)
        record.refresh_from_db()
    upload.drop_files()
    for share in followed(the_log()):
        yield Progress(int(record.rows * (1 + share) / 2), record.rows)
    if upload.check_run:
        drop(upload.check_run)
    return {"run": record.pk, "rows": record.rows}


def _steps(work: VisitImport, upload: Upload, *, share: int) -> Iterator[Progress]:
    """How far the reading is; it is one `share` of the whole work."""
    yield Progress(0)
    try:
        for done, total in work.run(upload.original):
            yield Progress(done // (2 * share), total and total // 2)  # each line is read twice
    except BadFile as error:
        raise Refused(str(error)) from error
    except LogUnavailable as error:
        words = _("The log cannot be written just now. Try again: it goes on with the next row.")
        raise Refused(str(words)) from error


def _place(upload: Upload) -> Place:
    return Place(upload.reading["site"], upload.reading["domain"])
