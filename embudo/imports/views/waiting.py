"""What the pages of a file on its way share: whose it is, and having it tried out."""

from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from embudo.imports.models import Upload
from embudo.work.models import Job


def upload_of(request: HttpRequest, pk: int) -> Upload:
    """The reader's own file on its way; nobody else's."""
    found = Upload.objects.select_related("check_run", "run", "check_job", "run_job").filter(pk=pk).first()
    if found is None or (found.by_id != request.user.pk):
        raise Http404(_("There is no such file."))
    if found.run is None and not found.original.exists():
        raise Http404(_("The file is not there any more: files are kept for seven days. Bring it in again."))
    return found


def try_out(request: HttpRequest, upload: Upload, **said: Any) -> None:
    """Have the whole file tried out, as it is said to be; an earlier trial that is under way ends."""
    with transaction.atomic():
        job = Job.objects.create(kind="import_check", about=upload.file, by=request.user, wants={"upload": upload.pk})
        if not upload.change(check_job=job, **said):
            job.delete()
