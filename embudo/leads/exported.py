"""Where the files of exports lie, and that they do not outlive whoever stands in them."""

from collections.abc import Collection
from pathlib import Path

from embudo.work.models import Job

KIND, OF_PERSON = "people_export", "person_export"  # of a list, of all that is known of one person


def file_of(job: Job) -> Path:
    """Return where the file of a job lies."""
    if job.kind == OF_PERSON:
        return job.folder / "person.zip"
    return job.folder / f"people.{'xlsx' if job.wants['format'] == 'xlsx' else 'csv'}"


def forget(people: Collection[int]) -> None:
    """Throw away all files of exports: somebody was erased who may stand in them."""
    for job in Job.objects.filter(kind__in=(KIND, OF_PERSON)) if people else ():
        job.drop_folder()
