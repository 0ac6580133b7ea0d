"""A tag that is on very many people joined to another one, or parted from it, as long work.

The tag lies aside, or is back, at once; then the other one comes to its people, or goes, some thousand at a time.
"""

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from embudo.leads import tag_changes
from embudo.leads.models import Tag
from embudo.leads.showing import BadValue
from embudo.work.kinds import Progress, Refused, Steps
from embudo.work.models import Job

KIND = tag_changes.JOINING
LABEL = gettext_lazy("A tag joined to another")
RESULT = LEFT = "leads/_tag_joined.html"


def ask(tag: Tag, into: Tag, *, by: Any) -> Job:
    """Ask for all who have a tag to get the other one."""
    with transaction.atomic():
        views = tag_changes.begin_join(tag, into, by=by)
        wants = {"tag": tag.pk, "into": into.pk, "views": views}
        return Job.objects.create(kind=KIND, about=f"{tag} → {into}", by=by, wants=wants)


def ask_undo(tag: Tag, into: Tag, views: Collection[int], *, by: Any) -> Job:
    """Ask for that to be undone; raises BadValue as `restore` of a tag does."""
    with transaction.atomic():
        tag_changes.begin_part(tag, into, views, by=by)
        wants = {"tag": tag.pk, "into": into.pk, "undo": True, "of": f"{tag} → {into}"}
        return Job.objects.create(kind=KIND, by=by, wants=wants)


def about(job: Job) -> str:
    """Return which tags it is about, in the reader's language."""
    return _("Undo: %(what)s") % {"what": job.wants["of"]} if "of" in job.wants else job.about


def can_be_undone(job: Job) -> bool:
    """Return whether the tag of a job that has ended lies aside still."""
    aside = Tag.objects.filter(pk=job.wants["tag"], removed_at__gt=tag_changes.CLAIMED)
    return job.ended and "undo" not in job.wants and aside.exists()


def views_of(job: int, tag: Tag, into: Tag) -> Collection[int]:
    """Return which saved views asked for a tag before this work joined it to the other one."""
    done = Job.objects.filter(pk=job, kind=KIND, wants__tag=tag.pk, wants__into=into.pk).first()
    return done.wants.get("views", ()) if done else ()


def run(job: Job) -> Steps:
    """Go through the people, from behind those who are done."""
    found = Tag.objects.in_bulk([job.wants["tag"], job.wants["into"]])
    if len(found) < 2:
        raise Refused(_("This tag is not there any more."))
    change = tag_changes.take_apart if "undo" in job.wants else tag_changes.carry
    before, done = int(job.memory.get("done", 0)), int(job.memory.get("done", 0))
    after = int(job.memory.get("after", 0))
    try:
        for last, so_far, left in change(found[job.wants["tag"]], found[job.wants["into"]], after=after):
            done = before + so_far
            yield Progress(done, before + left, {"after": last, "done": done})
    except BadValue as error:
        raise Refused(str(error)) from error
    return {"people": done, "undone": "undo" in job.wants}
