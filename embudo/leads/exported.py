"""Where the files of exports lie, and that they do not outlive whoever stands in them."""

from collections.abc import Collection
from pathlib import Path

from embudo.work.models import Job

KIND = "people_export"


def file_of(job: Job) -> Path:
    """Return where the file of a job lies."""
    return job.folder / f"people.{'xlsx' if job.wants['format'] == 'xlsx' else 'csv'}"


def forget(people: Collection[int]) -> None:
    """Throw away all files of exports: somebody was erased who may stand in them."""
    for job in Job.objects.filter(kind=KIND) if people else ():
        job.drop_folder()
