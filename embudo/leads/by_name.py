"""Facts as people read them: forms and purposes by the names they were given here, in place of their codes."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from django.conf import settings
from django.utils.module_loading import import_string

from embudo.core.event import Event
from embudo.leads.purposes import purposes

ABOUT = {"form_submitted": "form", "consent_given": "purpose", "consent_withdrawn": "purpose"}


def by_name(history: Iterable[Event]) -> Callable[[Event], Event]:
    """Return what gives a fact of this history as people read it; the names are asked for once, if at all (queries)."""
    codes = {ABOUT[each.kind] for each in history if each.kind in ABOUT}
    forms: Mapping[tuple[str, str], str] = import_string(settings.FORM_NAMES)() if "form" in codes else {}
    agreed = {each.code: each.name for each in purposes()} if "purpose" in codes else {}

    def read(event: Event) -> Event:
        place = ABOUT.get(event.kind, "")
        code = event.props.get(place)
        if not isinstance(code, str):
            return event
        name = forms.get((event.source, code)) if place == "form" else agreed.get(code)
        return replace(event, props={**event.props, place: name}) if name else event

    return read
