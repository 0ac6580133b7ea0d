"""The answers of a sending as those who work here read them: questions and choices in the reader's language."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from embudo.core.event import Event
from embudo.forms.answering import label_here
from embudo.forms.asking import options
from embudo.forms.content import Content, Field, Kind, Widget, said
from embudo.forms.models import Form
from embudo.leads.models import Attribute


def choices_here(field: Field, content: Content, attribute: Attribute | None = None) -> list[tuple[str, str]]:
    """Return what can be answered to a field, as (value, label) in the reader's language; nothing where it is free."""
    match field.widget:
        case Widget.YES_NO:
            return [("yes", _("Yes")), ("no", _("No"))]
        case Widget.SCALE:
            return [(str(n), str(n)) for n in range(11)]
        case Widget.CHOICE | Widget.CHOICES:
            return options(field, content, get_language() or content.language, attribute)
    return []


def key_of(value: Any) -> str:
    """Return an answer as `choices_here` calls its value."""
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def answers_here(event: Event, content: Content | None) -> dict[str, str]:
    """Return the answers that a fact holds by their questions; what the form asks no more is told as it was asked."""
    fields, kept = event.props.get("fields"), event.props.get("answers")
    told = {str(name): str(value) for name, value in fields.items()} if isinstance(fields, Mapping) else {}
    if content is None or not isinstance(kept, list):
        return told
    found: dict[str, str] = {}
    for each in kept:
        question = str(each.get("question", "")) if isinstance(each, Mapping) else ""
        field = content.field(str(each.get("field"))) if question else None
        if field is None or field.kind is not Kind.QUESTION:
            found |= {question: told[question]} if question in told else {}
            continue
        same = question in (said(field.label, content.language, content.language), field.id)
        found[label_here(field, content) if same else question] = _words(each.get("answer"), field, content)
    return found or told


def _words(answer: Any, field: Field, content: Content) -> str:
    labels = dict(choices_here(field, content))
    return ", ".join(labels.get(key_of(one)) or str(one) for one in (answer if isinstance(answer, list) else [answer]))


def retelling() -> Callable[[Event], dict[str, str]]:
    """Return what gives the answers of a fact; each form is read once (queries)."""
    contents: dict[tuple[str, str], Content | None] = {}

    def retold(event: Event) -> dict[str, str]:
        key = (event.source, str(event.props.get("form")))
        if key not in contents:
            form = Form.objects.select_related("published").filter(site__public_id=key[0], slug=key[1]).first()
            contents[key] = (form.in_use or form.draft) if form else None
        return answers_here(event, contents[key])

    return retold
