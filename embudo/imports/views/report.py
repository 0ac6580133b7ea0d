"""How each row fared, as a CSV file that no spreadsheet takes for formulas."""

import csv
from collections.abc import Iterator

from django.http import HttpRequest, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from embudo.accounts.permissions import require
from embudo.imports.report import BEGUN
from embudo.leads.models import ImportRow, ImportRun
from embudo.ui.cells import plain_cell


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
    heads = (_("row"), _("outcome"), _("reason"), _("words"), _("changes"))
    yield "\ufeff" + writer.writerow(heads)  # type: ignore[func-returns-value, operator]
    for row in ImportRow.objects.filter(run=record).exclude(outcome=BEGUN).order_by("row").iterator(chunk_size=2000):
        outcome = "new" if row.fresh and row.outcome == "accepted" else row.outcome
        changes = "; ".join(f"{name}: {was or ''} → {becomes}" for name, (was, becomes) in row.changes.items())
        cells = (str(row.row), outcome, row.reason, row.words, changes)
        yield writer.writerow([plain_cell(each) for each in cells])  # type: ignore[func-returns-value, misc]
