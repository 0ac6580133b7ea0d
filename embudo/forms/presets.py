"""What a new form may begin with: five that marketers know, in three languages, to be changed at will."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from embudo.forms.content import LANGUAGES, Content, Field, Kind, Means, Option, Widget
from embudo.privacy.models import Purpose

Words = Any  # a lazy text, said in each language


@dataclass(frozen=True, slots=True)
class Preset:
    """One beginning."""

    code: str
    label: Words
    words: Words
    make: Callable[[], Content]


def _in_all(words: Words) -> dict[str, str]:
    """The text in every language of the interface."""
    found = {}
    for language in LANGUAGES:
        with override(language):
            found[language] = str(words)
    return found


def _attribute(name: str, widget: Widget = Widget.TEXT, **more: Any) -> Field:
    return Field("", Kind.ATTRIBUTE, widget, name, **more)


def _consent(code: str) -> list[Field]:
    """A box for a purpose, where the install has it."""
    return (
        [Field("", Kind.CONSENT, Widget.TEXT, code)]
        if Purpose.objects.filter(code=code, archived_at=None).exists()
        else []
    )


def _content(title: Words, button: Words, thanks: Words, fields: list[Field], **more: Any) -> Content:
    content = Content(languages=LANGUAGES, title=_in_all(title), button=_in_all(button), thanks=_in_all(thanks), **more)
    for each in fields:
        content = content.added(each)
    return content


MAIL = _attribute("email", Widget.EMAIL, required=True)
WHO = [_attribute("first_name", required=True), _attribute("last_name"), MAIL]


def _contact() -> Content:
    message = Field("", Kind.QUESTION, Widget.LONG, label=_in_all(_("How can we help you?")), required=True)
    fields = [*WHO, _attribute("company"), message, *_consent("newsletter")]
    return _content(_("Write to us"), _("Send"), _("Thank you. We answer within one working day."), fields)


def _demo() -> Content:
    size = _attribute("company_size", Widget.NUMBER, required=True)
    when = Field(
        "", Kind.QUESTION, Widget.CHOICE, label=_in_all(_("When do you want to start?")),
        options=tuple(
            Option(english(words), _in_all(words))
            for words in (_("This month"), _("This quarter"), _("Later"), _("I am only looking around"))
        ),
    )  # fmt: skip
    fields = [
        *WHO, _attribute("company", required=True), size, _attribute("country", Widget.CHOICE),
        _attribute("title", progressive=True), _attribute("industry", progressive=True),
        _attribute("phone", Widget.PHONE, progressive=True), when, *_consent("newsletter"),
    ]  # fmt: skip
    thanks = _("Thank you. We call you within one working day to find a time.")
    return _content(_("Ask for a demo"), _("Ask for a demo"), thanks, fields, means=Means.DEMO, business_mail=True)


def _newsletter() -> Content:
    fields = [MAIL, _attribute("first_name"), *_consent("newsletter")]
    thanks = _("Thank you. The next letter reaches you.")
    return _content(_("Our newsletter"), _("Subscribe"), thanks, fields, means=Means.NEWSLETTER)


def _guide() -> Content:
    fields = [
        MAIL, _attribute("first_name", required=True), _attribute("company", progressive=True),
        _attribute("title", progressive=True), _attribute("company_size", Widget.NUMBER, progressive=True),
        *_consent("newsletter"),
    ]  # fmt: skip
    return _content(_("Get the guide"), _("Get the guide"), _("Thank you. Here is your guide."), fields)


def _survey() -> Content:
    scale = Field(
        "", Kind.QUESTION, Widget.SCALE, label=_in_all(_("How likely are you to recommend us?")), required=True
    )
    why = Field("", Kind.QUESTION, Widget.LONG, label=_in_all(_("What is the reason for your answer?")))
    mail = _attribute("email", Widget.EMAIL)
    thanks = _("Thank you. Your answer helps us to get better.")
    return _content(_("Two questions"), _("Send"), thanks, [scale, why, mail])


def _blank() -> Content:
    return _content(_("Our form"), _("Send"), _("Thank you. We have got your answers."), [MAIL])


def english(words: Words) -> str:
    """Return a lazy text in English: what is kept as the answer, whatever language it was given in."""
    with override("en"):
        return str(words)


PRESETS = (
    Preset("contact", _("Contact"), _("Name, address and a message."), _contact),
    Preset("demo", _("Request for a demo"), _("Qualifies: company, size, country; counts as a sales action."), _demo),
    Preset("newsletter", _("Newsletter"), _("Address and consent."), _newsletter),
    Preset("guide", _("Guide to download"), _("Gives a file; asks a little more each time."), _guide),
    Preset("survey", _("Survey"), _("Would you recommend us, and why."), _survey),
    Preset("blank", _("Something else"), _("Begin with the address alone."), _blank),
)
BY_CODE = {each.code: each for each in PRESETS}
