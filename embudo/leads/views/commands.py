"""What people in the app say of a person: stage, owner, hand-off, opportunity, call, note. Each is a fact."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from embudo.accounts.permissions import NotAllowed, require
from embudo.core.funnel import DISCARDED, STAGES
from embudo.core.money import currency_of, is_amount
from embudo.leads import owners, tags
from embudo.leads.acts import TagOff, TagOn
from embudo.leads.history import WITHDRAWN, withdrawn
from embudo.leads.naming import LOSSES, REJECTIONS
from embudo.leads.opportunities import opportunities
from embudo.leads.record import APP
from embudo.leads.sentences import sentence, withdrawal_needs
from embudo.leads.showing import BadValue, number_typed
from embudo.leads.story import history_of
from embudo.leads.templatetags.leads import called
from embudo.leads.views.applying import back_to, given_id, person_now, said_before, say
from embudo.leads.views.person import shown
from embudo.ui import figures
from embudo.ui.stages import stage_of
from embudo.ui.toasts import toast

NOTE_LENGTH = 4000
NOTED = ("call_made", "meeting_held", "note_written")
OUTCOMES = ("held", "voicemail", "no_answer")


@require_POST
@require("people.edit")
def stage(request: HttpRequest, person: int) -> HttpResponse:
    """Set the stage by hand, with a reason."""
    found = person_now(person)
    to = request.POST.get("stage") or request.GET.get("stage", "")
    if to not in (*STAGES, DISCARDED):
        return HttpResponseBadRequest(_("Choose a stage."))
    reason = request.POST.get("reason", "").strip()[:300]
    if to == found.stage and not said_before(request, found.id):
        toast(request, _("%(name)s is in that stage already.") % {"name": called(found)})
        return back_to(request, found.id)
    props = {"stage": to, **({"reason": reason} if reason else {})}
    done = _("%(name)s: stage set to %(stage)s.") % {"name": called(found), "stage": stage_of(to).label}
    say(request, "stage_set", found.id, props, done=done)
    return back_to(request, found.id)


@require_POST
@require("people.edit")
def owner(request: HttpRequest, person: int) -> HttpResponse:
    """Give the person to somebody who works here, or to nobody."""
    found = person_now(person)
    try:
        chosen = owners.chosen(request.POST.get("owner", request.GET.get("owner")))
    except BadValue as error:
        toast(request, str(error), failed=True)
        return back_to(request, found.id)
    if owners.decided_anew(request.POST.get("before", request.GET.get("before")), found.owner_id, chosen):
        toast(request, owners.meanwhile(called(found), found.owner), failed=True)
        return back_to(request, found.id)
    undo = f"{reverse('leads:owner', args=[found.id])}?{owners.back(found.owner_id, chosen)}"
    if found.owner != chosen:
        owners.give(found, chosen, by=request.user)
    words = _("%(name)s belongs to %(owner)s now.") if chosen else _("%(name)s belongs to nobody now.")
    toast(request, words % {"name": called(found), "owner": chosen}, undo=undo)
    return back_to(request, found.id)


@require_POST
@require("people.edit")
def tag(request: HttpRequest, person: int) -> HttpResponse:
    """Put a tag on the person, or take one off."""
    found = person_now(person)
    taken = (request.POST.get("act") or request.GET.get("act", "")) == "untag"
    typed = request.POST.get("tag") or request.GET.get("tag", "")
    try:
        act = (TagOff if taken else TagOn).read({"tag": typed})
        steps = act.plan([found.id])
        if steps and not taken and len(tags.of([found.id]).get(found.id, ())) >= tags.MOST:
            raise BadValue(_("A person has at most %(most)s tags. Take one off first.") % {"most": tags.MOST})
        act.do(steps, by=request.user, run=given_id(request))
    except BadValue as error:
        toast(request, str(error), failed=True)
        return back_to(request, found.id)
    back = urlencode({"act": "tag" if taken else "untag", "tag": act.tag.name})
    undo = f"{reverse('leads:tag', args=[found.id])}?{back}" if steps else ""
    words = _("%(name)s has the tag “%(tag)s” no more.") if taken else _("%(name)s has the tag “%(tag)s” now.")
    toast(request, words % {"name": called(found), "tag": act.tag}, undo=undo)
    return back_to(request, found.id)


@require_POST
@require("people.edit")
def note(request: HttpRequest, person: int) -> HttpResponse:
    """Log a call, a meeting or a note."""
    found = person_now(person)
    text = request.POST.get("note", "").replace("\r\n", "\n").strip()
    kind = request.POST.get("kind", "")
    if len(text) > NOTE_LENGTH:
        limits = {"most": figures.number(NOTE_LENGTH), "has": figures.number(len(text))}
        error = _("A note has at most %(most)s letters, this one has %(has)s. Shorten it, or attach a file.") % limits
        return shown(request, found, status=422, noted=request.POST, note_error=error, fact=given_id(request)[:36])
    if kind not in NOTED:
        return HttpResponseBadRequest(_("Say what it was: a call, a meeting or a note."))
    if kind in ("call_made", "meeting_held"):
        outcome = request.POST.get("outcome") or "held"
        if outcome not in OUTCOMES:
            return HttpResponseBadRequest(_("Say how the call ended."))
        props: dict[str, Any] = {"outcome": outcome}
        if text:
            props["note"] = text
        done = _("The call is logged.") if kind == "call_made" else _("The meeting is logged.")
        say(request, kind, found.id, props, done=done)
    elif text:
        say(request, "note_written", found.id, {"note": text}, done=_("The note is kept."))
    else:
        toast(request, _("Write something first."), failed=True)
    return back_to(request, found.id)


@require_POST
@require("opportunities.edit")
def handoff(request: HttpRequest, person: int) -> HttpResponse:
    """Accept a hand-off, or refuse it with a reason."""
    found = person_now(person)
    answer = request.POST.get("answer", "")
    if answer not in ("accept", "reject"):
        return HttpResponseBadRequest(_("Say whether you accept the hand-off or refuse it."))
    if not found.handoff_ready and not said_before(request, found.id):
        toast(request, _("This hand-off was answered already."), failed=True)
        return back_to(request, found.id)
    if answer == "accept":
        done = _("%(name)s is a prospect now.") % {"name": called(found)}
        if say(request, "handoff_accepted", found.id, {}, done=done):
            owners.give(found, request.user, by=request.user, fact=given_id(request), if_free=True)
        return back_to(request, found.id)
    reason = request.POST.get("reason", "")
    if reason not in REJECTIONS:
        return HttpResponseBadRequest(_("Choose why."))
    props = {"reason": reason, **({"outcome": DISCARDED} if request.POST.get("discard") == "1" else {})}
    words = request.POST.get("note", "").strip()[:NOTE_LENGTH]
    props |= {"note": words} if words else {}
    say(request, "handoff_rejected", found.id, props, done=_("The hand-off is rejected."))
    return back_to(request, found.id)


@require_POST
@require("people.edit")
def withdrawal(request: HttpRequest, person: int, fact: str) -> HttpResponse:
    """Take back what was recorded here: from then on it never was, and a hand-off it answered waits again."""
    found = person_now(person)
    history = history_of(found.id)
    recorded = next((event for event in history if event.key == (APP, fact)), None)
    needs = withdrawal_needs(recorded) if recorded else ""
    if recorded is None or not needs:
        raise Http404(_("There is nothing to take back here."))
    if not request.user.may(needs):
        raise NotAllowed(needs)
    if recorded.key in withdrawn(history):
        toast(request, _("This is taken back already."))
        return back_to(request, found.id)
    props = {"source": recorded.source, "id": recorded.id}
    done = _("Taken back: %(what)s.") % {"what": sentence(recorded)}
    if say(request, WITHDRAWN, recorded.subject, props, done=done, id=f"{recorded.id}-withdrawn"):
        owners.take_back(found, by=request.user, fact=recorded.id)
    return back_to(request, found.id)


@require_POST
@require("opportunities.edit")
def opportunity(request: HttpRequest, person: int) -> HttpResponse:
    """Open an opportunity, or say that one was won or lost."""
    found = person_now(person)
    verb = request.POST.get("verb", "")
    try:
        props = _deal(request)
    except BadValue as error:
        return shown(request, found, status=422, deal=request.POST, deal_error=str(error), fact=given_id(request)[:36])
    if verb in ("won", "lost") and not (_is_open(found.id, props["opportunity"]) or said_before(request, found.id)):
        toast(request, _("This opportunity is not open any more."), failed=True)
        return back_to(request, found.id)
    if verb == "open":
        props["opportunity"] = given_id(request)
        say(request, "opportunity_opened", found.id, props, done=_("The opportunity is open."))
    elif verb == "won":
        props = _amount_of(found.id, props["opportunity"]) | props
        say(
            request,
            "opportunity_won",
            found.id,
            props,
            done=_("Won. %(name)s is a customer.") % {"name": called(found)},
        )
    elif verb == "lost" and request.POST.get("reason") in LOSSES:
        props["reason"] = request.POST["reason"]
        say(request, "opportunity_lost", found.id, props, done=_("The opportunity is lost."))
    else:
        return HttpResponseBadRequest(_("Say what happened to the opportunity."))
    return back_to(request, found.id)


def _deal(request: HttpRequest) -> dict[str, Any]:
    props: dict[str, Any] = {"opportunity": request.POST.get("opportunity", "")[:80]}
    name = request.POST.get("name", "").strip()[:200]
    amount = request.POST.get("amount", "").strip()
    if name:
        props["name"] = name
    if amount:
        props["amount"] = number_typed(amount)
        if not is_amount(props["amount"]):
            raise BadValue(_("Write an amount that is not below zero."))
        currency = currency_of(request.POST.get("currency", "").strip() or "USD")
        if currency is None:
            raise BadValue(_("Write the currency as three letters, such as USD."))
        props["currency"] = currency
    return props


def _is_open(person: int, opportunity: str) -> bool:
    return any(each.id == opportunity and each.status == "open" for each in opportunities(history_of(person)))


def _amount_of(person: int, opportunity: str) -> dict[str, Any]:
    """The amount that an opportunity has, as it was stated."""
    for each in opportunities(history_of(person)):
        if each.id == opportunity and each.amount is not None:
            return {"amount": each.amount, **({"currency": each.currency} if each.currency else {})}
    return {}
