"""The list of people as a file, CSV or XLSX: what stands in each column, and how many people are written with little
memory. A few at once, many as long work.
"""

import csv
import io
from array import array
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from embudo.leads import columns, tags
from embudo.leads.clock import now
from embudo.leads.countries import country_called
from embudo.leads.exported import file_of
from embudo.leads.models import Attribute, Person
from embudo.leads.naming import label_of, source_called
from embudo.leads.queries import scores
from embudo.leads.selection import Selection
from embudo.leads.showing import BadValue
from embudo.leads.templatetags.leads import employer
from embudo.ui.cells import plain_cell
from embudo.ui.figures import moment_of
from embudo.ui.stages import stage_of
from embudo.work.kinds import Progress, Refused, Steps
from embudo.work.models import Job

LABEL, RESULT = gettext_lazy("An export of people"), "leads/_exported.html"
PORTION = 500
MOST_ROWS = 1_048_575  # of an XLSX sheet, its head left out
CELL_LENGTH = 32_767  # letters of an XLSX cell
FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a portion of people beside their rows."""

    scores: Mapping[int, float]
    tags: Mapping[int, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Field:
    """One column of the file."""

    head: str
    value: Callable[[Person, Told], Any]


def _when(at: int, known: bool) -> str:
    return moment_of(at).strftime("%Y-%m-%d %H:%M:%S") if known else ""


def _column(name: str) -> Callable[[Person, Told], Any]:
    return lambda person, told: getattr(person, name)


VALUES: dict[str, Callable[[Person, Told], Any]] = {
    "company": lambda person, told: employer(person),
    "title": _column("title"),
    "stage": lambda person, told: str(stage_of(person.stage).label),
    "fit": _column("fit"),
    "engagement": lambda person, told: round(told.scores.get(person.id, 0.0), 1),
    "seen": lambda person, told: _when(person.last_seen_at, person.last_seen_known),
    "new": lambda person, told: _when(person.first_seen_at, person.first_seen_known),
    "source": lambda person, told: source_called(person.source),
    "campaign": _column("campaign"),
    "last_source": lambda person, told: source_called(person.last_source),
    "mail": _column("mail"),
    "phone": _column("phone"),
    "place": lambda person, told: ", ".join(part for part in (person.city, country_called(person.country)) if part),
    "industry": _column("industry"),
    "owner": lambda person, told: str(person.owner or ""),
    "tags": lambda person, told: "; ".join(told.tags.get(person.id, ())),
    "events": _column("events"),
}


def fields(keys: Collection[str], *, everything: bool = False) -> list[Field]:
    """Return the columns of the file: name, mail and those with these keys; or all, with every attribute."""
    shown = [each for each in columns.COLUMNS if everything or each.key in keys]
    found = [Field(_("Name"), _column("name")), Field(_("E-mail"), VALUES["mail"])]
    found += [Field(str(each.label), VALUES[each.key]) for each in shown if each.key != "mail" and each.key in VALUES]
    if everything:
        found += [Field(label_of(each), _attribute(each.name)) for each in Attribute.objects.filter(hidden=False)]
    return found


def table(ids: Sequence[int], fields: Sequence[Field]) -> Iterator[list[Any]]:
    """Yield the rows of these people, in their order, without the head."""
    for start in range(0, len(ids), PORTION):
        portion = list(ids[start : start + PORTION])
        found = Person.objects.select_related("company", "owner").defer("search").in_bulk(portion)
        told = Told(scores.now_of(found.values(), now()), tags.of(portion))
        for each in portion:
            if each in found:
                yield [field.value(found[each], told) for field in fields]


def csv_lines(ids: Sequence[int], fields: Sequence[Field]) -> Iterator[bytes]:
    """Yield the lines of a CSV file that spreadsheets read as UTF-8, where no cell is a formula."""
    line = io.StringIO()
    writer = csv.writer(line)
    line.write("\ufeff")
    writer.writerow([plain_cell(field.head) for field in fields])
    for row in table(ids, fields):
        yield _taken(line)
        writer.writerow([plain_cell(value) for value in row])
    yield _taken(line)


def write_xlsx(
    out: Any, rows: Iterator[list[Any]], fields: Sequence[Field], folder: Path | None = None
) -> Iterator[int]:
    """Write an XLSX file row by row, where texts are texts and never formulas; yield how many rows there are so far."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, {**options, **({"tmpdir": str(folder)} if folder else {})}) as book:
        sheet = book.add_worksheet(_("People")[:31])
        bold, count = book.add_format({"bold": True}), 0
        for place, field in enumerate(fields):
            sheet.write_string(0, place, field.head[:CELL_LENGTH], bold)
        sheet.freeze_panes(1, 0)
        for count, row in enumerate(rows, start=1):
            for place, value in enumerate(row):
                _write_cell(sheet, count, place, value)
            yield count


# -- long work ---------------------------------------------------------------------------------------


def about(job: Job) -> str:
    """Return who they are, in the reader's language."""
    try:
        return Selection(query=job.wants["query"], everybody=True).words()
    except BadValue:
        return job.about


def run(job: Job) -> Steps:
    """Write the file into the job's folder; who begins anew after a crash writes it from the start."""
    ids = array("q")
    try:
        for portion in Selection(query=job.wants["query"], everybody=True).portions(sort=job.wants["sort"]):
            ids.extend(portion)
            yield Progress(0, None)
    except BadValue as error:
        raise Refused(str(error)) from error
    if job.wants["format"] == "xlsx" and len(ids) > MOST_ROWS:
        raise Refused(_("A sheet of XLSX holds at most 1,048,575 people. Export as CSV, or filter the list."))
    draft = job.make_folder() / "draft"
    wanted = fields(job.wants["columns"], everything=job.wants["all"])
    if job.wants["format"] == "csv":
        with draft.open("wb") as out:
            for count, line in enumerate(csv_lines(ids, wanted)):
                out.write(line)
                yield Progress(min(count, len(ids)), len(ids))
    else:
        for count in write_xlsx(str(draft), table(ids, wanted), wanted, job.folder):
            yield Progress(count, len(ids))
    try:
        draft.replace(file_of(job))
    except FileNotFoundError as error:
        raise Refused(_("Somebody was erased while the file was written, so it is thrown away. Try again.")) from error
    return {"rows": len(ids), "format": job.wants["format"]}


def _attribute(name: str) -> Callable[[Person, Told], Any]:
    def value(person: Person, told: Told) -> Any:
        found = person.attributes.get(name)
        return "; ".join(str(each) for each in found) if isinstance(found, list) else found

    return value


def _write_cell(sheet: Any, row: int, place: int, value: Any) -> None:
    if isinstance(value, bool):
        sheet.write_boolean(row, place, value)
    elif isinstance(value, int | float):
        sheet.write_number(row, place, value)
    elif value is not None and value != "":
        sheet.write_string(row, place, str(value)[:CELL_LENGTH])


def _taken(line: io.StringIO) -> bytes:
    text = line.getvalue()
    line.seek(0)
    line.truncate()
    return text.encode("utf-8", "replace")
