"""Everything about one person in one zip: one JSON for machines, tables that a spreadsheet opens, attached files."""

import csv
import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from io import StringIO
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile

from embudo.leads import files
from embudo.leads.models import Person, PersonFile
from embudo.leads.story import members
from embudo.privacy.everything import everything
from embudo.ui.cells import plain_cell

SHEETS = ("facts", "attributes", "consents", "opportunities", "changes_by_staff", "failed_events")
UNSAFE = re.compile(r"[^\w .()+-]")  # for names of files


def write(person: Person, into: BinaryIO) -> None:
    """Write the zip: `person.json` with all of it, a CSV for each kind of row, and the files attached to the person."""
    told = everything(person)
    with ZipFile(into, "w", ZIP_DEFLATED) as archive:
        archive.writestr("person.json", json.dumps(told, ensure_ascii=False, indent=2, default=str))
        archive.writestr("person.csv", sheet([told["person"]]))
        for name in SHEETS:
            archive.writestr(f"{name}.csv", sheet(told[name]))
        archive.writestr("score.csv", sheet(told["scores"]["because"]))
        for label, rows in told["tables"].items():
            archive.writestr(f"tables/{label}.csv", sheet(rows))
        for found in PersonFile.objects.filter(person_id__in=members(person.id)).order_by("id"):
            with suppress(FileNotFoundError):  # its content was removed for good
                archive.write(files.path_of(found.key), f"files/{_safe(found)}")


def _safe(found: PersonFile) -> str:
    """The name of an attached file as every system unpacks it, with its number, so that no two have one."""
    return f"{found.pk} {UNSAFE.sub('_', files.name_of(found.name))}"


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
