"""What became of a form: its numbers by period, where people leave, and the showings behind each number."""

import time
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from embudo.accounts.permissions import require
from embudo.core.event import Event
from embudo.eventlog import LogUnavailable
from embudo.forms import counts
from embudo.forms.answering import label_here
from embudo.forms.confirming import can_be_asked, may_ask, sent_fact
from embudo.forms.content import Content
from embudo.forms.models import Form, Showing
from embudo.forms.retelling import answers_here
from embudo.forms.summing import Sum, questions, sums
from embudo.leads.clock import now
from embudo.leads.models import Identifier, Person
from embudo.leads.record import NotRecorded, record, the_log, wait_until_followed
from embudo.leads.story import survivor_of
from embudo.leads.templatetags.leads import called
from embudo.ui.keyset import Page, page
from embudo.ui.toasts import toast

SIZE = 25
LONG_S, KEPT_TIMES = 0.1, 5
LATEST = 8
SUMMED_S = 60.0


@dataclass(frozen=True, slots=True)
class Row:
    """One showing, and who sent it with what, as far as that is known."""

    showing: Showing
    person: Person | None
    name: str
    answers: list[tuple[str, str]]
    left_at: str  # the label of the field they touched last
    fresh: bool = False

    @property
    def may_be_asked(self) -> bool:
        """Whether somebody here may have the mail sent that asks for confirmation."""
        return can_be_asked(self.showing)


@require_GET
@require("forms.see")
def form(request: HttpRequest, slug: str) -> HttpResponse:
    """The numbers; asked by htmx each second, only the part that changes."""
    shown = get_object_or_404(Form.objects.select_related("site", "published"), slug=slug)
    days = counts.days_of(request.GET.get("period", ""))
    content = shown.in_use or shown.draft
    if not request.htmx:
        counts.settle(shown)
    numbers, fields = _counted(shown, content, days)
    token = f"{numbers.seen}.{numbers.begun}.{numbers.sent}.{numbers.doubted}.{sum(each.touched for each in fields)}"
    if request.htmx and request.GET.get("seen") == token:
        return HttpResponse(status=204)
    summed = _summed(shown, content, days, numbers)
    sent = counts.showings(shown, days).filter(counts.SENT).order_by("-sent_at", "pk")[:LATEST]
    context = {
        "form": shown, "content": content, "tab": "results", "days": days, "periods": counts.PERIODS, "counts": numbers,
        "fields": fields, "sums": summed, "latest": _rows(shown, content, list(sent)), "token": token,
        "unpublished": shown.unpublished,
    }  # fmt: skip
    return render(request, "forms/_results.html" if request.htmx else "forms/form.html", context)


def _counted(form: Form, content: Content, days: int) -> tuple[counts.Counts, list[counts.FieldCount]]:
    """The numbers; where counting takes long they are kept for some times as long, however many people look at them."""
    key = f"forms:{form.pk}:{form.published_id}:{form.at_step}:{days}:{get_language()}"
    kept: tuple[counts.Counts, list[counts.FieldCount]] | None = cache.get(key)
    if kept is not None:
        return kept
    began = time.monotonic()
    numbers = counts.count(form, days)
    fresh = numbers, counts.by_field(form, content, days, numbers.begun)
    took_s = time.monotonic() - began
    if took_s > LONG_S:
        cache.set(key, fresh, KEPT_TIMES * took_s)
    return fresh


def _summed(form: Form, content: Content, days: int, numbers: counts.Counts) -> list[Sum]:
    """What was answered, read from the log once for as many sendings as there are."""
    if not numbers.sent or not questions(content):
        return []
    key = f"forms:sums:{form.pk}:{form.published_id}:{form.at_step}:{days}:{numbers.sent}:{get_language()}"
    kept: list[Sum] | None = cache.get(key)
    if kept is None:
        try:
            kept = sums(form, content, days)
        except LogUnavailable:
            return []
        cache.set(key, kept, SUMMED_S)
    return kept


@require_GET
@require("forms.see")
def showings(request: HttpRequest, slug: str, what: str) -> HttpResponse:
    """The showings that a number counts, newest first; `field` narrows them to where people left or came."""
    shown = get_object_or_404(Form.objects.select_related("site", "published"), slug=slug)
    if what not in counts.WHAT and what != "touched":
        raise Http404
    days = counts.days_of(request.GET.get("period", ""))
    content = shown.in_use or shown.draft
    field = content.field(request.GET.get("field", ""))
    found = counts.showings(shown, days).filter(counts.WHAT.get(what, counts.STARTED))
    if field is not None:
        found = found.filter(touched__field=field.id) if what == "touched" else found.filter(last_field=field.id)
    rows: Page = page(request, found, order=("-at", "-id"), size=SIZE)
    context = {
        "form": shown, "what": what, "title": _title(what), "days": days, "page": rows,
        "field": label_here(field, content) if field else "", "total": found.count(),
        "rows": _rows(shown, content, rows.rows),
    }  # fmt: skip
    return render(request, "forms/showings.html", context)


def _title(what: str) -> str:
    return {
        "seen": _("Saw the form"),
        "begun": _("Began to fill it in"),
        "touched": _("Came to the field"),
        "sent": _("Sent the form"),
        "left": _("Began and left"),
        "doubted": _("Looked like spam"),
    }[what]


def _rows(form: Form, content: Content, rows: list[Showing]) -> list[Row]:
    sent = {row.subject for row in rows if row.sent_at is not None and row.subject is not None}
    people = _people(sent)
    facts = _facts(form, sent)
    labels = {each.id: label_here(each, content) for each in content.fields}
    return [
        Row(
            row, people.get(row.subject), _name(people.get(row.subject), facts.get(row.fact, [])),
            _answers(facts.get(row.fact, []), content), labels.get(row.last_field, ""),
        )
        for row in rows
    ]  # fmt: skip


def _people(subjects: set[Any]) -> dict[Any, Person]:
    """Who is behind each subject now, merges followed."""
    held = Identifier.objects.filter(subject__in=subjects).select_related("person")
    return {each.subject: survivor_of(each.person) for each in held}


def _person(row: Showing) -> int | None:
    """The id of whoever is behind a showing, also where they have no row, as nothing of them counted so far."""
    known = _people({row.subject}).get(row.subject)
    linked = Identifier.objects.filter(subject=row.subject).values_list("person", flat=True).first()
    return known.id if known else linked or row.subject


def _facts(form: Form, subjects: set[Any]) -> dict[str, list[Event]]:
    """The facts of each sending, by the id of the first: those of the form that one instant holds, and downloads."""
    if not subjects:
        return {}
    try:
        history = the_log().history(subjects)
    except LogUnavailable:
        return {}
    mine = [each for each in history if each.source == form.site.public_id and each.props.get("form") == form.slug]
    sendings = {each.id: each for each in mine if each.kind == "form_submitted"}
    return {id: [each for each in mine if _belongs(each, first)] for id, first in sendings.items()}


def _belongs(fact: Event, sent: Event) -> bool:
    """Whether a fact is of this sending: of its instant, or that its file was fetched, by no robot of its own."""
    if fact.kind == "content_downloaded":
        showing = fact.props.get("showing")
        return bool(showing) and showing == sent.props.get("showing") and set(fact.reasons) <= set(sent.reasons)
    return fact.at == sent.at and fact.subject == sent.subject


def _name(person: Person | None, facts: list[Event]) -> str:
    if person is not None and person.known:
        return str(called(person))
    traits = next((each.props.get("traits") for each in facts if each.kind == "form_submitted"), None)
    if isinstance(traits, dict):
        return str(traits.get("email") or traits.get("phone") or "")[:200]
    return ""


def _answers(facts: list[Event], content: Content) -> list[tuple[str, str]]:
    """The answers to questions, in the reader's language."""
    told = [answers_here(each, content) for each in facts if each.kind in ("survey_answered", "form_submitted")]
    return [(question[:200], answer[:600]) for each in told for question, answer in each.items()]


@require_POST
@require("forms.edit")
def asking(request: HttpRequest, slug: str, showing: str) -> HttpResponse:
    """Send the mail that asks whether the address is theirs, once more."""
    form = get_object_or_404(Form.objects.select_related("site"), slug=slug)
    row = get_object_or_404(Showing.objects.select_related("form__site"), pk=showing, form=form, sent_at__isnull=False)
    try:
        words = _ask_again(row)
    except LogUnavailable:
        words = _("The log cannot be read just now. Try again.")
    toast(request, words or _("The mail is being sent."), failed=bool(words))
    back = reverse("forms:showings", args=[slug, "sent"])
    return HttpResponseRedirect(f"{back}?period={counts.days_of(request.POST.get('period', ''))}")


def _ask_again(row: Showing) -> str:
    """Make the mail due; returns what is in its way, in words."""
    sent = sent_fact(row)
    if sent is None or not can_be_asked(row):
        return _("There is nobody to ask: it is confirmed, or its facts are gone.")
    if not may_ask(sent.props.get("traits", {}).get("email")):
        return _("This address was asked often enough today. Try again tomorrow.")
    Showing.objects.filter(pk=row.pk, fact=row.fact).update(ask_at=now())
    return ""


@require_POST
@require("forms.edit")
def verdict(request: HttpRequest, slug: str, showing: str) -> HttpResponse:
    """Judge anew who is behind a sending: its facts count from now on, or no more."""
    form = get_object_or_404(Form.objects.select_related("site"), slug=slug)
    row = get_object_or_404(Showing, pk=showing, form=form, sent_at__isnull=False)
    wanted = "human" if request.POST.get("verdict") == "human" else "machine"
    before = row.verdict
    back = (
        f"{reverse('forms:showings', args=[slug, 'doubted'])}?period={counts.days_of(request.POST.get('period', ''))}"
    )
    facts = _facts(form, {row.subject}).get(row.fact, [])
    if not facts:
        toast(request, _("The facts of this form are gone: they were erased or have expired."), failed=True)
        return HttpResponseRedirect(back)
    person = _person(row)
    try:
        for fact in facts:
            said = {"source": fact.source, "id": fact.id, "verdict": wanted}
            receipt = record("verdict_revised", person=person, props=said, id=str(uuid4()), by=request.user)
    except (LogUnavailable, NotRecorded):
        toast(request, _("The log cannot be written just now, so nothing was changed. Try again."), failed=True)
        return HttpResponseRedirect(back)
    wait_until_followed(receipt)
    Showing.objects.filter(pk=row.pk).update(verdict=wanted)
    if wanted == "machine":
        row.touched.all().delete()
    done = _("It counts as sent by a person.") if wanted == "human" else _("It counts as spam.")
    toast(request, done)
    return HttpResponseRedirect(back if before != "human" else reverse("forms:form", args=[slug]))
