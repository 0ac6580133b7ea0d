"""Facts as people read them: forms and purposes by the names they were given here, in place of their codes.

Answers to their questions are in the words of the reader.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from django.conf import settings
from django.utils.module_loading import import_string

from embudo.core.event import Event
from embudo.leads.purposes import purposes

ANSWERED = "survey_answered"
ABOUT = {"form_submitted": "form", ANSWERED: "form", "consent_given": "purpose", "consent_withdrawn": "purpose"}


def by_name(history: Iterable[Event]) -> Callable[[Event], Event]:
    """Return what gives a fact of this history as people read it; the names are asked for once, if at all (queries)."""
    codes = {ABOUT[each.kind] for each in history if each.kind in ABOUT}
    forms: Mapping[tuple[str, str], str] = import_string(settings.FORM_NAMES)() if "form" in codes else {}
    retold: Callable[[Event], Mapping[str, str]] = import_string(settings.FORM_ANSWERS)()
    agreed = {each.code: each.name for each in purposes()} if "purpose" in codes else {}

    def read(event: Event) -> Event:
        place = ABOUT.get(event.kind, "")
        code = event.props.get(place)
        if not isinstance(code, str):
            return event
        name = forms.get((event.source, code)) if place == "form" else agreed.get(code)
        answers = {"fields": retold(event)} if event.kind == ANSWERED and "answers" in event.props else {}
        return replace(event, props={**event.props, place: name or code, **answers}) if name or answers else event

    return read
