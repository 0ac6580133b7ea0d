"""An act on many people, as long work: who they are is settled first, then it is done to some hundred at a time.

What was before is written down before each portion is done, so that all of it, or what was done of it, can be undone:
once, and only of those who are still as the act left them.
"""

import json
from array import array
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from embudo.eventlog import LogUnavailable, Receipt
from embudo.leads.act_facts import Step
from embudo.leads.acts import Act, Erase, act_done, act_of, label_of, listed
from embudo.leads.erasure import NotNow
from embudo.leads.record import wait_until_followed
from embudo.leads.selection import Selection
from embudo.leads.showing import BadValue
from embudo.work.kinds import Progress, Refused, Steps
from embudo.work.models import Job, State

KIND = "people_act"
LABEL = gettext_lazy("An act on several people")
RESULT = LEFT = "leads/_acted.html"
PORTION = 200
PATIENCE_S = 30.0


def ask(act: Act, selection: Selection, *, by: Any) -> Job:
    """Ask for an act on many people."""
    wants = {"act": act.kind, "value": act.value, **selection.as_kept()}
    if not isinstance(act, Erase):
        return Job.objects.create(kind=KIND, by=by, wants=wants)
    people = array("q", (each for portion in selection.portions() for each in portion))
    with transaction.atomic():  # whom an erasure means is settled when it is confirmed, not when it is done
        job = Job.objects.create(kind=KIND, by=by, wants=wants)
        _keep_people(job, people)
        job.memory = {"total": len(people), "at": 0}
        job.save(update_fields=["memory"])
    return job


def ask_undo(job: Job, *, by: Any) -> Job:
    """Ask for what a job did to be undone, once: whoever asks again gets the undo there is; a cancelled one goes on."""
    with transaction.atomic():
        Job.objects.select_for_update(no_key=True).get(pk=job.pk)  # of two who ask at once the second finds it
        before = _undos(job).last()
        if before is not None and before.state != State.CANCELLED:
            return before
        at = before.memory.get("at", 0) if before else 0
        return Job.objects.create(kind=KIND, by=by, wants={"undo": job.pk, "of": job.wants["act"], "from": at})


def undo_of(job: Job) -> Job | None:
    """Return the work by which what a job did is or was undone; None: it was not, or not to its end."""
    return _undos(job).exclude(state=State.CANCELLED).last()


def about(job: Job) -> str:
    """Return which act it is, in the reader's language."""
    if "act" in job.wants:
        return label_of(job.wants["act"])
    if "of" in job.wants:
        return _("Undo: %(what)s") % {"what": label_of(job.wants["of"])}
    return job.about


def can_be_undone(job: Job) -> bool:
    """Return whether what a job did can still be undone."""
    act = job.wants.get("act")
    return job.ended and act not in (None, "erase") and _steps_file(job).exists()


def run(job: Job) -> Steps:
    """Do the act, or undo it."""
    try:
        return (yield from (_undo(job) if "undo" in job.wants else _do(job)))
    except LogUnavailable as error:
        raise Refused(_("The log does not answer: %(why)s Try again when it does.") % {"why": error}) from error
    except (BadValue, NotNow) as error:
        raise Refused(str(error)) from error


def _do(job: Job) -> Steps:
    if undo_of(job) is not None:
        raise Refused(_("What was done of it is undone meanwhile. Select them again to do it anew."))
    act = act_of(job.wants["act"], job.wants["value"])
    memory = dict(job.memory)
    if "total" not in memory:
        memory = {"total": (yield from _settle(job)), "at": 0}
        yield Progress(0, memory["total"], memory)
    people, last = _settled(job), []
    left_out, gone = int(memory.get("left_out", 0)), int(memory.get("gone", 0))
    for portion in _portions(people[memory["at"] :], PORTION if act.kind != "erase" else 1):
        left_out += act.left_out(portion)
        gone += len(portion) - len(listed(portion))
        steps = act.plan(portion)
        _write(_steps_file(job), steps)
        last = act.do(steps, by=job.by, run=run_of(job)) or last
        memory |= {"at": memory["at"] + len(portion), "left_out": left_out, "gone": gone}
        yield Progress(memory["at"], memory["total"], memory)
    _wait(last)
    changed = len(dict(read_steps(job)))
    unchanged = memory["total"] - changed - left_out
    gone = min(gone, unchanged)  # whom a run that broke off has erased is not gone before it
    why = {"left_out": left_out, "gone": gone, "already": unchanged - gone}
    return {"changed": changed, "total": memory["total"], **{name: number for name, number in why.items() if number}}


def _undo(job: Job) -> Steps:
    done = Job.objects.filter(pk=job.wants["undo"], kind=KIND).first()
    if done is None or not can_be_undone(done):
        raise Refused(_("What it takes to undo this is kept for seven days, and they are over."))
    act, steps = act_done(done.wants["act"], done.wants["value"]), read_steps(done)
    began = int(job.wants.get("from", 0))
    start, last = int(job.memory.get("at", began)), []
    job.make_folder()
    for portion in _portions(steps[start:], PORTION):
        still = act.still(portion, run=run_of(done))
        _write(_steps_file(job), still)
        last = act.undo(still, by=job.by, run=run_of(done)) or last
        start += len(portion)
        yield Progress(start, len(steps), {"at": start})
    _wait(last)
    changed = len(read_steps(job))
    since = len(steps) - began - changed
    return {"changed": changed, "total": len(steps), "undone": True, **({"since": since} if since else {})}


def run_of(job: Job) -> str:
    """Return the name of the run, of which the ids of its facts are made."""
    return f"work-{job.pk}"


def read_steps(job: Job) -> list[Step]:
    """Return who changed and what was before; what a run taken up again wrote twice counts as first written."""
    if not _steps_file(job).exists():
        return []
    found: dict[int, Any] = {}
    for person, before in _lines(_steps_file(job)):
        found.setdefault(person, before)
    return list(found.items())


def _undos(job: Job) -> QuerySet[Job]:
    return Job.objects.filter(kind=KIND, wants__undo=job.pk).order_by("id")


def _portions(found: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (found[start : start + size] for start in range(0, len(found), size))


def _settle(job: Job) -> Generator[Progress, None, int]:
    """Write down who they are."""
    found = array("q")
    for portion in Selection.kept(job.wants).portions():
        found.extend(portion)
        yield Progress(0, None)
    _keep_people(job, found)
    return len(found)


def _keep_people(job: Job, people: "array[int]") -> None:
    draft = job.make_folder() / "people.draft"
    draft.write_bytes(people.tobytes())
    draft.replace(_people_file(job))


def _settled(job: Job) -> Sequence[int]:
    found = array("q")
    found.frombytes(_people_file(job).read_bytes())
    return found


def _write(file: Path, steps: Sequence[Step]) -> None:
    with file.open("a") as out:
        out.writelines(f"{json.dumps(step)}\n" for step in steps)


def _lines(file: Path) -> Iterator[Step]:
    with file.open() as lines:
        for line in lines:
            if line.endswith("\n"):  # the last one may be cut
                person, before = json.loads(line)
                yield person, before


def _people_file(job: Job) -> Path:
    return job.folder / "people"


def _steps_file(job: Job) -> Path:
    return job.folder / "steps"


def _wait(receipts: Sequence[Receipt]) -> None:
    for receipt in receipts:
        wait_until_followed(receipt, PATIENCE_S)
