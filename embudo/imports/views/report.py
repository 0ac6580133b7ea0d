"""How each row fared, as a CSV file that no spreadsheet takes for formulas."""

import csv
from collections.abc import Iterator
from itertools import islice

from django.http import HttpRequest, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from embudo.accounts.permissions import require
from embudo.imports.views.shown import Shown, consent_words, cut, outcome_words, place_words, shown_of
from embudo.leads.models import ImportRow, ImportRun
from embudo.ui.cells import plain_cell

PORTION = 500  # rows at once


@require("imports.see")
@require_GET
def download(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """Send the report of one run."""
    record = get_object_or_404(ImportRun, pk=pk, dry_run=False)
    response = StreamingHttpResponse(_lines(record), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="import-{record.pk}.csv"'
    return response


class _Echo:
    """A file that gives back what is written."""

    def write(self, text: str) -> str:
        return text


def _lines(record: ImportRun) -> Iterator[str]:
    writer = csv.writer(_Echo())
    upload, outcomes = getattr(record, "upload", None), outcome_words()
    heads = (place_words(record, upload), _("outcome"), _("reason"), _("words"), _("changes"))
    yield "\ufeff" + writer.writerow(heads)  # type: ignore[func-returns-value, operator]
    rows = ImportRow.objects.filter(run=record).order_by("row").iterator(chunk_size=PORTION)
    while some := list(islice(rows, PORTION)):
        for each in shown_of(record, some, upload):
            outcome = "new" if each.row.fresh and each.row.outcome == "accepted" else each.row.outcome
            cells = (str(each.place), outcomes.get(outcome, outcome), each.row.reason, each.words, _changes(each))
            yield writer.writerow([plain_cell(cell) for cell in cells])  # type: ignore[func-returns-value, misc]


def _changes(shown: Shown) -> str:
    told = [
        f"{label}: {cut(was)} → {cut(becomes)}" if known else f"{label}: {cut(becomes)}"
        for label, was, becomes, known in shown.changes
    ]
    return "; ".join([*told, *(consent_words(purpose, yes=yes) for purpose, yes in shown.consents)])
