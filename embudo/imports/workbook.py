"""How a workbook (XLSX) becomes a text file: one sheet, its cells as people see them. What could burst is refused."""

import csv
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from itertools import chain, islice
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from embudo.imports.reading import MOST_COLUMNS, BadFile, Reading
from embudo.imports.sniffing import SAMPLE_ROWS, decimal_of

NAMES = (".xlsx", ".xlsm")
MOST_BYTES = 400_000_000  # of all parts unpacked
MOST_PARTS = 2000
MOST_RATIO = 250  # of a part's size unpacked to packed, from SMALL on
SMALL = 20_000_000
MOST_ROWS = 1_048_576
MOST_CELLS = 20_000_000
PLACE = re.compile(rb'<c[^>]{0,200}?\br="([A-Z]{1,3})(\d{1,7})"')
CHUNK = 1 << 20
READ = Reading()  # how the text file is written that comes of it


def is_workbook(path: Path, *, called: str = "") -> bool:
    """Return whether a file is a workbook; raises BadFile when it is another archive, or is only called one."""
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise BadFile(_("This is a workbook of an old kind (.xls) or one with a password. Save it as .xlsx or .csv."))
    if not start.startswith(b"PK\x03\x04"):
        if called.lower().endswith(NAMES):
            raise BadFile(_("This is not an Excel file, though it is called one. Save it anew as .xlsx or .csv."))
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            if "xl/workbook.xml" in archive.namelist():
                return True
    except zipfile.BadZipFile as error:
        raise BadFile(_("This workbook is damaged. Open it and save it again.")) from error
    raise BadFile(_("This is a ZIP archive. Unpack it and bring in the files in it, one after the other."))


def sheets_of(path: Path) -> list[str]:
    """Return the names of the sheets; raises BadFile."""
    check(path)
    from python_calamine import CalamineWorkbook

    with _readable(), CalamineWorkbook.from_path(str(path)) as book:
        return list(book.sheet_names)


def to_text(path: Path, becomes: Path, *, sheet: str = "", decimal: str = "") -> str:
    """Write one sheet, the first if none is named, as a text file that READ reads, and return its decimal sign.

    Cells that are numbers are written with the decimal sign of the others, so that both are read alike: `decimal`, or
    the one that the cells of text have. Raises BadFile.
    """
    check(path)
    from python_calamine import CalamineWorkbook

    with _readable(), CalamineWorkbook.from_path(str(path)) as book:
        name = sheet if sheet in book.sheet_names else next(iter(book.sheet_names), "")
        if not name:
            raise BadFile(_("This workbook holds no sheet."))
        rows = book.get_sheet_by_name(name).iter_rows()
        start = list(islice(rows, SAMPLE_ROWS))
        decimal = decimal or _decimal_of(start)
        with becomes.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            for row in chain(start, rows):
                writer.writerow([text_of(cell, decimal) for cell in row])
    return decimal


def _decimal_of(rows: Sequence[Sequence[Any]]) -> str:
    columns = [[cell for cell in column if isinstance(cell, str)] for column in zip(*rows, strict=False)]
    return decimal_of(columns, european=False)[0]


def text_of(cell: Any, decimal: str = ".") -> str:
    """Return a cell as text: numbers with this decimal sign, whole ones without, dates in the form of ISO 8601."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer() and abs(cell) < 2**53:
            return str(int(cell))
        case float():
            return str(cell).replace(".", decimal)
        case datetime() if not (cell.hour or cell.minute or cell.second):
            return cell.date().isoformat()
        case datetime() | date() | time():
            return cell.isoformat()
        case _:
            return str(cell)


def check(path: Path) -> None:
    """Refuse a workbook that would fill the memory when it is unpacked; raises BadFile."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_BYTES:
                raise BadFile(_too_large())
            for part in parts:
                if part.file_size > SMALL and part.file_size > part.compress_size * MOST_RATIO:
                    raise BadFile(_too_large())
            for part in parts:
                if part.filename.startswith("xl/worksheets/"):
                    _check_sheet(archive, part)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        raise BadFile(_("This workbook is damaged. Open it and save it again.")) from error


def _check_sheet(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Look where cells stand: one in the last row and column makes a sheet of billions of empty ones."""
    columns, rows, unpacked = 0, 0, 0
    for chunk in _chunks(archive, part):
        unpacked += len(chunk)
        for letters, row in PLACE.findall(chunk):
            columns, rows = max(columns, _number(letters)), max(rows, int(row))
        if unpacked > MOST_BYTES or rows > MOST_ROWS or columns * rows > MOST_CELLS * 10:
            raise BadFile(_too_large())
    if columns > MOST_COLUMNS:
        words = _("the file has %(count)s columns; at most %(most)s can be read. Leave out those you do not need.")
        raise BadFile(words % {"count": columns, "most": MOST_COLUMNS})


def _chunks(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    rest = b""
    with archive.open(part) as file:
        while chunk := file.read(CHUNK):
            yield rest + chunk
            rest = chunk[-300:]


def _number(letters: bytes) -> int:
    found = 0
    for letter in letters:
        found = found * 26 + letter - 64
    return found


def _too_large() -> str:
    return _("This workbook unpacks to more than can be read. Save the sheet with the data as a CSV file.")


class _readable:
    """What the library raises, in words."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        from python_calamine import CalamineError, PasswordError

        if isinstance(error, PasswordError):
            raise BadFile(_("This workbook has a password. Save it without one.")) from error
        if isinstance(error, CalamineError):
            raise BadFile(_("This workbook is damaged. Open it and save it again.")) from error
