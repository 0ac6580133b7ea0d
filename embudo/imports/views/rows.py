"""The rows of a run as pages list them: those of one outcome at a time, and how many there are of each."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from embudo.imports.consents import CONSENT
from embudo.imports.models import Kind, Upload
from embudo.imports.reason import Reason
from embudo.imports.report import ACCEPTED, FAILED, UNCHANGED
from embudo.imports.views.shown import NO_LABELS, called, place_words, shown_of, words_of
from embudo.leads.models import ImportRow, ImportRun
from embudo.ui import keyset

SIZE = 50
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
    said = answers_counted(record, upload) if upload else []
    footer = ImportRow.objects.filter(run=record, reason=Reason.FOOTER).first()
    shown = {"shown": shown_of(record, page.rows, upload, labels), "place": place_words(record, upload)}
    told = {"answers": said, "footer": words_of(record, footer) if footer else ""}
    return {"counts": counts, "chosen": chosen, "page": page, **shown, **told}


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
    names = called(codes)
    return [(names.get(code, code), found[f"yes_{n}"], found[f"no_{n}"]) for n, code in enumerate(codes)]


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
