"""One row of a run as people read it: where it stands, what was said of it, and what it changes or recorded."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from embudo.imports.consents import CONSENT
from embudo.imports.models import Kind, Upload
from embudo.imports.plan import Plan
from embudo.imports.recorded import DEAL, Changes, recorded_by
from embudo.imports.report import ACCEPTED, FAILED, LONGEST, UNCHANGED, WORDS
from embudo.imports.row import MEANINGS
from embudo.imports.run import COMPANIES
from embudo.imports.targets import DEAL as PLACES
from embudo.imports.weblog.figures import damage_words
from embudo.imports.words import told
from embudo.leads.attribute import kind_of
from embudo.leads.models import Attribute, Company, ImportRow, ImportRun, Person
from embudo.leads.naming import LOSSES, label_of
from embudo.leads.record import the_log
from embudo.leads.showing import value_shown
from embudo.privacy.models import Purpose
from embudo.ui import figures

NO_LABELS: Mapping[str, str] = {}
Change = tuple[str, str, str, bool]  # what it is called, the value before, the value now, whether there was one


@dataclass(frozen=True, slots=True)
class Shown:
    """One row, in words."""

    row: ImportRow
    words: str
    changes: list[Change]
    consents: list[tuple[str, bool]]  # a purpose, and whether they agree to it
    person: Person | None
    company: Company | None

    @property
    def place(self) -> int:
        """Where it stands in the file; rows of before that was noted are counted behind the headers."""
        return self.row.row if self.row.line is None else self.row.line


def shown_of(
    record: ImportRun, rows: Sequence[ImportRow], upload: Upload | None, labels: Mapping[str, str] = NO_LABELS
) -> list[Shown]:
    """Return these rows as they are shown; `labels` are of attributes that are not there yet."""
    recorded = {} if record.dry_run else recorded_by(the_log(), record, rows)
    changes = {row.pk: _changes_of(row, recorded.get(row.pk, {})) for row in rows}
    names = {name for told in changes.values() for name in told}
    write = _Writer(names, labels, Plan(**upload.plan) if upload and upload.plan else None)
    ids = [row.person for row in rows if row.person is not None]
    companies = Company.objects.in_bulk(ids) if record.kind == COMPANIES else {}
    people = {} if record.kind == COMPANIES else Person.objects.in_bulk(ids)
    return [
        Shown(
            row, words_of(record, row), write.changes(changes[row.pk]), write.consents(changes[row.pk]),
            people.get(row.person), companies.get(row.person),
        )
        for row in rows
    ]  # fmt: skip


def place_words(record: ImportRun, upload: Upload | None) -> str:
    """Return what the place of a row in the file is called."""
    noted = any(line is not None for line in record.report.order_by().values_list("line", flat=True)[:1])
    return _("Line") if noted and upload is not None and not upload.sheets else _("Row")


def outcome_words() -> dict[str, str]:
    """Return what the outcomes of rows are called."""
    return {
        "new": _("New"), ACCEPTED: _("Changed"), UNCHANGED: _("Unchanged"), FAILED: pgettext("rows", "Failed"),
    }  # fmt: skip


def consent_words(purpose: str, *, yes: bool) -> str:
    """Return what somebody says of a purpose."""
    words = _("agrees to “%(purpose)s”") if yes else _("withdraws from “%(purpose)s”")
    return words % {"purpose": purpose}


def called(codes: Iterable[str]) -> dict[str, str]:
    """Return what purposes are called, by their codes."""
    return {each.code: str(each) for each in Purpose.objects.filter(code__in=list(codes))}


def _changes_of(row: ImportRow, recorded: Changes) -> Changes:
    """What a row changed of what was there; of what is new, all that it recorded."""
    differs = any(":" not in name for name in row.changes)
    return {name: each for name, each in recorded.items() if ":" in name or not differs} | row.changes


def words_of(record: ImportRun, row: ImportRow) -> str:
    """What was said of a row, in the reader's language; what was kept before its parts were stays as it is."""
    if record.kind == Kind.VISITS and row.outcome == FAILED:
        return damage_words().get(row.reason, row.words)
    return told(row.said)[:WORDS] if row.said else row.words


class _Writer:
    """Writes what the rows of a page change."""

    def __init__(self, names: Iterable[str], labels: Mapping[str, str], plan: Plan | None) -> None:
        self.labels = labels
        self.zone = ZoneInfo(plan.zone) if plan else timezone.get_current_timezone()
        self.attributes = {each.name: each for each in Attribute.objects.filter(name__in=list(names))}
        self.purposes = called(name.removeprefix(CONSENT) for name in names if name.startswith(CONSENT))
        own = {said["target"]: said.get("label", "") for said in plan.columns.values()} if plan else {}
        self.places = {**own, **dict(PLACES)}

    def changes(self, said: Changes) -> list[Change]:
        """Return the attributes and the parts of an opportunity."""
        of_deal = {name.removeprefix(DEAL): now for name, (_was, now) in said.items() if name.startswith(DEAL)}
        found = [
            (self._place(name), "", text, False) for name, value in of_deal.items() if (text := self._part(name, value))
        ]
        if "amount" in of_deal and "currency" in of_deal:
            amount, currency = self._place("amount"), str(of_deal["currency"])
            found = [
                (label, was, f"{text} {currency}" if label == amount else text, known)
                for label, was, text, known in found
                if label != self._place("currency")
            ]
        return found + [self._attribute(name, *values) for name, values in said.items() if ":" not in name]

    def consents(self, said: Changes) -> list[tuple[str, bool]]:
        """Return what is said of purposes."""
        codes = {name.removeprefix(CONSENT): yes for name, (_was, yes) in said.items() if name.startswith(CONSENT)}
        return [(self.purposes.get(code, code), yes) for code, yes in codes.items()]

    def _attribute(self, name: str, was: Any, becomes: Any) -> Change:
        attribute = self.attributes.get(name) or Attribute(
            name=name, label=self.labels.get(name, ""), kind=kind_of(name, becomes), standard=name not in self.labels
        )
        before, now = (value_shown(attribute, each) for each in (was, becomes))
        return label_of(attribute), before, now, was is not None

    def _place(self, name: str) -> str:
        return str(self.places.get(f"{DEAL}{name}") or name.replace("_", " "))

    def _part(self, name: str, value: Any) -> str:
        match name:
            case "opened" | "closed":
                return self._moment(value)
            case "status":
                return str(MEANINGS.get(value, value))
            case "reason":
                return str(LOSSES.get(value, value))
        return value_shown(Attribute(name=name, kind=kind_of(name, value)), value)

    def _moment(self, at: int) -> str:
        """An instant; a date that came without a time is that date, wherever the reader is."""
        moment = figures.moment_of(at)
        there = moment.astimezone(self.zone)
        if not (there.hour or there.minute or there.second):
            return formats.date_format(there.date(), "DATE_FORMAT")
        return figures.exact(moment)


def cut(text: str) -> str:
    """Return a value as short as a report repeats it."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
