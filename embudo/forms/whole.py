"""What marketers fill in about a form as a whole: a new one, its languages and words, what it means, what follows."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from django import forms
from django.conf import settings
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from embudo.capture.models import Site
from embudo.forms.answering import clean
from embudo.forms.content import LANGUAGES, Content, Means, Then
from embudo.forms.editing import area, line, named_in
from embudo.forms.leading import may_lead_to
from embudo.forms.models import Form
from embudo.ui.meanwhile import Meanwhile

MEANS = {
    Means.NOTHING: gettext_lazy("nothing more"), Means.NEWSLETTER: gettext_lazy("they subscribe to the newsletter"),
    Means.DEMO: gettext_lazy("they ask for a demo"), Means.QUOTE: gettext_lazy("they ask for a quote"),
    Means.TRIAL: gettext_lazy("they start a trial"), Means.EVENT: gettext_lazy("they register for an event"),
}  # fmt: skip
THENS = {
    Then.WORDS: gettext_lazy("A text of thanks"), Then.REDIRECT: gettext_lazy("Another page of your site"),
    Then.FILE: gettext_lazy("A file to download"),
}  # fmt: skip


class FormForm(forms.Form):
    """A new form: what it is called and on whose pages it stands."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=120, help_text=gettext_lazy("Only people here see it.")
    )
    site = forms.ModelChoiceField(
        label=gettext_lazy("Site"), queryset=Site.objects.filter(archived_at=None), empty_label=None,
        help_text=gettext_lazy("On whose pages it stands; only its domains may send the form."),
    )  # fmt: skip

    def address(self) -> str:
        """Return an address for the form that no other one has."""
        stem = slugify(self.cleaned_data["name"])[:50].strip("-") or "form"
        taken = set(Form.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
        return next(slug for slug in _numbered(stem) if slug not in taken)


def _numbered(stem: str) -> Iterator[str]:
    yield stem
    number = 2
    while True:
        yield f"{stem}-{number}"
        number += 1


class WholeForm(Meanwhile, forms.Form):
    """What holds for the form as a whole: languages, its words, what sending it means and what follows."""

    def __init__(self, form: Form, content: Content, given: Any = None, files: Any = None) -> None:
        super().__init__(given, files, initial=_whole(form, content))
        self.form, self.content = form, content
        self.fields["name"] = forms.CharField(label=_("Name"), max_length=120, help_text=_("Only people here see it."))
        self.fields["languages"] = forms.MultipleChoiceField(
            label=_("Languages"), choices=settings.LANGUAGES, widget=forms.CheckboxSelectMultiple,
            help_text=_("A page shows the one it is in, else the one its reader prefers."),
        )  # fmt: skip
        self.fields["language"] = forms.ChoiceField(
            label=_("Stands in for missing translations"), choices=settings.LANGUAGES
        )
        for language in content.languages:
            self.fields[f"title.{language}"] = line(named_in(_("Title"), content, language))
            self.fields[f"intro.{language}"] = area(named_in(_("Words below the title"), content, language), rows=2)
            self.fields[f"button.{language}"] = line(named_in(_("Button"), content, language))
        self._rules()
        self._afterwards()

    def _rules(self) -> None:
        self.fields["means"] = forms.ChoiceField(
            label=_("Whoever sends it: what does it mean?"), required=False,
            choices=[(each.value, words) for each, words in MEANS.items()],
            help_text=_("A fact of its own, to which the definition of a lead may give points."),
        )  # fmt: skip
        self.fields["at_once"] = forms.IntegerField(
            label=_("Fields asked later: how many at a time"), min_value=0, max_value=10
        )
        self.fields["business_mail"] = forms.BooleanField(
            label=_("Only addresses of companies, none of free mail"), required=False
        )
        self.fields["confirm"] = forms.BooleanField(
            label=_("Ask by mail whether the address is theirs (double opt-in); consent counts from then on"),
            required=False,
        )
        self.fields["sender"] = forms.EmailField(label=_("Sender of that mail"), required=False)

    def _afterwards(self) -> None:
        self.fields["then"] = forms.ChoiceField(
            label=_("What follows"),
            choices=[(each.value, words) for each, words in THENS.items()],
            widget=forms.RadioSelect,
        )
        for language in self.content.languages:
            self.fields[f"thanks.{language}"] = area(named_in(_("Thanks"), self.content, language), rows=2)
        self.fields["redirect"] = forms.CharField(
            label=_("Page to lead to"), max_length=1000, required=False, help_text=_("On one of the site’s domains.")
        )
        self.fields["upload"] = forms.FileField(
            label=_("File"),
            required=False,
            help_text=_("PDF, Office, EPUB, ZIP, picture or MP3, up to 20 MB."),
            widget=forms.FileInput,
        )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if "language" in found and found["language"] not in found.get("languages", ()):
            self.add_error("language", _("Choose one of the languages of the form."))
        if found.get("then") == Then.REDIRECT and not may_lead_to(self.form, found.get("redirect", "")):
            words = _("The address has to begin with https:// and lie on a domain of the site: %(domains)s.")
            domains = ", ".join(self.form.site.domains) or _("none is listed; add it to the site first")
            self.add_error("redirect", words % {"domains": domains})
        if found.get("then") == Then.FILE and not found.get("upload") and not self.content.file:
            self.add_error("upload", _("Choose the file that people get."))
        if found.get("confirm"):
            self._check_mail(found)
        return found

    def _check_mail(self, found: Mapping[str, Any]) -> None:
        if not settings.EMBUDO.mail_url:
            self.add_error(
                "confirm", _("No mail server is set up (EMBUDO_MAIL_URL), so nobody could be asked by mail.")
            )
        elif not found.get("sender"):
            self.add_error("sender", _("Write the address that the mail comes from."))

    def changed(self, file: int) -> Content:
        """Return the content as it was filled in, with this file."""
        found = self.cleaned_data
        texts = {name: self._texts(name) for name in ("title", "intro", "button", "thanks")}
        return replace(
            self.content, languages=tuple(code for code in LANGUAGES if code in found["languages"]),
            language=found["language"], means=Means(found["means"]), at_once=found["at_once"],
            business_mail=found["business_mail"], confirm=found["confirm"], sender=found["sender"],
            then=Then(found["then"]), redirect=found["redirect"], file=file, **texts,
        )  # fmt: skip

    def _texts(self, name: str) -> dict[str, str]:
        kept = dict(getattr(self.content, name))  # a language that is put away keeps its words
        kept |= {
            language: clean(self.cleaned_data.get(f"{name}.{language}", "")) for language in self.content.languages
        }
        return {language: words for language, words in kept.items() if words}


def _whole(form: Form, content: Content) -> dict[str, Any]:
    plain = {
        "name": form.name, "languages": list(content.languages), "language": content.language,
        "means": content.means.value, "at_once": content.at_once, "business_mail": content.business_mail,
        "confirm": content.confirm, "sender": content.sender, "then": content.then.value, "redirect": content.redirect,
    }  # fmt: skip
    for name in ("title", "intro", "button", "thanks"):
        plain |= {f"{name}.{language}": getattr(content, name).get(language, "") for language in content.languages}
    return plain
