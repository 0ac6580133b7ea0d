"""What somebody wrote in a form becomes answers, or words about what is wrong with it, field by field."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from email_validator import EmailNotValidError, validate_email

from embudo.forms.asking import in_words, input_name, options
from embudo.forms.content import Content, Field, Kind, Widget, said, shown
from embudo.leads import free_mail
from embudo.leads.attribute import kind_of
from embudo.leads.checking import checked
from embudo.leads.companies import mail_domain
from embudo.leads.models import Attribute
from embudo.leads.naming import label_of
from embudo.leads.showing import LONGEST, BadValue, value_typed
from embudo.privacy.models import Purpose, Wording

LONGEST_ANSWER = 4000
MOST_VALUES = 100
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
KINDS = {
    Widget.NUMBER: "number", Widget.DATE: "date", Widget.CHOICE: "choice", Widget.CHOICES: "choices",
    Widget.YES_NO: "boolean",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question, in the words in which it was asked."""

    field: str
    question: str
    value: Any
    shown: str


@dataclass(slots=True)
class Answers:
    """What a form was sent with. Nothing of it is believed but by the rules of the public door."""

    traits: dict[str, Any] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    agreed: list[Wording] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)  # by the id of the field
    score: int | None = None  # how likely they recommend us, 0 to 10, where that was asked


def typed_in(content: Content, posted: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return what was typed, by the id of the field, without what no text may hold."""
    found = {}
    for each in content.fields:
        given = [clean(value) for value in list(posted.get(input_name(each.id), ()))[:MOST_VALUES]]
        kept = [value for value in given if value]
        if kept:
            found[each.id] = kept
    return found


def clean(text: str) -> str:
    """Return a text without control characters, cut at the longest we keep."""
    return CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()[:LONGEST_ANSWER]


def answered(
    content: Content, values: Mapping[str, Sequence[str]], language: str, *, skipped: frozenset[str] = frozenset()
) -> Answers:
    """Return the answers; `skipped` are the ids of progressive fields that this browser was not shown."""
    result = Answers()
    content, _wordings = in_words(content, language)
    typed = {id: list(each) for id, each in values.items()}
    attributes = {each.name: each for each in Attribute.objects.filter(name__in=[f.name for f in content.fields])}
    with override(language):
        for each in shown(content, typed):
            if each.kind is Kind.WORDS or (each.progressive and each.id in skipped):
                continue
            try:
                _take(each, typed.get(each.id, []), content, language, attributes, result)
            except BadValue as error:
                result.errors[each.id] = str(error)
    return result


def _take(
    each: Field,
    typed: list[str],
    content: Content,
    language: str,
    attributes: Mapping[str, Attribute],
    result: Answers,
) -> None:
    if each.kind is Kind.CONSENT:
        _agree(each, typed, result)
        return
    attribute = _attribute(each, attributes)
    value = _value(each, attribute, typed, content, language)
    if value is None:
        if each.required and each.kind is not Kind.HIDDEN:
            raise BadValue(_missing(each))
        return
    if each.kind is Kind.QUESTION:
        if each.widget is Widget.SCALE and result.score is None:
            result.score = value
        question = said(each.label, content.language, content.language) or each.id
        result.answers.append(Answer(each.id, question, value, _shown(each, value, content, attribute)))
        return
    if each.name == "email":
        _check_mail(str(value), content)
    result.traits[each.name] = checked(attribute, value, result.traits)


def _attribute(each: Field, attributes: Mapping[str, Attribute]) -> Attribute:
    """The attribute that the answer is a value of; a question is asked as if it were one, without a name."""
    if each.kind is Kind.QUESTION:
        return Attribute(name="", kind=KINDS.get(each.widget, "text"))
    known = attributes.get(each.name)
    return known or Attribute(name=each.name, kind=KINDS.get(each.widget) or kind_of(each.name, ""), standard=True)


def _value(each: Field, attribute: Attribute, typed: list[str], content: Content, language: str) -> Any:
    if each.widget is Widget.SCALE and typed:
        if typed[0] not in map(str, range(11)):
            raise BadValue(_("Choose a number from 0 to 10."))
        return int(typed[0])
    if each.widget in (Widget.CHOICE, Widget.CHOICES):
        offered = {value for value, _words in options(each, content, language, attribute)}
        if offered and not offered.issuperset(typed):
            raise BadValue(_("Choose one of the answers offered."))
    if each.widget in (Widget.TEXT, Widget.LONG) and attribute.kind == "text":
        longest = LONGEST_ANSWER if each.kind is Kind.QUESTION else LONGEST
        return "\n".join(typed)[:longest] or None
    return value_typed(attribute, typed)


def _missing(each: Field) -> str:
    match each.widget:
        case Widget.EMAIL:
            return _("Write your e-mail address.")
        case Widget.CHOICE | Widget.YES_NO | Widget.SCALE:
            return _("Choose an answer.")
        case Widget.CHOICES:
            return _("Choose at least one answer.")
    return _("Fill this in.")


def _check_mail(address: str, content: Content) -> None:
    """Raise BadValue on an address that no mail can reach, or that anybody gets for free where that is not wanted."""
    try:
        found = validate_email(address, check_deliverability=False)
    except EmailNotValidError as error:
        words = _("“%(value)s” is no mail address. Write one such as ana@example.com.")
        raise BadValue(words % {"value": address}) from error
    if content.business_mail and not mail_domain(found.ascii_email or found.normalized, free_mail.own()):
        raise BadValue(_("Write the address you have at your company, not a private one."))


def _agree(each: Field, typed: list[str], result: Answers) -> None:
    """A box is ticked with the edition of the words that stood beside it; any other value is no consent."""
    version, _separator, language = (typed[0] if typed else "").partition(":")
    if not typed:
        if each.required:
            raise BadValue(_("This cannot be sent without your agreement."))
        return
    known = version.isdecimal() and len(version) < 9
    wordings = Wording.objects.filter(purpose__code=each.name, purpose__archived_at=None)
    wording = wordings.filter(version=int(version), language=language[:10]).first() if known else None
    if wording is None:
        raise BadValue(_("The words have changed since you opened the page. Read them again and decide anew."))
    result.agreed.append(wording)


def _shown(each: Field, value: Any, content: Content, attribute: Attribute) -> str:
    """An answer as those who work here read it: in the language the form was written in."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    labels = dict(options(each, content, content.language, attribute)) if each.options else {}
    held = value if isinstance(value, list) else [value]
    return ", ".join(labels.get(str(one)) or str(one) for one in held)


def label_here(each: Field, content: Content) -> str:
    """Return what a field is called by those who work here, in the reader's language where it has words in it."""
    own = said(each.label, get_language() or content.language, content.language)
    if each.kind is Kind.CONSENT:
        purpose = Purpose.objects.filter(code=each.name).first()
        return purpose.called if purpose else each.name
    if own or each.kind is not Kind.ATTRIBUTE:
        return own or each.name or each.id
    known = Attribute.objects.filter(pk=each.name).first()
    name = label_of(known or Attribute(name=each.name, standard=True))
    return name[:1].upper() + name[1:]
