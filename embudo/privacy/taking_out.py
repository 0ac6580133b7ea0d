"""Everything about one person as files: one JSON for machines, and tables that a spreadsheet opens, in one zip."""

import csv
import json
from collections.abc import Iterable, Mapping
from io import BytesIO, StringIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from embudo.leads.models import Person
from embudo.privacy.everything import everything
from embudo.ui.cells import plain_cell

SHEETS = ("facts", "attributes", "consents", "opportunities", "changes_by_staff", "failed_events")


def files_of(person: Person) -> bytes:
    """Return the zip: `person.json` with all of it, and a CSV for each kind of row."""
    told = everything(person)
    held = BytesIO()
    with ZipFile(held, "w", ZIP_DEFLATED) as archive:
        archive.writestr("person.json", json.dumps(told, ensure_ascii=False, indent=2, default=str))
        archive.writestr("person.csv", sheet([told["person"]]))
        for name in SHEETS:
            archive.writestr(f"{name}.csv", sheet(told[name]))
        archive.writestr("score.csv", sheet(told["scores"]["because"]))
        for label, rows in told["tables"].items():
            archive.writestr(f"tables/{label}.csv", sheet(rows))
    return held.getvalue()


def sheet(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return rows as CSV with a header of all their names; lists and mappings as JSON; safe from formulas."""
    rows = list(rows)
    names = list(dict.fromkeys(name for row in rows for name in row))
    held = StringIO()
    writer = csv.writer(held)
    writer.writerow(plain_cell(name) for name in names)
    for row in rows:
        writer.writerow(plain_cell(_flat(row.get(name))) for name in names)
    return "\ufeff" + held.getvalue()  # Excel reads it as UTF-8 by this


def _flat(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else value
