"""What people fill in on the way of a file: the file itself, how it is read, and what its columns are."""

import re
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from embudo.capture.models import Site
from embudo.collector.spelling import snake_case
from embudo.imports.guessing import OPPORTUNITIES
from embudo.imports.models import Kind
from embudo.imports.plan import STATUSES, Plan
from embudo.imports.reading import Reading
from embudo.imports.row import hashed
from embudo.imports.sniffing import DATES, ENCODINGS
from embudo.imports.targets import KINDS, NEW, groups_of
from embudo.imports.values import example
from embudo.imports.weblog.visits import domain_of
from embudo.leads.attribute import kinds_there

MOST_BYTES = 200_000_000
DELIMITERS = (
    (",", gettext_lazy("comma")), (";", gettext_lazy("semicolon")), ("\t", gettext_lazy("tab")), ("|", "|")
)  # fmt: skip
NO_DATES = "none"
NAMES = {
    "utf-8-sig": "Unicode (UTF-8)", "utf-16": "Unicode (UTF-16)", "utf-16-le": "Unicode (UTF-16 LE)",
    "utf-16-be": "Unicode (UTF-16 BE)", "cp1252": gettext_lazy("Windows, western (cp1252)"),
    "mac_roman": gettext_lazy("Mac, western (mac_roman)"), "cp850": gettext_lazy("DOS, western (cp850)"),
    "cp1250": gettext_lazy("Windows, central Europe (cp1250)"), "cp1251": gettext_lazy("Windows, Cyrillic (cp1251)"),
    "latin-1": gettext_lazy("Latin, western (latin-1)"),
}  # fmt: skip


class UploadForm(forms.Form):
    """A file, and what it holds."""

    file = forms.FileField(
        label=gettext_lazy("File"), max_length=400,
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,.log,.gz"}),
        help_text=gettext_lazy(
            "CSV or Excel (.xlsx), as the other product exports it, unchanged; or an access log, plain or .gz."
        ),
    )  # fmt: skip
    kind = forms.ChoiceField(
        label=gettext_lazy("The file holds"), choices=Kind.choices, initial=Kind.PEOPLE, widget=forms.RadioSelect
    )

    def clean_file(self) -> Any:
        """Refuse what is empty or too large to be read."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            words = _("The file is larger than %(most)s MB. Split it, and bring the parts in one after the other.")
            raise forms.ValidationError(words % {"most": MOST_BYTES // 1_000_000})
        return file


def file_name(given: str) -> str:
    """Return the bare name of a file, whatever path or control characters come with it."""
    bare = PureWindowsPath(PurePosixPath(given).name).name
    return re.sub(r"[\x00-\x1f\x7f]", "", bare).strip().strip(".")[:200] or _("file")


class ReadingForm(forms.Form):
    """How the file is written: what was found, to be confirmed or corrected."""

    sheet = forms.ChoiceField(label=gettext_lazy("Sheet"))
    encoding = forms.ChoiceField(label=gettext_lazy("Encoding"), choices=[(each, NAMES[each]) for each in ENCODINGS])
    delimiter = forms.ChoiceField(label=gettext_lazy("Between cells"), choices=DELIMITERS)
    skip_lines = forms.IntegerField(label=gettext_lazy("Lines before the headers"), min_value=0, max_value=200)
    decimal = forms.ChoiceField(
        label=gettext_lazy("Decimal sign"), choices=[(".", "1,234.50"), (",", "1.234,50")], initial="."
    )
    dates = forms.ChoiceField(label=gettext_lazy("Dates are written"))
    zone = forms.CharField(label=gettext_lazy("Time zone of the dates"), max_length=60)
    country = forms.CharField(
        label=gettext_lazy("Country of phone numbers without one"), max_length=2, required=False,
        widget=forms.TextInput(attrs={"placeholder": "MX", "size": "4"}),
    )  # fmt: skip

    def __init__(self, *args: Any, sheets: list[str], dates: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sheet"].choices = [(each, each) for each in sheets]
        forms_of = [NO_DATES, *dict.fromkeys(["|".join(dates)] if dates else []), *DATES]
        self.fields["dates"].choices = [(each, _dates_shown(each)) for each in dict.fromkeys(forms_of)]
        if sheets:
            for name in ("encoding", "delimiter"):
                del self.fields[name]
        else:
            del self.fields["sheet"]

    def clean_zone(self) -> str:
        """Refuse what is no time zone."""
        zone = str(self.cleaned_data["zone"])
        if zone not in available_timezones():
            raise forms.ValidationError(
                _("“%(zone)s” is no time zone. Write one such as America/Bogota.") % {"zone": zone}
            )
        return zone

    def clean_country(self) -> str:
        """Refuse what is no country with phone numbers."""
        import phonenumbers

        country = str(self.cleaned_data["country"]).upper()
        if country and country not in phonenumbers.SUPPORTED_REGIONS:
            raise forms.ValidationError(
                _("“%(country)s” is no country. Write its two letters, such as MX.") % {"country": country}
            )
        return country

    def reading(self, before: Reading) -> Reading:
        """Return how the file is to be read."""
        said = self.cleaned_data
        return Reading(
            said.get("encoding") or before.encoding,
            said.get("delimiter") or before.delimiter,
            said["skip_lines"],
            said.get("sheet", ""),
        )

    def fill(self, plan: Plan) -> None:
        """Note in the plan what is said of dates and numbers."""
        said = self.cleaned_data
        plan.decimal, plan.zone, plan.country = said["decimal"], said["zone"], said["country"]
        plan.dates = [each for each in said["dates"].split("|") if each != NO_DATES]


def _dates_shown(form: str) -> str:
    return ", ".join(example(each) for each in form.split("|")) if form != NO_DATES else _("there are none")


class PlaceForm(forms.Form):
    """Of which site an access log is."""

    site = forms.ModelChoiceField(
        queryset=Site.objects.filter(archived_at=None), to_field_name="public_id", empty_label=None,
        label=gettext_lazy("The log is of the site"),
    )  # fmt: skip
    domain = forms.CharField(
        label=gettext_lazy("Domain of its pages"), max_length=253, required=False,
        help_text=gettext_lazy("A log does not say it. Empty: the first domain of the site."),
        widget=forms.TextInput(attrs={"placeholder": "norte.example", "autocapitalize": "none", "spellcheck": "false"}),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Find the domain; refuse what is none."""
        given = super().clean() or {}
        site, text = given.get("site"), given.get("domain", "")
        given["domain"] = domain_of(text or next(iter(site.domains if site else ()), ""))
        if text and not given["domain"]:
            words = _("“%(domain)s” is no domain. Write one such as norte.example.")
            self.add_error("domain", words % {"domain": text})
        elif site and not given["domain"]:
            self.add_error("domain", _("The site has no domain yet. Write the one its pages have."))
        return given


MEANINGS = {"agree": gettext_lazy("they agree"), "refuse": gettext_lazy("they withdrew or refused"),
            "": gettext_lazy("neither")}  # fmt: skip


def answers_asked(plan: Plan) -> list[tuple[str, str, str, str]]:
    """Return what a page asks of the values of consents: the name of the field, the column, the value, what it says."""
    return [
        (f"answer-{hashed([header, value])}", header, value, plan.answers[header][value])
        for header in plan.columns
        for value in sorted(plan.answers.get(header, {}))
    ]


def statuses_asked(plan: Plan) -> list[tuple[str, str, str]]:
    """Return what a page asks of the statuses of opportunities: the name of the field, the value, what it means."""
    header = "".join(plan.of("deal:status")[:1])
    return [(f"status-{hashed([header, value])}", value, said) for value, said in plan.statuses.items()]


def unseen(post: QueryDict, plan: Plan) -> list[str]:
    """Return what is still to be looked at: values whose meaning the page that was sent did not show."""
    words = _("Look at what each value of “%(column)s” means for consent, below.")
    hidden = {header: None for name, header, _value, _said in answers_asked(plan) if name not in post}
    found = [words % {"column": header} for header in hidden]
    if any(name not in post for name, _value, _said in statuses_asked(plan)):
        found.append(_("Look at what each status means, below."))
    return found


def read_plan(given: QueryDict, plan: Plan, kind: str) -> Plan:
    """Return the plan as a form of columns says it; what it says of no column is left out."""
    post = {name: given.get(name, "").replace("\0", "") for name in given}  # which JSON of PostgreSQL cannot hold
    places = {target for _label, group in groups_of(kind) for target, _words in group}
    kinds = {name for name, _words in KINDS}
    columns = {}
    for number, header in enumerate(plan.columns):
        target, said = post.get(f"target-{number}", ""), post.get(f"kind-{number}", "text")
        label = post.get(f"label-{number}", "").strip()[:100] or header[:100]
        before = plan.columns[header]
        if target == NEW:
            kept = before["target"] if before["target"] not in places and label == (before["label"] or header) else ""
            name = snake_case(label)[:60] or f"column_{number + 1}"
            target = kept or f"{'deal' if kind == OPPORTUNITIES else 'attr'}:{name}"
        elif target not in places and target != before["target"]:
            target = ""
        columns[header] = {
            "target": target,
            "kind": said if said in kinds else "text",
            "label": label if target not in places else "",
            "separator": before.get("separator") or ";",
        }
    plan.columns = columns
    plan.obey(kinds_there())
    plan.name = snake_case(post.get("name", ""))[:40].replace("_", "-") or plan.name
    plan.missing = [each.strip() for each in post.get("missing", "").split("|") if each.strip()][:50]
    plan.only_empty, plan.create = post.get("only_empty") == "on", post.get("create") == "on"
    plan.currency = post.get("currency", "").strip().upper()[:3]
    plan.key = [header for header in plan.key if header in columns]
    plan.key = plan.key or (plan.of("deal:id") if kind == OPPORTUNITIES else plan.of("id"))[:1]
    skip = plan.of("skip")[:1]
    plan.skip = {"column": skip[0], "in": plan.skip.get("in") or ["true", "TRUE", "True", "1"]} if skip else {}
    plan.consents_from = post.get("consents_from", plan.consents_from).strip()[:500]
    for name, header, value, said in answers_asked(plan):
        meaning = post.get(name, said)
        plan.answers[header][value] = meaning if meaning in MEANINGS else said
    for name, value, said in statuses_asked(plan):
        meaning = post.get(name, said)
        plan.statuses[value] = meaning if meaning in STATUSES else ""
    return plan
