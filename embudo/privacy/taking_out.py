"""Everything about one person in one zip: one JSON for machines, tables that a spreadsheet opens, attached files.

It is long work, whose file is fetched when it is done.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from io import StringIO
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from embudo.eventlog import LogUnavailable
from embudo.leads import files
from embudo.leads.exported import file_of
from embudo.leads.models import Person, PersonFile
from embudo.leads.pointers import members
from embudo.leads.story import survivor_of
from embudo.privacy.everything import everything
from embudo.ui.cells import plain_cell
from embudo.work.kinds import Progress, Refused, Steps
from embudo.work.models import Job

LABEL, RESULT = gettext_lazy("Everything about a person, as files"), "privacy/_taken_out.html"
SHEETS = ("facts", "attributes", "consents", "opportunities", "changes_by_staff", "failed_events")
UNSAFE = re.compile(r"[^\w .()+-]")  # for names of files


def run(job: Job) -> Steps:
    """Write the zip into the job's folder; who begins anew after a crash writes it from the start."""
    draft = job.make_folder() / "draft"  # before anything is read: who is erased meanwhile takes the folder away
    person = Person.objects.filter(pk=int(job.wants["person"])).first()
    if person is None:
        raise Refused(_("This person is not here any more."))
    yield Progress(0, None)
    try:
        with draft.open("wb") as into:
            yield from write(survivor_of(person), into)
        draft.replace(file_of(job))
    except LogUnavailable as error:
        raise Refused(_("The log does not answer: %(why)s Try again when it does.") % {"why": error}) from error
    except FileNotFoundError as error:
        raise Refused(_("Somebody was erased while the file was written, so it is thrown away. Try again.")) from error
    return {"bytes": file_of(job).stat().st_size}


def write(person: Person, into: BinaryIO) -> Iterator[Progress]:
    """Write the zip: `person.json` with all of it, a CSV for each kind of row, and the files attached to the person."""
    told = everything(person)
    attached = list(PersonFile.objects.filter(person_id__in=members(person.id)).order_by("id"))
    sheets = {name: told[name] for name in SHEETS} | {"person": [told["person"]], "score": told["scores"]["because"]}
    sheets |= {f"tables/{label}": rows for label, rows in told["tables"].items()}
    count = 1 + len(sheets) + len(attached)
    with ZipFile(into, "w", ZIP_DEFLATED) as archive:
        archive.writestr("person.json", json.dumps(told, ensure_ascii=False, indent=2, default=str))
        yield Progress(1, count)
        for done, (name, rows) in enumerate(sheets.items(), 2):
            archive.writestr(f"{name}.csv", sheet(rows))
            yield Progress(done, count)
        for done, found in enumerate(attached, 2 + len(sheets)):
            with suppress(FileNotFoundError):  # its content was removed for good
                archive.write(files.path_of(found.key), f"files/{_safe(found)}")
            yield Progress(done, count)


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
