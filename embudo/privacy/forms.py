"""What people here fill in about consent: the words of a purpose, what a person said, how long facts stay."""

from typing import Any

from django import forms
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from embudo.accounts.models import AuditEntry, User
from embudo.leads.clock import EPOCH
from embudo.leads.profile import folded, words
from embudo.privacy.consent import HOW
from embudo.privacy.models import LONGEST_TEXT, Purpose
from embudo.ui.meanwhile import Meanwhile

LONGEST_CODE = 40


class PurposeForm(Meanwhile, forms.Form):
    """The name of a purpose here, and its words in each language; at least one language has words."""

    label = forms.CharField(
        label=_("Name, for those who work here"), max_length=120,
        help_text=_("Whoever reads a language in which the words have a title sees that title instead."),
    )  # fmt: skip

    def __init__(self, *args: Any, purpose: Purpose | None = None, **options: Any) -> None:
        self.purpose = purpose
        there = {each.language: each for each in purpose.wordings.filter(version=purpose.version)} if purpose else {}
        start: dict[str, Any] = {"label": purpose.label if purpose else ""}
        for code, wording in there.items():
            start |= {_key("title", code): wording.title, _key("text", code): wording.text}
        super().__init__(*args, initial=start, **options)
        for code, name in settings.LANGUAGES:
            attributes = {"rows": 4, "lang": code, "aria-label": f"{_('What people agree to')}: {name}"}
            self.fields[_key("title", code)] = forms.CharField(label=_("Title"), max_length=120, required=False)
            self.fields[_key("text", code)] = forms.CharField(
                label=_("What people agree to"), max_length=LONGEST_TEXT, required=False,
                widget=forms.Textarea(attrs=attributes),
            )  # fmt: skip

    @property
    def languages(self) -> list[tuple[str, str, forms.BoundField, forms.BoundField]]:
        """Each language with its two fields."""
        return [(code, name, self[_key("title", code)], self[_key("text", code)]) for code, name in settings.LANGUAGES]

    def clean(self) -> dict[str, Any]:
        """Ask for words in one language at least, and for words wherever there is a title."""
        told = super().clean() or {}
        for code, _name in settings.LANGUAGES:
            if told.get(_key("title", code)) and not told.get(_key("text", code)):
                self.add_error(_key("text", code), _("A title needs words below it; write them, or empty the title."))
        if not self.errors and not any(told.get(_key("text", code)) for code, _name in settings.LANGUAGES):
            raise forms.ValidationError(_("Write what people agree to, in one language at least."), code="no_words")
        return told

    def keep(self, *, by: User) -> Purpose:
        """Keep the purpose, a new one or another name, and its words; other words make the next version."""
        told = self.cleaned_data
        texts = {code: (told[_key("title", code)], told[_key("text", code)]) for code, _name in settings.LANGUAGES}
        with transaction.atomic():
            if self.purpose is None:
                last = Purpose.objects.order_by("-position").values_list("position", flat=True).first() or 0
                self.purpose = Purpose(code=new_code(told["label"]), label=told["label"], position=last + 1)
                self.purpose.save()
                AuditEntry.record(by, "purpose_added", self.purpose.label)
            elif self.purpose.label != told["label"]:
                self.purpose.label = told["label"]
                self.purpose.save(update_fields=["label"])
                AuditEntry.record(by, "purpose_changed", self.purpose.label)
            self.purpose.word(texts, by=by)
        return self.purpose


def new_code(label: str) -> str:
    """Return a code that no purpose has, made of the name's letters."""
    letters = "_".join(words(folded(label)))
    plain = "".join(each for each in letters if each.isascii() and (each.isalnum() or each == "_"))[: LONGEST_CODE - 4]
    base = plain if plain[:1].isalpha() else f"purpose_{plain}".rstrip("_")
    code, number = base, 1
    while Purpose.objects.filter(code=code).exists():
        number += 1
        code = f"{base}_{number}"
    return code


class _Said(forms.Form):
    """What people told somebody here: yes or no, how and when."""

    answer = forms.ChoiceField(
        label=_("They said"), choices=[("yes", _("Yes, they agree")), ("no", _("No, they withdraw or refuse"))],
        widget=forms.RadioSelect,
    )  # fmt: skip
    how = forms.ChoiceField(label=_("How"), choices=list(HOW.items()))
    at = forms.DateTimeField(
        label=_("When"), input_formats=["%Y-%m-%dT%H:%M"], required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("Empty: just now."),
    )  # fmt: skip

    def clean_at(self) -> Any:
        """Refuse an instant that lies ahead."""
        at = self.cleaned_data["at"]
        if at is not None and at > timezone.now():
            raise forms.ValidationError(_("This lies ahead. Write when they said it."))
        if at is not None and at < EPOCH:
            raise forms.ValidationError(_("This is too long ago. Write when they said it."))
        return at


class AnswerForm(_Said):
    """What a person told somebody here about one purpose."""

    language = forms.ChoiceField(label=_("In which words"), required=False)
    note = forms.CharField(label=_("Note"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, purpose: Purpose, language: str, **options: Any) -> None:
        super().__init__(*args, **options)
        there = purpose.wordings.filter(version=purpose.version).values_list("language", flat=True)
        field: Any = self.fields["language"]
        field.choices = [(code, name) for code, name in settings.LANGUAGES if code in set(there)]
        self.initial.setdefault("language", language)


class SeveralForm(_Said):
    """What several people told somebody here about one purpose, and how that came about."""

    purpose = forms.ModelChoiceField(
        Purpose.objects.none(), label=_("Purpose"), to_field_name="code", empty_label=None,
        error_messages={"required": _("Choose a purpose."), "invalid_choice": _("Choose a purpose.")},
    )  # fmt: skip
    language = forms.ChoiceField(label=_("In which words"), choices=settings.LANGUAGES, required=False)
    note = forms.CharField(
        label=_("How it came about"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("It stands in each receipt: “on paper, at the fair of 12 May”."),
        error_messages={"required": _("Say how it came about; it stands in each receipt.")},
    )  # fmt: skip

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["purpose"]
        field.queryset = Purpose.in_use().prefetch_related("wordings")
        answer: Any = self.fields["answer"]
        answer.error_messages["required"] = _("Say whether they agree.")

    def clean(self) -> dict[str, Any]:
        """Refuse a yes to words that nobody has written."""
        told = super().clean() or {}
        purpose = told.get("purpose")
        if purpose is not None and told.get("answer") == "yes" and not purpose.version:
            words = _("Nobody has written yet what people agree to. Write the words of the purpose first.")
            raise forms.ValidationError(words, code="no_words")
        return told


def _key(part: str, language: str) -> str:
    return f"{part}_{language.replace('-', '_')}"
