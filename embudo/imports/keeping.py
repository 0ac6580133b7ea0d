"""How long files and trials are kept, and how their rows go without holding up anybody who writes."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from embudo.imports.models import Upload
from embudo.leads import sql
from embudo.leads.models import ImportRun
from embudo.work.kinds import Refused
from embudo.work.models import Job

KEPT = timedelta(days=7)
SLICE = 1000  # rows deleted in one transaction


def drop(run: ImportRun) -> None:
    """Delete the record of a trial with its rows, in short slices."""
    rows = f"SELECT id FROM leads_importrow WHERE run_id = %s LIMIT {SLICE}"
    while sql.one(f"DELETE FROM leads_importrow WHERE id IN ({rows})", [run.pk]):
        pass
    run.delete()


def check_there(upload: Upload) -> None:
    """Raise Refused when the file of an upload is gone."""
    if not upload.text.exists():
        raise Refused(str(_("The file is not there any more: files are kept for seven days. Bring it in again.")))


def note_trial(upload: Upload, job: Job, **said: Any) -> None:
    """Note what the trial of a file makes known; raises Refused when the file is read or mapped otherwise by now."""
    if not upload.of_trial(job).update(**said):
        drop(said["check_run"])
        raise Refused(str(_("The file or its columns were changed meanwhile. Try it out again.")))


def sweep() -> int:
    """Remove the files of uploads that are old, and those that were never brought in; return how many there were."""
    old = [each for each in Upload.objects.filter(created_at__lt=timezone.now() - KEPT) if each.folder.exists()]
    for upload in old:
        upload.drop_files()
        if upload.run_job_id is None:
            if upload.check_run:
                drop(upload.check_run)
            upload.delete()
    return len(old)
