"""Attributes of a person: change one, see who said what, make a new kind of attribute."""

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from embudo.accounts.models import AuditEntry
from embudo.accounts.permissions import NotAllowed, require
from embudo.core.attributes import STANDARD
from embudo.leads.attribute import BadAttribute, accept, hide, kind_of, made
from embudo.leads.checking import checked
from embudo.leads.countries import countries
from embudo.leads.holding import NAMED_BY, other_holder
from embudo.leads.models import Attribute, Person
from embudo.leads.naming import KINDS, label_of, option_label
from embudo.leads.queries import choices
from embudo.leads.showing import BadValue, value_shown, value_typed, value_written
from embudo.leads.statements import statements
from embudo.leads.story import history_of
from embudo.leads.templatetags.leads import called
from embudo.leads.views.applying import back_to, fact_id, of_person, say
from embudo.leads.views.profile import field_of
from embudo.ui import meanwhile
from embudo.ui.toasts import toast


@require_http_methods(["GET", "POST"])
@require("people.see")
@of_person
def attribute(request: HttpRequest, person: Person, name: str) -> HttpResponse:
    """The form of one attribute with its history; a POST states a new value."""
    wanted = Attribute.objects.filter(pk=name).first()
    if wanted is None and name not in person.attributes:
        wanted = get_object_or_404(Attribute, pk=name)
    wanted = wanted or Attribute(name=name, kind=kind_of(name, person.attributes[name]), standard=name in STANDARD)
    if request.method == "POST":
        return _state(request, person, wanted)
    return _form(request, person, wanted)


@require_http_methods(["GET", "POST"])
@require("people.edit")
@of_person
def add(request: HttpRequest, person: Person) -> HttpResponse:
    """Make a new attribute, which everybody has from now on, and go on to state its value."""
    label = request.POST.get("label", "").strip()[:200]
    kind = request.POST.get("kind", "text")
    options = request.POST.get("options", "")
    error = ""
    if request.method == "POST":
        try:
            name = made(label, kind, options).name
        except BadAttribute as bad:
            error = str(bad)
        else:
            toast(request, _("The attribute “%(label)s” is there for everybody.") % {"label": label})
            return HttpResponseRedirect(reverse("leads:attribute", args=[person.id, name]))
    context = {"person": person, "kinds": KINDS.items(), "label": label, "kind": kind, "error": error}
    context["options"] = options
    name = "leads/_add_attribute.html" if request.htmx else "leads/add_attribute.html"
    return render(request, name, context, status=422 if error else 200)


@require_POST
@require("people.edit")
def everybody(request: HttpRequest, person: int, name: str) -> HttpResponse:
    """Use an attribute that this person has for everybody, or hide it from everybody who does not have it."""
    found = get_object_or_404(Person, pk=person)
    use = (request.POST.get("use") or request.GET.get("use")) == "yes"  # an Undo's address holds it
    known = Attribute.objects.filter(pk=name).first() or Attribute(name=name)
    if use:
        if name not in found.attributes and not Attribute.objects.filter(pk=name).exists():
            raise Http404
        accept(name, found.attributes.get(name))
        done = _("The attribute “%(label)s” is there for everybody.")
    elif hide(name):
        done = _("The attribute “%(label)s” is hidden: only people who have it show it.")
    else:
        raise Http404
    AuditEntry.record(request.user, "attribute_accepted" if use else "attribute_hidden", about=name)
    undo = f"{reverse('leads:everybody', args=[found.id, name])}?{urlencode({'use': 'no' if use else 'yes'})}"
    toast(request, done % {"label": label_of(known)}, undo=undo)
    return HttpResponseRedirect(reverse("leads:person", args=[found.id]))


def _form(
    request: HttpRequest, person: Person, wanted: Attribute, error: str = "", typed: list[str] | None = None
) -> HttpResponse:
    """The form, with the value as it is or, after an error, with what was typed."""
    said = statements(history_of(person.id))
    declared = {} if wanted._state.adding else {wanted.name: wanted}
    field = field_of(wanted.name, declared, person, said)
    held = field.value if isinstance(field.value, list) else [field.value] if field.known else []
    chosen = held if typed is None else typed
    by_name = wanted.name == "country"
    shown = option_label(wanted.name, field.value) if by_name and field.known else field.typed
    offered = wanted.options or choices.values(wanted.name) if wanted.kind in ("choice", "choices") else []
    options = list(dict.fromkeys([*offered, *held]))
    context = {
        "person": person,
        "field": field,
        "options": options,
        "chosen": chosen,
        "further": ", ".join(each for each in chosen if each not in options) if typed else "",
        "typed": shown if typed is None else "".join(typed[:1]),
        "suggested": countries() if by_name else (),
        "fact": fact_id(),
        "shown": _as_drawn(field.value),
        "error": error,
        "said": [(each, value_shown(wanted, each.value)) for each in field.said[:20]],
    }
    name = "leads/_attribute.html" if request.htmx else "leads/attribute.html"
    return render(request, name, context, status=422 if error else 200)


def _state(request: HttpRequest, person: Person, wanted: Attribute) -> HttpResponse:
    if not request.user.may("people.edit"):
        raise NotAllowed("people.edit")
    typed, again = request.POST.getlist("value"), request.GET.getlist("value")  # an Undo's address holds the value
    written = not typed and bool(again)
    further = [each for each in request.POST.getlist("further") if each.strip()]
    typed = further if further and wanted.kind == "choice" else (typed or again) + further
    try:
        value = value_typed(wanted, typed, written=written)
        if not written:
            value = checked(wanted, value, person.attributes)
        if wanted.name in NAMED_BY and value is not None:
            _check_holder(person, wanted.name, value)
    except BadValue as error:
        return _form(request, person, wanted, str(error), typed)
    before = person.attributes.get(wanted.name)
    drawn = request.POST.get(meanwhile.FIELD) or request.GET.get(meanwhile.FIELD, "")
    if value == before or drawn == _as_drawn(value):  # the reader has changed nothing
        return back_to(request, person.id)
    if drawn not in ("", _as_drawn(before)):
        return _form(request, person, wanted, meanwhile.changed_to(value_shown(wanted, before)), typed)
    old = before if isinstance(before, list) else [before] if before is not None else []
    query = [("value", value_written(each)) for each in old]
    query += [("fact", fact_id()), (meanwhile.FIELD, _as_drawn(value))]
    undo = f"{reverse('leads:attribute', args=[person.id, wanted.name])}?{urlencode(query)}"
    done = _("%(name)s is changed.") % {"name": label_of(wanted).capitalize()}
    say(request, "profile_changed", person.id, {"traits": {wanted.name: value}}, done=done, undo=undo)
    return back_to(request, person.id)


def _as_drawn(value: object) -> str:
    """What the form keeps of a value: a no, which in a box to tick is nothing, is an answer here."""
    return meanwhile.shown("no" if value is False else value)


def _check_holder(person: Person, name: str, value: object) -> None:
    """Raise BadValue on somebody else's address, number or profile where stating it would join the two unasked."""
    other = other_holder(person, name, value)
    if other is None:
        return
    words = {
        "email": _("%(name)s has this address. If the two are one person, join them: “More”, at the top of the page."),
        "phone": _("%(name)s has this number. If the two are one person, join them: “More”, at the top of the page."),
    }
    profile = _("%(name)s has this profile. If the two are one person, join them: “More”, at the top of the page.")
    raise BadValue(words.get(name, profile) % {"name": called(other)})
