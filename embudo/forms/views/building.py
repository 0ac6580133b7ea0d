"""The builder: fields in their order beside what visitors will see; every change is a step that can be undone."""

from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_http_methods, require_POST

from embudo.accounts.permissions import require
from embudo.forms.answering import label_here
from embudo.forms.asking import Put, put
from embudo.forms.content import MOST_FIELDS, Content, Field, Kind, Widget, lost_conditions
from embudo.forms.editing import (
    QUESTIONS,
    WIDGETS,
    FieldForm,
    attributes_left,
    purposes_left,
    question,
    widgets_of,
)  # fmt: skip
from embudo.forms.models import Form
from embudo.forms.retelling import choices_here
from embudo.leads.attribute import BadAttribute, made
from embudo.leads.models import Attribute
from embudo.leads.naming import KINDS, label_of
from embudo.leads.profile import folded
from embudo.ui.toasts import toast


@require_http_methods(["GET", "POST"])
@require("forms.edit")
def build(request: HttpRequest, slug: str) -> HttpResponse:
    """The builder; `?field=` opens one field, and a POST to it saves that field."""
    form = form_called(slug)
    content = form.draft
    field = content.field(request.GET.get("field", ""))
    given = FieldForm(content, field, request.POST or None) if field else None
    if request.method == "POST":
        if field is None or given is None:
            raise Http404(_("There is no such field any more."))
        if given.is_valid():
            changed = content.changed(given.changed())
            done = _("The field is changed.") + _loss(content, changed, but=field.id)
            return change(request, form, changed, done, at=field.id)
    language = request.GET.get("lang", "")
    language = language if language in content.languages else content.language
    context = {
        **head(form, content, "build"), "open": field, "given": given, "preview": _preview(form, content, language),
        "language": language, "rows": [_row(each, content) for each in content.fields],
        **_what_may_be_added(content), "focus": request.GET.get("focus", ""),
        "full": len(content.fields) >= MOST_FIELDS,
    }  # fmt: skip
    return render(request, "forms/build.html", context, status=422 if given is not None and given.errors else 200)


def _preview(form: Form, content: Content, language: str) -> str:
    """The draft as HTML in its own language, whatever language the one who builds it reads."""
    drawn = draft_put(form, content, language)
    with override(language):
        return render_to_string("forms/_form.html", {"put": drawn, "action": ""})


def draft_put(form: Form, content: Content, language: str) -> Put:
    """The draft as visitors will see it; its ids are others than those of a form that is in use on the same page."""
    with override(language):
        return put(f"{form.slug}-draft", content, language)


def form_called(slug: str) -> Form:
    """Return a form; raises Http404."""
    return get_object_or_404(Form.objects.select_related("site", "published"), slug=slug)


def head(form: Form, content: Content, tab: str) -> dict[str, Any]:
    """Return what the head of each page of a form shows."""
    steps = form.steps.values_list("number", flat=True)
    return {
        "form": form, "content": content, "tab": tab, "unpublished": form.unpublished,
        "can_undo": form.at_step - 1 in steps, "can_redo": form.at_step + 1 in steps,
    }  # fmt: skip


def _row(field: Field, content: Content) -> dict[str, Any]:
    """One field as the list shows it."""
    label = label_here(field, content)
    when = content.field(field.when.field) if field.when else None
    return {
        "field": field, "label": label[:1].upper() + label[1:], "way": _way(field),
        "when": label_here(when, content) if when else "", "values": _values(field, when, content),
    }  # fmt: skip


def _values(field: Field, asked: Field | None, content: Content) -> str:
    """The answers on which a field waits, as the reader calls them."""
    if field.when is None or asked is None:
        return ""
    known = Attribute.objects.filter(pk=asked.name).first() if asked.kind is Kind.ATTRIBUTE else None
    labels = dict(choices_here(asked, content, known))
    return ", ".join(labels.get(each) or each for each in field.when.values)


def _way(field: Field) -> Any:
    match field.kind:
        case Kind.CONSENT:
            return _("consent")
        case Kind.HIDDEN:
            return _("hidden, from ?%(name)s=") % {"name": field.parameter}
        case Kind.WORDS:
            return _("words only")
        case Kind.QUESTION:
            return _("question, %(way)s") % {"way": WIDGETS[field.widget]}
    return WIDGETS[field.widget]


def _what_may_be_added(content: Content) -> dict[str, Any]:
    attributes = sorted(attributes_left(content), key=lambda each: folded(label_of(each)))
    return {
        "attributes": [(each.name, label_of(each)) for each in attributes],
        "purposes": purposes_left(content),
        "questions": [(each.value, WIDGETS[each]) for each in QUESTIONS],
        "kinds": KINDS.items(),
    }


def change(
    request: HttpRequest, form: Form, content: Content, done: str, *, at: str = "", focus: str = ""
) -> HttpResponse:
    """Make the step and go back to the builder, where the change was made."""
    if form.change(content, by=request.user):
        toast(request, done, undo=undo_address(form))
    end = f"?focus={focus}" if focus else f"#{at}" if at else ""  # a browser focuses nothing where an address has a #
    return HttpResponseRedirect(f"{reverse('forms:build', args=[form.slug])}{end}")


@require_POST
@require("forms.edit")
def add(request: HttpRequest, slug: str) -> HttpResponse:
    """Add a field of a kind; it opens to be filled in."""
    form = form_called(slug)
    content = form.draft
    new = _new_field(request, content)
    if new is None or len(content.fields) >= MOST_FIELDS:
        return HttpResponseRedirect(reverse("forms:build", args=[slug]))
    content = content.added(new, after=form.last)
    if form.change(content, by=request.user):
        toast(request, _("The field is added at the end."), undo=undo_address(form))
    id = content.fields[-1].id
    at = "" if new.kind is Kind.CONSENT else f"?field={id}"
    return HttpResponseRedirect(f"{reverse('forms:build', args=[slug])}{at}#{id}")


def _new_field(request: HttpRequest, content: Content) -> Field | None:
    """The field that was asked for; None with words about what is wrong."""
    name = request.POST.get("name", "")
    match request.POST.get("kind", ""):
        case Kind.ATTRIBUTE if name in {each.name for each in attributes_left(content)}:
            return _bound_to(name)
        case "new":
            return _made(request)
        case Kind.QUESTION if name in QUESTIONS:
            return question(content, Widget(name))
        case Kind.CONSENT if name in {each.code for each in purposes_left(content)}:
            return Field("", Kind.CONSENT, name=name)
        case Kind.HIDDEN if name in {each.name for each in attributes_left(content)}:
            return Field("", Kind.HIDDEN, name=name, parameter=name)
        case Kind.WORDS:
            return Field("", Kind.WORDS)
    toast(request, _("Choose what the field is about."), failed=True)
    return None


def _bound_to(name: str) -> Field:
    field = Field("", Kind.ATTRIBUTE, name=name)
    return replace(field, widget=widgets_of(field)[0], required=name == "email")


def _made(request: HttpRequest) -> Field | None:
    """A field for an attribute that is made now, for everybody."""
    try:
        attribute = made(
            request.POST.get("label", ""), request.POST.get("attribute_kind", "text"), request.POST.get("options", "")
        )
    except BadAttribute as error:
        toast(request, str(error), failed=True)
        return None
    return _bound_to(attribute.name)


@require_POST
@require("forms.edit")
def removal(request: HttpRequest, slug: str, field: str) -> HttpResponse:
    """Take a field out."""
    form = form_called(slug)
    content = form.draft
    left = content.without(field)
    return change(request, form, left, _("The field is removed.") + _loss(content, left))


def _loss(before: Content, after: Content, *, but: str = "") -> str:
    """What to say where a condition went with the answer it waited for."""
    return " " + _("A condition left with its answer.") if lost_conditions(before, after, but=but) else ""


@require_POST
@require("forms.edit")
def order(request: HttpRequest, slug: str) -> HttpResponse:
    """Put the fields into an order: all of them as they were dragged, or one a place up or down."""
    form = form_called(slug)
    content = form.draft
    id, way = request.POST.get("field", ""), request.POST.get("way", "")
    if id and content.field(id) and way in ("up", "down"):
        moved = content.moved(id, -1 if way == "up" else 1)
        focus = f"{_still_works(moved, id, way)}-{id}"
    else:
        moved, focus = content.ordered(request.POST.get("order", "").split(",")[:MOST_FIELDS]), ""
    lost = lost_conditions(content, moved)
    done = (
        _("The order is changed. A condition left, because its field comes later now.")
        if lost
        else _("The order is changed.")
    )
    return change(request, form, moved, done, at=id, focus=focus)


def _still_works(content: Content, id: str, way: str) -> str:
    """The button that keys stay on: the one pressed, or its twin where the field has come to the end."""
    ends = {"up": content.fields[0].id, "down": content.fields[-1].id}
    return {"up": "down", "down": "up"}[way] if ends[way] == id else way


@require_POST
@require("forms.edit")
def undo(request: HttpRequest, slug: str) -> HttpResponse:
    """Take back the last change of the draft."""
    form = form_called(slug)
    if _is_as_seen(request, form) and form.step(-1):
        toast(request, _("Undone."), undo=f"{reverse('forms:redo', args=[slug])}?at={form.at_step}")
    return HttpResponseRedirect(reverse("forms:build", args=[slug]))


@require_POST
@require("forms.edit")
def redo(request: HttpRequest, slug: str) -> HttpResponse:
    """Do again what was taken back."""
    form = form_called(slug)
    if _is_as_seen(request, form) and form.step(1):
        toast(request, _("Done again."))
    return HttpResponseRedirect(reverse("forms:build", args=[slug]))


def undo_address(form: Form) -> str:
    """Return the address that takes back the last change, as long as nobody has made another."""
    return f"{reverse('forms:undo', args=[form.slug])}?at={form.at_step}"


def _is_as_seen(request: HttpRequest, form: Form) -> bool:
    """Whether the draft stands where the page that asks had it; else the reader is told."""
    at = request.POST.get("at") or request.GET.get("at", "")
    if at in ("", str(form.at_step)):
        return True
    toast(request, _("Somebody changed the form meanwhile. This is how it stands now."), failed=True)
    return False
