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
from embudo.forms.content import Content
from embudo.forms.models import Form, Showing
from embudo.leads.models import Identifier, Person
from embudo.leads.record import NotRecorded, record, the_log, wait_until_followed
from embudo.leads.story import survivor_of
from embudo.leads.templatetags.leads import called
from embudo.ui.keyset import Page, page
from embudo.ui.toasts import toast

SIZE = 25
LONG_S, KEPT_TIMES = 0.1, 5
LATEST = 8


@dataclass(frozen=True, slots=True)
class Row:
    """One showing, and who sent it with what, as far as that is known."""

    showing: Showing
    person: Person | None
    name: str
    answers: list[tuple[str, str]]
    left_at: str  # the label of the field they touched last
    fresh: bool = False


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
    sent = counts.showings(shown, days).filter(counts.SENT).order_by("-sent_at", "pk")[:LATEST]
    context = {
        "form": shown, "content": content, "tab": "results", "days": days, "periods": counts.PERIODS, "counts": numbers,
        "fields": fields, "latest": _rows(shown, content, list(sent)), "token": token, "unpublished": shown.unpublished,
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
            _answers(facts.get(row.fact, [])), labels.get(row.last_field, ""),
        )
        for row in rows
    ]  # fmt: skip


def _people(subjects: set[Any]) -> dict[Any, Person]:
    """Who is behind each subject now, merges followed."""
    held = Identifier.objects.filter(subject__in=subjects).select_related("person")
    return {each.subject: survivor_of(each.person) for each in held}


def _facts(form: Form, subjects: set[Any]) -> dict[str, list[Event]]:
    """The facts of each sending, by the id of the first: those of the form that one instant holds."""
    if not subjects:
        return {}
    try:
        history = the_log().history(subjects)
    except LogUnavailable:
        return {}
    mine = [each for each in history if each.source == form.site.public_id and each.props.get("form") == form.slug]
    sendings = {each.id: each for each in mine if each.kind == "form_submitted"}
    return {
        id: [each for each in mine if each.at == first.at and each.subject == first.subject]
        for id, first in sendings.items()
    }


def _name(person: Person | None, facts: list[Event]) -> str:
    if person is not None and person.known:
        return str(called(person))
    traits = next((each.props.get("traits") for each in facts if each.kind == "form_submitted"), None)
    if isinstance(traits, dict):
        return str(traits.get("email") or traits.get("phone") or "")[:200]
    return ""


def _answers(facts: list[Event]) -> list[tuple[str, str]]:
    """The answers to questions, as they were asked."""
    found: list[tuple[str, str]] = []
    for each in facts:
        fields = each.props.get("fields")
        if each.kind in ("survey_answered", "form_submitted") and isinstance(fields, dict):
            found += [(str(question)[:200], str(answer)[:600]) for question, answer in fields.items()]
    return found


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
    try:
        for fact in facts:
            said = {"source": fact.source, "id": fact.id, "verdict": wanted}
            held = Identifier.objects.filter(subject=row.subject).first()
            person = survivor_of(held.person).id if held else row.subject
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
