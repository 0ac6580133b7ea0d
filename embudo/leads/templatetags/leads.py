"""The filters of people pages: how people, values, reasons and sources are called."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.translation import gettext as _

from embudo.core.event import Event
from embudo.leads import acting, naming, tag_joining
from embudo.leads import exported as exports
from embudo.leads.countries import country_called
from embudo.leads.models import Person
from embudo.leads.sentences import sentence
from embudo.leads.showing import value_shown
from embudo.leads.summary import undated
from embudo.leads.tags import key_of
from embudo.ui import figures
from embudo.ui.templatetags.ui import instant
from embudo.work.models import Job

register = template.Library()

register.filter("why", naming.why_called)
register.filter("source", naming.source_called)
register.filter("evidence", naming.evidence_called)
register.filter("attribute_label", naming.label_of)
register.filter("attribute_called", naming.attribute_called)
register.filter("country_called", country_called)
register.filter("tag_key", key_of)


@register.filter
def called(person: Person) -> str:
    """What a person is called: the name, else an address, else that they are nameless so far."""
    return person.name or person.mail or person.phone or _("Visitor without a name")


@register.filter
def employer(person: Person) -> str:
    """What the person's company is called; empty when none is known."""
    return person.company_name or (person.company.name if person.company else "")


@register.filter
def can_be_undone(job: Job) -> bool:
    """Whether what long work did with many people can still be undone."""
    return acting.can_be_undone(job)


@register.filter
def undo_of(job: Job) -> Job | None:
    """The work by which what long work did with many people is or was undone."""
    return acting.undo_of(job)


@register.filter
def can_be_parted(job: Job) -> bool:
    """Whether a tag that long work has joined to another can still be parted from it."""
    return tag_joining.can_be_undone(job)


@register.filter
def exported(job: Job) -> bool:
    """Whether the file of an export is still there."""
    return exports.file_of(job).exists()


@register.filter
def strength(value: str | int) -> str:
    """How strong evidence is, in one word."""
    return str(naming.STRENGTHS.get(int(value or 0), "")) if str(value).isdecimal() else str(value)


@register.filter
def when(thing: Any) -> str:
    """When a fact, a line of the timeline or a statement was; that its time is unknown where an import had none."""
    unknown = undated(thing) if isinstance(thing, Event) else thing.undated
    return instant_or_unknown(thing.at, not unknown)


@register.filter
def instant_or_unknown(at: int, known: bool) -> str:
    """An instant, or that nobody knows it."""
    return instant(at) if known else format_html('<span class="when-unknown">{}</span>', _("time unknown"))


@register.simple_tag
def value(attribute: Any, shown: Any) -> str:
    """A value of an attribute, written for people."""
    return value_shown(attribute, shown)


@register.filter
def of(mapping: Mapping[Any, Any], key: Any) -> Any:
    """The entry of a mapping, or None."""
    return mapping.get(key)


@register.filter
def thousandths(points: int | None) -> str:
    """Points kept as whole thousandths, without a sign."""
    return figures.NONE if points is None else figures.number(points / 1000, 0 if points % 1000 == 0 else 1)


@register.filter
def told_as(event: Event) -> str:
    """What a fact says."""
    return sentence(event)


@register.filter
def family_called(family: str) -> str:
    """A part of the timeline."""
    return str(naming.FAMILIES.get(family) or family)


@register.filter
def door_called(door: str) -> str:
    """By which door a statement came."""
    return str(naming.DOORS.get(door) or door)


NETWORKS = {"linkedin": "LinkedIn", "twitter": "Twitter/X", "facebook": "Facebook", "instagram": "Instagram"}


@register.filter
def identifier_called(identifier: str) -> str:
    """An identifier as people read it: a mail address, a phone number, a browser."""
    kind, _colon, rest = identifier.partition(":")
    match kind:
        case "mail" | "phone":
            return rest
        case "user":
            return _("account %(id)s") % {"id": rest}
        case "social":
            network, _slash, name = rest.partition("/")
            return f"{NETWORKS.get(network, network)} {name}"
        case "anon":
            return _("a browser")
        case "daily":
            return _("a browser for one day")
    return identifier
