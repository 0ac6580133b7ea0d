"""How a form is put to somebody: its fields in their language, with what they typed and what was wrong with it."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext as _
from django.utils.translation import override

from embudo.forms.content import Content, Field, Kind, Widget, said, shown
from embudo.leads.countries import countries, country_called, country_of
from embudo.leads.models import Attribute
from embudo.leads.naming import label_of, option_label
from embudo.privacy.models import NoWording, Purpose, Wording

INPUT_TYPES = {Widget.EMAIL: "email", Widget.PHONE: "tel", Widget.DATE: "date", Widget.NUMBER: "text"}
AUTOCOMPLETE = {
    "email": "email", "phone": "tel", "name": "name", "first_name": "given-name", "last_name": "family-name",
    "title": "organization-title", "company": "organization", "country": "country", "city": "address-level2",
    "website": "url",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that can be chosen."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """One field as it is drawn."""

    field: Field
    name: str  # of the input
    label: str
    help: str = ""
    error: str = ""
    value: str = ""
    choices: tuple[Choice, ...] = ()
    wording: Wording | None = None
    later: bool = False  # progressive, and not among the first

    @property
    def type(self) -> str:
        """The type of the input."""
        return INPUT_TYPES.get(self.field.widget, "text")

    @property
    def autocomplete(self) -> str:
        """What a browser may fill in by itself."""
        return AUTOCOMPLETE.get(self.field.name, "") if self.field.kind is Kind.ATTRIBUTE else ""

    @property
    def when(self) -> str:
        """The condition as the script reads it: the other input's name and the values, one a line."""
        when = self.field.when
        return "\n".join((input_name(when.field), *when.values)) if when else ""

    @property
    def ticked(self) -> bool:
        """Whether the box of a consent was ticked."""
        return bool(self.value)


@dataclass(frozen=True, slots=True)
class Put:
    """A whole form as it is drawn."""

    slug: str
    title: str
    intro: str
    button: str
    language: str
    fields: tuple[Asked, ...]
    at_once: int
    errors: int
    trouble: str = ""  # what went wrong with the form as a whole
    hidden: Mapping[str, str] = field(default_factory=dict)
    parameters: str = ""  # what the script takes from the page's address: "plan=f_f3 team=f_f4"

    @property
    def html_language(self) -> str:
        """The language as HTML writes it."""
        return "pt-BR" if self.language == "pt-br" else self.language


def input_name(id: str) -> str:
    """Return what the input of a field is called."""
    return f"f_{id}"


def language_of(content: Content, *wanted: str) -> str:
    """Return the first wanted language that the form speaks, by its first two letters; else its own."""
    for each in wanted:
        head = each.strip().lower().replace("_", "-").partition("-")[0]
        found = next((code for code in content.languages if code.partition("-")[0] == head), None)
        if head and found:
            return found
    return content.language


def put(
    slug: str,
    content: Content,
    language: str,
    *,
    values: Mapping[str, Sequence[str]] | None = None,
    errors: Mapping[str, str] | None = None,
    trouble: str = "",
    hidden: Mapping[str, str] | None = None,
) -> Put:
    """Return the form in a language; `values` and `errors` by the id of the field."""
    values, errors = values or {}, errors or {}
    content, wordings = in_words(content, language)
    attributes = {each.name: each for each in Attribute.objects.filter(name__in=_names(content))}
    open_ids = {each.id for each in shown(content, {id: list(typed) for id, typed in values.items()})}
    first, asked = content.at_once, []
    with override(language):
        for each in content.fields:
            if each.kind is Kind.HIDDEN:
                continue
            drawn = _asked(each, content, language, attributes, wordings, list(values.get(each.id, ())), errors)
            waits = each.progressive and each.id in open_ids  # one behind a condition takes nobody's turn
            first -= waits
            later = waits and first < 0 and not (drawn.value or drawn.error)
            asked.append(_as_later(drawn) if later else drawn)
        button = said(content.button, language, content.language) or _("Send")
    return Put(
        slug, said(content.title, language, content.language), said(content.intro, language, content.language), button,
        language, tuple(asked), content.at_once, len(errors), trouble, hidden or {}, parameters_of(content),
    )  # fmt: skip


def in_words(content: Content, language: str) -> tuple[Content, dict[str, Wording]]:
    """Return the content with the fields that are asked now, and the words of its purposes by their code.

    Nobody can agree to a purpose that is archived or has no words yet, so it is neither drawn nor demanded.
    """
    wordings = {}
    for purpose in Purpose.objects.filter(archived_at=None, code__in=_names(content)):
        with suppress(NoWording):
            wordings[purpose.code] = purpose.wording(language)
    asked = (each for each in content.fields if each.kind is not Kind.CONSENT or each.name in wordings)
    return replace(content, fields=tuple(asked)), wordings


def parameters_of(content: Content) -> str:
    """Return which parameter of a page's address goes into which input, as the script reads it."""
    return " ".join(
        f"{quote(each.parameter, safe='')}={input_name(each.id)}" for each in content.fields if each.parameter
    )


def _names(content: Content) -> list[str]:
    return [each.name for each in content.fields if each.name]


def _asked(
    each: Field,
    content: Content,
    language: str,
    attributes: Mapping[str, Attribute],
    wordings: Mapping[str, Wording],
    typed: list[str],
    errors: Mapping[str, str],
) -> Asked:
    label = said(each.label, language, content.language)
    words = said(each.help, language, content.language)
    wording = None
    if each.kind is Kind.CONSENT:
        wording = wordings[each.name]
        label = wording.text
    elif not label and each.kind is Kind.ATTRIBUTE:
        name = label_of(attributes.get(each.name) or Attribute(name=each.name, standard=True))
        label = name[:1].upper() + name[1:]
    return Asked(
        each, input_name(each.id), label, words, errors.get(each.id, ""), "\n".join(typed[:1]),
        tuple(_choices(each, content, language, attributes.get(each.name), typed)), wording,
    )  # fmt: skip


def _as_later(drawn: Asked) -> Asked:
    return replace(drawn, later=True)


def _choices(
    each: Field, content: Content, language: str, attribute: Attribute | None, typed: list[str]
) -> list[Choice]:
    match each.widget:
        case Widget.YES_NO:
            return [Choice("yes", _("Yes"), "yes" in typed), Choice("no", _("No"), "no" in typed)]
        case Widget.SCALE:
            return [Choice(str(n), str(n), str(n) in typed) for n in range(11)]
        case Widget.CHOICE | Widget.CHOICES:
            return [
                Choice(value, words, value in typed) for value, words in options(each, content, language, attribute)
            ]
    return []


def options(each: Field, content: Content, language: str, attribute: Attribute | None) -> list[tuple[str, str]]:
    """Return what can be chosen, as (value, label) in the language in force: the field's own, else the attribute's."""
    if each.options:
        own = [(one.value, said(one.label, language, content.language)) for one in each.options]
        return [(value, words or option_label(each.name, value)) for value, words in own]
    if each.kind is Kind.ATTRIBUTE and each.name == "country":
        codes = {name: country_of(name) for name in countries()}
        return [(code, country_called(code)) for code in codes.values() if code]
    held: Any = attribute.options if attribute else []
    return [(str(value), option_label(each.name, value)) for value in held]
