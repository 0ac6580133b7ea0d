"""Taking an import back: every fact of it, and the work ends once nobody shows any of it."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from embudo.imports import undo
from embudo.imports.following import followed
from embudo.imports.values import EPOCH
from embudo.leads.models import ImportRun
from embudo.leads.record import the_log
from embudo.work.kinds import Progress, Steps

LABEL = _("Undo of an import")
RESULT = "imports/_taken_back.html"


def run(job: Any) -> Steps:
    """Take back what is left to be taken back."""
    record = ImportRun.objects.get(pk=job.wants["run"])
    total = job.memory.get("total") or max(1, undo.left(record))
    memory = {"total": total}
    done = total - undo.left(record)
    yield Progress(done // 2, total, memory)  # a row is done once it is taken back and followed
    for rows in undo.take_back(record, the_log(), by=job.by, at=_instant(job.created_at)):
        done += rows
        yield Progress(done // 2, total)
    for share in followed(the_log()):
        yield Progress(int(total * (1 + share) / 2), total)
    undo.finish(record)
    return {"run": record.pk, "rows": total}


def _instant(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)
