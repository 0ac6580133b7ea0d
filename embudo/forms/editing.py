"""What marketers fill in about one field of a form, in each of its languages."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from embudo.core.attributes import STANDARD
from embudo.forms.answering import clean, label_here
from embudo.forms.content import (
    LONGEST_LINE,
    LONGEST_TEXT,
    MOST_OPTIONS,
    Content,
    Field,
    Kind,
    Option,
    When,
    Widget,
    said,
)  # fmt: skip
from embudo.forms.retelling import choices_here
from embudo.leads.attribute import kind_of
from embudo.leads.models import Attribute
from embudo.leads.naming import ATTRIBUTES
from embudo.privacy.models import Purpose
from embudo.ui.meanwhile import Meanwhile

NAMES = dict(settings.LANGUAGES)
WIDGETS = {
    Widget.TEXT: gettext_lazy("one line"), Widget.LONG: gettext_lazy("several lines"),
    Widget.EMAIL: gettext_lazy("e-mail address"), Widget.PHONE: gettext_lazy("phone number"),
    Widget.NUMBER: gettext_lazy("number"), Widget.DATE: gettext_lazy("date"),
    Widget.CHOICE: gettext_lazy("one of several"), Widget.CHOICES: gettext_lazy("several choices"),
    Widget.YES_NO: gettext_lazy("yes or no"), Widget.SCALE: gettext_lazy("0 to 10"),
}  # fmt: skip
OF_KIND = {  # how an attribute of a kind may be asked
    "text": (Widget.TEXT, Widget.LONG, Widget.CHOICE), "number": (Widget.NUMBER,), "money": (Widget.NUMBER,),
    "choice": (Widget.CHOICE, Widget.TEXT), "choices": (Widget.CHOICES,), "date": (Widget.DATE,),
    "boolean": (Widget.YES_NO,),
}  # fmt: skip
OF_NAME = {"email": (Widget.EMAIL,), "phone": (Widget.PHONE,)}
QUESTIONS = tuple(each for each in Widget if each not in (Widget.EMAIL, Widget.PHONE))
PARAMETER = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,59}")
TAKEN_PARAMETERS = ("lang",)


def widgets_of(field: Field) -> tuple[Widget, ...]:
    """Return how a field may be asked."""
    if field.kind is Kind.QUESTION:
        return QUESTIONS
    if field.kind is not Kind.ATTRIBUTE:
        return ()
    if field.name in OF_NAME:
        return OF_NAME[field.name]
    known = Attribute.objects.filter(pk=field.name).first()
    ways = OF_KIND[known.kind if known else kind_of(field.name, "")]
    if Widget.CHOICE not in ways or Widget.TEXT not in ways or field.name == "country":
        return ways
    if known is not None and known.options:
        return tuple(each for each in ways if each is not Widget.TEXT)
    return (Widget.TEXT, *(each for each in ways if each is not Widget.TEXT))


def line(label: Any, **more: Any) -> forms.CharField:
    """Return a field for one line."""
    return forms.CharField(label=label, max_length=LONGEST_LINE, required=False, strip=True, **more)


def area(label: Any, rows: int = 3, **more: Any) -> forms.CharField:
    """Return a field for several lines."""
    area = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, max_length=LONGEST_TEXT, required=False, widget=area, **more)


class FieldForm(Meanwhile, forms.Form):
    """One field of a form, in each of its languages."""

    def __init__(self, content: Content, field: Field, given: Any = None) -> None:
        super().__init__(given, initial=_initial(content, field), prefix="")
        self.content, self.field = content, field
        self._words()
        self._ways()
        if field.asked:
            self._rules()

    def _words(self) -> None:
        content, kind = self.content, self.field.kind
        if kind is Kind.HIDDEN:
            self.fields["parameter"] = line(
                _("Parameter of the page’s address"), help_text=_("…?plan=pro: “plan” is the parameter.")
            )
        elif kind is not Kind.CONSENT:
            for language in content.languages:
                make = area if kind is Kind.WORDS else line
                self.fields[f"label.{language}"] = make(
                    named_in(_("Words") if kind is Kind.WORDS else _("Label"), content, language)
                )
        if self.field.asked and kind is not Kind.CONSENT:
            for language in content.languages:
                self.fields[f"help.{language}"] = line(named_in(_("Help below it"), content, language))

    def _ways(self) -> None:
        ways = widgets_of(self.field)
        if len(ways) > 1:
            choices = [(each.value, WIDGETS[each]) for each in ways]
            self.fields["widget"] = forms.ChoiceField(label=_("How it is asked"), choices=choices)
        if {Widget.CHOICE, Widget.CHOICES}.intersection(ways) and self.field.name != "country":
            for language in self.content.languages:
                self.fields[f"options.{language}"] = area(
                    named_in(_("Answers to choose from, one a line"), self.content, language), rows=4
                )

    def _rules(self) -> None:
        self.fields["required"] = forms.BooleanField(label=_("Must be answered"), required=False)
        if self.field.kind is not Kind.CONSENT and self.field.name != "email":
            self.fields["progressive"] = forms.BooleanField(
                label=_("Ask later: only of browsers that have not answered it before"),
                required=False,
                help_text=_(
                    "Only where the form is put on a page by its line; its own page and plain HTML ask it at once."
                ),
            )
        choices = list(_conditions(self.content, self.field))
        if choices:
            self.fields["when"] = forms.MultipleChoiceField(
                label=_("Ask only if the answer is"),
                choices=choices,
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )

    @property
    def has_nothing_to_wait_for(self) -> bool:
        """Whether it could be asked only if an earlier field has an answer, were there one with answers to choose."""
        return self.field.asked and "when" not in self.fields

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        whens = {each.partition("=")[0] for each in found.get("when", ())}
        if len(whens) > 1:
            self.add_error("when", _("Choose answers of one field only; give the other condition to another field."))
        parameter = found.get("parameter", "")
        if self.field.kind is Kind.HIDDEN and (not PARAMETER.fullmatch(parameter) or parameter in TAKEN_PARAMETERS):
            self.add_error("parameter", _("Write letters and digits, such as plan or partner_id."))
        self._check_options(found)
        return found

    def _check_options(self, found: Mapping[str, Any]) -> None:
        if found.get("widget", self.field.widget) not in (Widget.CHOICE, Widget.CHOICES):
            return
        base = self.content.language
        lines = {language: _lines(found.get(f"options.{language}", "")) for language in self.content.languages}
        own = self.field.kind is Kind.QUESTION or not _offered(self.field)
        if f"options.{base}" in self.fields and own and not lines[base]:
            self.add_error(f"options.{base}", _("Write at least one answer, each in a line of its own."))
        if len(lines[base]) > MOST_OPTIONS:
            self.add_error(f"options.{base}", _("These are more than %(most)s answers.") % {"most": MOST_OPTIONS})
        for language, given in lines.items():
            if language != base and given and len(given) != len(lines[base]):
                words = _("%(language)s has %(there)s answers and %(base)s has %(here)s; write one for each line.")
                named = {"language": NAMES[language], "base": NAMES[base]}
                self.add_error(f"options.{language}", words % {**named, "there": len(given), "here": len(lines[base])})

    def changed(self) -> Field:
        """Return the field as it was filled in."""
        found, content = self.cleaned_data, self.content
        new = replace(
            self.field, label=self._texts("label"), help=self._texts("help"), required=bool(found.get("required")),
            progressive=bool(found.get("progressive")), parameter=found.get("parameter", ""),
        )  # fmt: skip
        if found.get("widget"):
            new = replace(new, widget=Widget(found["widget"]))
        pairs = [each.partition("=") for each in found.get("when", ())]
        when = When(pairs[0][0], tuple(value for _id, _sign, value in pairs)) if pairs else None
        lines = {language: _lines(found.get(f"options.{language}", "")) for language in content.languages}
        away = {each.value: self._put_away(each.label) for each in self.field.options}
        kept = tuple(
            Option(
                value,
                away.get(value, {}) | {tongue: given[place] for tongue, given in lines.items() if place < len(given)},
            )
            for place, value in enumerate(self._values(lines[content.language]))
        )
        return replace(new, when=when, options=kept if new.widget in (Widget.CHOICE, Widget.CHOICES) else ())

    def _values(self, lines: list[str]) -> list[str]:
        """What is kept of each answer: as before where its words are the same, or else its place, among as many.

        So an answer that is put in other words stays the same one, for conditions, numbers and attributes.
        """
        base, before = self.content.language, self.field.options
        held = {said(each.label, base, base) or each.value: each.value for each in before}
        kept = [held.get(line, "") for line in lines]
        if len(lines) == len(before):
            kept = [value or _unless(old.value, kept) for value, old in zip(kept, before, strict=True)]
        for place, line in enumerate(lines):
            kept[place] = kept[place] or _free(line, kept)
        return kept

    def _texts(self, name: str) -> dict[str, str]:
        given = {
            language: clean(self.cleaned_data.get(f"{name}.{language}", "")) for language in self.content.languages
        }
        return self._put_away(getattr(self.field, name)) | {
            language: words for language, words in given.items() if words
        }

    def _put_away(self, words: Mapping[str, str]) -> dict[str, str]:
        """The words in languages that the form does not show now; they come back with their language."""
        return {language: each for language, each in words.items() if language not in self.content.languages}


def _unless(value: str, taken: list[str]) -> str:
    return "" if value in taken else value


def _free(line: str, taken: list[str]) -> str:
    """The words of a new answer as its value, told apart from one that was called so before."""
    value, number = line, 2
    while value in taken:
        value, number = f"{line} ({number})", number + 1
    return value


def named_in(label: Any, content: Content, language: str) -> str:
    """Return a label that says the language, where there is more than one."""
    return f"{label} ({NAMES[language]})" if len(content.languages) > 1 else str(label)


def _lines(text: str) -> list[str]:
    lines = (clean(line)[:LONGEST_LINE] for line in text.splitlines())
    return list(dict.fromkeys(line for line in lines if line))


def _offered(field: Field) -> bool:
    known = Attribute.objects.filter(pk=field.name).first()
    return bool(known and known.options) or field.name == "country"


def _initial(content: Content, field: Field) -> dict[str, Any]:
    found: dict[str, Any] = {
        "widget": field.widget.value, "required": field.required, "progressive": field.progressive,
        "parameter": field.parameter,
        "when": [f"{field.when.field}={value}" for value in field.when.values] if field.when else [],
    }  # fmt: skip
    for language in content.languages:
        found[f"label.{language}"] = field.label.get(language, "")
        found[f"help.{language}"] = field.help.get(language, "")
        own = [each.label.get(language, each.value if language == content.language else "") for each in field.options]
        found[f"options.{language}"] = "\n".join(own) if any(own) else ""
    return found


def _conditions(content: Content, field: Field) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """What an earlier field can be answered with, grouped by the field: only answers to choose from are conditions."""
    for each in content.fields:
        if each.id == field.id:
            return
        known = Attribute.objects.filter(pk=each.name).first() if each.kind is Kind.ATTRIBUTE else None
        offered: list[tuple[str, str]] = []
        if each.widget is Widget.YES_NO or (
            each.widget in (Widget.CHOICE, Widget.CHOICES) and each.name != "country" and each.asked
        ):
            offered = choices_here(each, content, known)
        if offered and each.kind is not Kind.CONSENT:
            yield label_here(each, content), [(f"{each.id}={value}", words) for value, words in offered]


def attributes_left(content: Content) -> list[Attribute]:
    """Return the attributes that the form does not ask for yet, the standard ones and those of the company."""
    there = {each.name: each for each in Attribute.objects.all()}
    for name in STANDARD & ATTRIBUTES.keys():  # those that have a name in every language
        there.setdefault(name, Attribute(name=name, standard=True))
    used = {each.name for each in content.fields if each.kind is Kind.ATTRIBUTE}
    return [each for name, each in there.items() if name not in used]


def purposes_left(content: Content) -> list[Purpose]:
    """Return the purposes that the form does not ask for yet."""
    used = {each.name for each in content.fields if each.kind is Kind.CONSENT}
    return [each for each in Purpose.in_use().prefetch_related("wordings") if each.code not in used]


def question(content: Content, widget: Widget) -> Field:
    """Return a fresh question, with words to be written over in each language of the form."""
    words = {language: _free(_new_in(language), _labels(content, language)) for language in content.languages}
    return Field("", Kind.QUESTION, widget, label=words)


def _new_in(language: str) -> str:
    with override(language):
        return _("New question")


def _labels(content: Content, language: str) -> list[str]:
    """What stands above the fields already: answers are kept by these words, so that no two may be the same."""
    return [each.label.get(language, "") for each in content.fields]
