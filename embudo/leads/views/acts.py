"""What is done with the people somebody selected in the list: a few at once with one Undo, many as long work."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from embudo.accounts.permissions import NotAllowed, require
from embudo.core.event import DAY
from embudo.eventlog import LogUnavailable, Receipt
from embudo.leads import acting
from embudo.leads.act_facts import Step
from embudo.leads.acts import Act, Erase, Merge, act_done, act_of, kinds
from embudo.leads.clock import now
from embudo.leads.models import PeopleAct, Person
from embudo.leads.queries import people
from embudo.leads.selection import Selection
from embudo.leads.showing import BadValue
from embudo.leads.unchanged import Unchanged, since_then
from embudo.leads.views import applying
from embudo.leads.views.applying import fact_id, given_id, list_left
from embudo.ui.toasts import toast
from embudo.work.models import Job

AT_ONCE = 50  # people; more are long work
JOINED = 20  # people that are joined by one act
SHOWN = 12  # people that the question shows
KEPT = 7 * DAY  # how long an act can be undone


@require_POST
@require("people.see")
def act(request: HttpRequest) -> HttpResponse:
    """Do one thing with everybody selected; some acts show first what they will do."""
    selection, kind = Selection.of(request.POST), request.POST.get("act", "")
    wanted = kinds().get(kind)
    if wanted is not None and not request.user.may(wanted.permission):
        raise NotAllowed(wanted.permission)
    if not selection:
        return _refused(request, _("Select somebody first: tick the box before a name."))
    try:
        selection.check()
    except BadValue as error:
        return _refused(request, str(error))
    if wanted is not None and wanted.asks and request.POST.get("sure") != "1":
        return _ask(request, kind, selection)
    try:
        return _done(request, act_of(kind, request.POST.dict()), selection)
    except BadValue as error:
        if wanted is not None and wanted.asks:
            return _ask(request, kind, selection, str(error))
        return _refused(request, str(error))


def _done(request: HttpRequest, wanted: Act, selection: Selection) -> HttpResponse:
    few = selection.first(AT_ONCE)
    if few is None or isinstance(wanted, Erase):
        if isinstance(wanted, Merge):
            raise BadValue(_too_many_to_join())
        return redirect("work:job", acting.ask(wanted, selection, by=request.user).pk)
    if isinstance(wanted, Merge) and len(few) > JOINED:
        raise BadValue(_too_many_to_join())
    _few_done(request, wanted, few)
    if isinstance(wanted, Merge):
        return redirect("leads:person", wanted.survivor)
    return HttpResponseRedirect(list_left(request))


def _few_done(request: HttpRequest, wanted: Act, few: Sequence[int]) -> None:
    fact = given_id(request)
    PeopleAct.objects.filter(at__lt=now() - KEPT).delete()
    steps = wanted.plan(few)
    if not steps:
        before = PeopleAct.objects.filter(fact=fact).exists()
        toast(request, _("This is done already.") if before else Unchanged.of(wanted, few, ()).nobody(wanted))
        return
    kept, new = PeopleAct.objects.get_or_create(
        fact=fact,
        defaults={"kind": wanted.kind, "value": wanted.value, "steps": steps, "by": request.user, "at": now()},
    )
    if not new:  # sent twice: what is left of it is done, should it have broken off
        steps = _left(request, kept, wanted, steps)
        if not steps:
            toast(request, _("This is done already."))
            return
    unchanged = Unchanged.of(wanted, few, kept.steps).words(wanted)
    try:
        receipts = wanted.do(steps, by=request.user, run=fact)
    except (LogUnavailable, BadValue) as error:
        if new:
            kept.delete()
        if isinstance(error, BadValue):  # what it is done with went meanwhile
            raise
        toast(request, _("The log cannot be written just now, so nothing was changed. Try again."), failed=True)
        return
    done = f"{wanted.done(len(kept.steps))} {unchanged}".strip()
    _told(request, done, receipts, undo=reverse("leads:act_undo", args=[fact]))


def _left(request: HttpRequest, kept: PeopleAct, wanted: Act, steps: Sequence[Step]) -> list[Step]:
    """What is still to be done of an act that this very form has begun before."""
    same = (kept.kind, kept.value, kept.by_id, kept.undone_at) == (wanted.kind, wanted.value, request.user.pk, None)
    begun = {person for person, _before in kept.steps}
    return [step for step in steps if same and step[0] in begun]


def _told(request: HttpRequest, done: str, receipts: Sequence[Receipt], *, undo: str = "") -> None:
    shows = [applying.wait_until_followed(receipt) for receipt in receipts]
    toast(request, done if all(shows) else _("%(done)s It is being applied.") % {"done": done}, undo=undo)


@require_POST
@require("people.see")
def undo(request: HttpRequest, fact: UUID) -> HttpResponse:
    """Undo what was done with a few people."""
    kept = get_object_or_404(PeopleAct, fact=str(fact))
    _may_undo(request, kept.kind, kept.by_id)
    try:
        done = act_done(kept.kind, kept.value)
    except BadValue as error:  # what it was done with is not there any more
        return _refused(request, str(error))
    if PeopleAct.objects.filter(pk=kept.pk, undone_at=None).update(undone_at=now()):
        steps = [(person, before) for person, before in kept.steps]
        try:
            still = done.still(steps, run=kept.fact)
            receipts = done.undo(still, by=request.user, run=kept.fact)
        except (LogUnavailable, BadValue) as error:
            PeopleAct.objects.filter(pk=kept.pk).update(undone_at=None)
            if isinstance(error, BadValue):
                return _refused(request, str(error))
            toast(request, _("The log cannot be written just now, so nothing was changed. Try again."), failed=True)
            return HttpResponseRedirect(list_left(request))
        words = _("Undone.") if still else _("Nothing was undone.")
        _told(request, f"{words} {since_then(len(steps) - len(still))}".strip(), receipts)
    return HttpResponseRedirect(list_left(request))


@require_POST
@require("people.see")
def undo_work(request: HttpRequest, job: int) -> HttpResponse:
    """Undo what long work did with many people, as long work."""
    done = get_object_or_404(Job, pk=job, kind=acting.KIND)
    if done.by_id != request.user.pk and not request.user.may("system.see"):
        raise Http404
    if acting.undo_of(done) is None and not acting.can_be_undone(done):
        toast(request, _("What it takes to undo this is kept for seven days, and they are over."), failed=True)
        return redirect("work:job", done.pk)
    _may_undo(request, done.wants["act"], done.by_id)
    return redirect("work:job", acting.ask_undo(done, by=request.user).pk)


def _may_undo(request: HttpRequest, kind: str, by: int | None) -> None:
    if not request.user.may(kinds()[kind].permission):
        raise NotAllowed(kinds()[kind].permission)
    if by != request.user.pk and not request.user.may("system.see"):
        raise Http404


def _ask(request: HttpRequest, kind: str, selection: Selection, error: str = "") -> HttpResponse:
    """The page that shows what an act will do, and asks once."""
    few = selection.first(JOINED if kind == Merge.kind else SHOWN)
    if kind == Merge.kind and (few is None or len(few) < 2):
        too_few = _("Select the two or more rows that are one person.")
        return _refused(request, _too_many_to_join() if few is None else too_few)
    if kind == Merge.kind:
        found = _in_order(few or [])
        context: dict[str, Any] = {"people": found, "survivor": _fullest(found)}
    else:
        first = few if few is not None else next(iter(selection.portions(size=SHOWN)))[:SHOWN]
        found = _in_order(first)
        context = {"people": found, "count": _count(selection, few)} | kinds()[kind].asking(request.POST)
    context |= {
        "kind": kind, "who": selection.ticked, "everybody": selection.everybody, "query": selection.query,
        "back": list_left(request), "fact": fact_id(), "error": error, "why": request.POST.get("why", ""),
    }  # fmt: skip
    return render(request, kinds()[kind].asks, context, status=422 if error else 200)


def _count(selection: Selection, few: Sequence[int] | None) -> people.Count:
    if few is not None:
        return people.Count(len(few))
    return selection.count()


def _in_order(ids: Sequence[int]) -> list[Person]:
    found = Person.objects.select_related("company").filter(merged_into=None).in_bulk(ids)
    return [found[each] for each in ids if each in found]


def _fullest(found: Sequence[Person]) -> int | None:
    """Who keeps the page unless somebody says otherwise: whom most is known of."""
    return max(found, key=lambda each: (len(each.attributes), each.events), default=Person()).pk


def _too_many_to_join() -> str:
    return _("At most %(most)s rows are joined at once. Select fewer.") % {"most": JOINED}


def _refused(request: HttpRequest, words: str) -> HttpResponse:
    toast(request, words, failed=True)
    return HttpResponseRedirect(list_left(request))
