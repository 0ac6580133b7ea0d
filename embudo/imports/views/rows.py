"""The rows of a run as pages show them: those of one outcome at a time, each with what it changes."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from embudo.imports.consents import CONSENT
from embudo.imports.models import Kind, Upload
from embudo.imports.reason import Reason
from embudo.imports.report import ACCEPTED, FAILED, UNCHANGED
from embudo.imports.run import COMPANIES
from embudo.leads.attribute import kind_of
from embudo.leads.models import Attribute, Company, ImportRow, ImportRun, Person
from embudo.leads.naming import label_of
from embudo.leads.showing import value_shown
from embudo.privacy.models import Purpose
from embudo.ui import keyset

SIZE = 50
NO_LABELS: Mapping[str, str] = {}
NEW, CHANGED, REMARKS = "new", "changed", "remarks"


def page_of(
    request: HttpRequest, record: ImportRun, upload: Upload | None, labels: Mapping[str, str] = NO_LABELS
) -> dict[str, Any]:
    """Return one page of a run's rows and the counts of all; `labels` are of attributes that are not there yet."""
    counts = counts_of(record)
    wanted = request.GET.get("rows", "")
    first = next((name for name, _words, count in counts if count), NEW)
    chosen = wanted if wanted in {name for name, _words, _count in counts} else first
    page = keyset.page(request, rows_of(record, chosen), order=("row",), size=SIZE)
    shown = [_shown(each, labels) for each in page.rows]
    said = answers_counted(record, upload) if upload else []
    footer = ImportRow.objects.filter(run=record, reason=Reason.FOOTER).first()
    told = {"answers": said, "footer": footer.words if footer else ""}
    return {"counts": counts, "chosen": chosen, "page": page, "shown": shown, **told}


def counts_of(record: ImportRun) -> list[tuple[str, str, int]]:
    """Return how many rows fared how: name, words, count."""
    if record.kind == Kind.VISITS:  # what was brought in before is counted, and has no rows
        return [
            (NEW, _("New"), record.fresh),
            (FAILED, _("Failed"), rows_of(record, FAILED).count()),
            (REMARKS, _("With a remark"), rows_of(record, REMARKS).count()),
        ]
    return [
        (NEW, _("New"), record.fresh),
        (CHANGED, _("Changed"), record.accepted - record.fresh),
        (UNCHANGED, _("Unchanged"), record.unchanged),
        (FAILED, pgettext("rows", "Failed"), record.failed),
        (REMARKS, _("With a remark"), rows_of(record, REMARKS).count()),
    ]


def answers_counted(record: ImportRun, upload: Upload) -> list[tuple[str, int, int]]:
    """Return of each purpose that columns of the file speak of how many rows agree to it, and how many withdraw."""
    columns = upload.how_mapped().consents() if upload.plan else []
    codes = list(dict.fromkeys(target.partition(":")[2] for _header, target in columns))
    rows = ImportRow.objects.filter(run=record, outcome=ACCEPTED)
    counts = {
        f"{answer}_{n}": Count("pk", filter=Q(**{f"changes__{CONSENT}{code}__1": answer == "yes"}))
        for n, code in enumerate(codes)
        for answer in ("yes", "no")
    }
    found = rows.aggregate(**counts) if counts else {}
    called = _called(codes)
    return [(called.get(code, code), found[f"yes_{n}"], found[f"no_{n}"]) for n, code in enumerate(codes)]


def _called(codes: Iterable[str]) -> dict[str, str]:
    return {each.code: str(each) for each in Purpose.objects.filter(code__in=list(codes))}


def rows_of(record: ImportRun, chosen: str) -> QuerySet[ImportRow]:
    """Return the rows of one outcome."""
    rows = ImportRow.objects.filter(run=record).select_related("run")
    match chosen:
        case "new":
            return rows.filter(outcome=ACCEPTED, fresh=True)
        case "changed":
            return rows.filter(outcome=ACCEPTED, fresh=False)
        case "remarks":
            return rows.filter(outcome=ACCEPTED).exclude(reason="")
        case _:
            return rows.filter(outcome=chosen)


def _shown(row: ImportRow, labels: Mapping[str, str]) -> dict[str, Any]:
    answers = {name.removeprefix(CONSENT): yes for name, (_was, yes) in row.changes.items() if name.startswith(CONSENT)}
    called = _called(answers) if answers else {}
    attributes = {each.name: each for each in Attribute.objects.filter(name__in=row.changes)}
    changes = []
    for name, (was, becomes) in row.changes.items():
        if name.startswith(CONSENT):
            continue
        attribute = attributes.get(name) or Attribute(
            name=name, label=labels.get(name, ""), kind=kind_of(name, becomes), standard=name not in labels
        )
        changes.append(
            (label_of(attribute), value_shown(attribute, was), value_shown(attribute, becomes), was is not None)
        )
    person = Person.objects.filter(pk=row.person).first() if row.person is not None else None
    company = Company.objects.filter(pk=row.person).first() if row.run.kind == COMPANIES else None
    consents = [(called.get(code, code), yes) for code, yes in answers.items()]
    return {"row": row, "changes": changes, "consents": consents, "person": person, "company": company}
