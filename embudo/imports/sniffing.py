"""What can be told of a file by looking at it: encoding, what stands between cells, headers, decimals, dates.

Everything is a proposal that people see with the first rows and may correct.
"""

import codecs
import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from embudo.imports.reading import CHUNK, NULL, BadFile, Reading, rows_of
from embudo.imports.values import ISO

SAMPLE_BYTES = 400_000
SAMPLE_ROWS = 400
DELIMITERS = ",;\t|"
OLD = ("cp1252", "mac_roman", "cp850", "cp1250", "cp1251")  # encodings of text that is not Unicode
ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", *OLD, "latin-1")  # that people may choose from
DATES = (  # how dates may be written; those before win where the values leave a choice
    ISO, "%Y/%m/%d", "%Y/%m/%d %H:%M:%S", "%d/%m/%Y", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y",
    "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M %p", "%m/%d/%Y, %I:%M %p", "%d/%m/%Y, %H:%M", "%d.%m.%Y",
    "%d.%m.%Y %H:%M",
    "%d-%m-%Y", "%d-%m-%Y %H:%M", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d/%m/%y", "%m/%d/%y",
)  # fmt: skip
ORDERS = ("%d/%m", "%m/%d")
MISSING = (  # texts that often mean "not known"
    "select", "n/a", "na", "#n/a", "null", "none", "nan", "-", "--", "(not set)", "not set", "undefined", "unknown",
    "sem informação", "não informado", "sin datos", "no informado", "(no value)", "[not provided]",
)  # fmt: skip
WESTERN = frozenset("áéíóúàèìòùâêîôûãõñçäëïöüåøæßÁÉÍÓÚÀÈÂÊÔÃÕÑÇÄÖÜÅØÆ¿¡ºª°€£–—’‘“”«»·©®")
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\ufffe\uffff]")  # what no text is made of
MOST_CONTROL = 0.02  # of all characters
WITH_SLASHES = re.compile(r"\d{1,2}/\d{1,2}/(\d{4}|\d{2})\b")
DIGITS = re.compile(r"\d")
NUMBER = re.compile(r"[-+]?[\d.,\s]*\d[\d.,\s]*")
COMMA_DECIMAL = re.compile(r"[-+]?(\d{1,3}(\.\d{3})+(,\d+)?|\d+,\d{1,2})")
POINT_DECIMAL = re.compile(r"[-+]?(\d{1,3}(,\d{3})+(\.\d+)?|\d+\.\d+)")


@dataclass(frozen=True, slots=True)
class Found:
    """A file as it was found: how to read it, and the first of its rows."""

    reading: Reading
    headers: list[str]
    rows: list[list[str]]
    decimal: str = "."
    dates: tuple[str, ...] = ()
    unsure_dates: bool = False  # 03/04 may be March or April
    unsure_decimal: bool = False  # 1.500 may be one and a half
    missing: tuple[str, ...] = ()


def look(path: Path, reading: Reading | None = None) -> Found:
    """Return what a text file is found to be; what `reading` says is taken as given. Raises BadFile."""
    if reading is None:
        encoding = encoding_of(path)
        text = _start(path, encoding)
        _check_text(path, encoding, text)
        text = text.replace(NULL, "")
        delimiter = delimiter_of(text)
        reading = Reading(encoding, delimiter, preamble_of(text, delimiter))
    headers, rows = first_rows(path, reading, SAMPLE_ROWS)
    columns = [[row[n] for row in rows if n < len(row) and row[n].strip()] for n in range(len(headers))]
    european = reading.delimiter == ";"
    decimal, unsure_decimal = decimal_of(columns, european=european)
    dates, unsure = dates_of(columns, european=european or decimal == ",")
    return Found(reading, headers, rows, decimal, dates, unsure, unsure_decimal, _missing(columns))


def first_rows(path: Path, reading: Reading, most: int) -> tuple[list[str], list[list[str]]]:
    """Return the headers and the first rows; raises BadFile."""
    try:
        lines = rows_of(path, reading)
        headers = next(lines, [])
        return headers, list(islice(lines, most))
    except (UnicodeError, LookupError) as error:
        from django.utils.translation import gettext as _

        words = _("The file is not written in %(encoding)s. Choose another encoding.")
        raise BadFile(words % {"encoding": reading.encoding.upper()}) from error


# -- encoding ------------------------------------------------------------------------------------------


def encoding_of(path: Path) -> str:
    """Return the encoding in which the whole file can be read."""
    with path.open("rb") as file:
        start = file.read(SAMPLE_BYTES)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if found := _without_mark(start):
        return found
    if _is(path, "utf-8"):
        return "utf-8-sig"
    best = _guessed(start)
    return best if _is(path, best) else next((each for each in OLD if _is(path, each)), "latin-1")


def _without_mark(start: bytes) -> str:
    """UTF-16 without a byte-order mark: every second byte of plain text is zero."""
    even, odd = start[0::2].count(0), start[1::2].count(0)
    half = len(start) // 2
    if half > 8 and odd > half * 0.6 and even < half * 0.1:
        return "utf-16-le"
    return "utf-16-be" if half > 8 and even > half * 0.6 and odd < half * 0.1 else ""


def _guessed(start: bytes) -> str:
    from charset_normalizer import from_bytes

    lines = [line for line in start.splitlines() if any(byte > 127 for byte in line)]
    marks = [letter for letter in b"\n".join(lines).decode("cp1252", "replace") if letter > "\x7f"]
    if sum(letter in WESTERN for letter in marks) > 0.95 * len(marks):
        return "cp1252"  # the same bytes are letters in other old encodings, too, but of fewer languages
    best = from_bytes(b"\n".join(lines[:500]), cp_isolation=list(OLD)).best()
    return best.encoding if best else "cp1252"


def _is(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while chunk := file.read(CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeError:
            return False
    return True


def _start(path: Path, encoding: str) -> str:
    with path.open("rb") as file:
        start = file.read(SAMPLE_BYTES)
    return codecs.getincrementaldecoder(encoding)("ignore").decode(start)


def _check_text(path: Path, encoding: str, text: str) -> None:
    """Refuse what no text is: a photograph, a program; some characters of control stray into text."""
    strange = len(text) > 50 and len(CONTROL.findall(text)) > MOST_CONTROL * len(text)
    if strange or (encoding.startswith("utf-16") and not _is(path, encoding)):
        from django.utils.translation import gettext as _

        raise BadFile(_("This is no text. Bring in a CSV or Excel (.xlsx) file."))


# -- cells and headers -----------------------------------------------------------------------------------


def delimiter_of(text: str) -> str:
    """Return what stands between the cells of most lines alike."""
    return max(DELIMITERS, key=lambda each: _evenness(text, each))


def _evenness(text: str, delimiter: str) -> float:
    widths = [len(row) for row in _parsed(text, delimiter)[:100] if row]
    wide = Counter(width for width in widths if width > 1)
    if not wide:
        return 0.0
    width, count = max(wide.items(), key=lambda each: (each[1], each[0]))
    return count / len(widths) + min(width, 50) / 1000


def preamble_of(text: str, delimiter: str) -> int:
    """Return how many lines stand before the headers: they are the first line as wide as most rows, and of words."""
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    starts: list[tuple[int, list[str]]] = []
    before = 0
    try:
        for row in islice(reader, 60):
            starts.append((before, row))
            before = reader.line_num
    except csv.Error:
        pass
    widths = Counter(len(row) for _line, row in starts if len(row) > 1)
    usual = max(widths.items(), key=lambda each: (each[1], each[0]), default=(1, 0))[0]
    for line, row in starts:
        if len(row) >= usual * 0.8 and _is_header(row):
            return line
    return 0


def _is_header(row: Sequence[str]) -> bool:
    filled = [cell for cell in row if cell.strip()]
    return len(filled) > len(row) / 2 and sum(not NUMBER.fullmatch(cell[:50]) for cell in filled) > len(filled) * 0.7


def _parsed(text: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(text.splitlines(keepends=True), delimiter=delimiter):
            rows.append(row)
            if len(rows) >= 100:
                break
    except csv.Error:
        pass
    return rows


# -- values ----------------------------------------------------------------------------------------------


def decimal_of(columns: Sequence[Sequence[str]], *, european: bool = True) -> tuple[str, bool]:
    """Return the decimal sign of these columns, and whether it could be the other one."""
    cells = [
        cell.strip().lstrip("R$€£ ")
        for column in columns
        for cell in column[:50]
        if len(cell) < 50 and DIGITS.search(cell)
    ]
    fits = Counter((bool(COMMA_DECIMAL.fullmatch(cell)), bool(POINT_DECIMAL.fullmatch(cell))) for cell in cells)
    commas, points = fits[True, False], fits[False, True]
    if commas != points:
        return ("," if commas > points else "."), False
    unsure = fits[True, True] > 0 or commas > 0
    return ("," if unsure and european else "."), unsure


def dates_of(columns: Sequence[Sequence[str]], *, european: bool = True) -> tuple[tuple[str, ...], bool]:
    """Return how the dates of these columns are written, and whether day and month could be the other way round."""
    found: dict[str, None] = {}
    unsure = False
    for column in columns:
        fitting = date_formats(column)
        if len(fitting) > 1 and any("%d/%m" in each for each in fitting) and any("%m/%d" in each for each in fitting):
            first = _which_first(column, fitting)
            unsure = unsure or not first
            first = first or ("%d/%m" if european else "%m/%d")
            fitting = sorted(fitting, key=lambda each: first not in each)
        for each in fitting[:1]:
            found[each] = None
    return tuple(found), unsure


def _which_first(column: Sequence[str], fitting: Sequence[str]) -> str:
    """What stands first, day or month, where some values can be read in one way only; "" where they do not agree."""
    said: set[str] = set()
    for cell in column:
        ways = {order for order in ORDERS for form in fitting if order in form and _is_date(cell.strip(), form)}
        if len(ways) == 1:
            said |= ways
    return said.pop() if len(said) == 1 else ""


def date_formats(column: Sequence[str]) -> list[str]:
    """Return the forms in which nearly every value of a column is a date; days that no calendar has count for none."""
    cells = [cell.strip() for cell in column[:60]]
    first = cells[:5]
    if not cells or sum(6 <= len(cell) <= 40 and bool(DIGITS.search(cell)) for cell in first) < min(len(first), 4):
        return []
    real = [cell for cell in cells if not _impossible(cell)]
    if len(real) > len(cells) / 2:
        cells = real
    fitting = [form for form in DATES if sum(_is_date(cell, form) for cell in cells) >= 0.9 * len(cells)]
    return [form for form in fitting if form != ISO or not all(cell.isdigit() for cell in cells)]


def _impossible(text: str) -> bool:
    """Whether a text is written as a date that no calendar has, such as 31/02/2026."""
    day = WITH_SLASHES.match(text)
    return day is not None and not any(_is_date(day[0], f"{order}/{year}") for order in ORDERS for year in ("%Y", "%y"))


def _is_date(text: str, form: str) -> bool:
    try:
        found = datetime.fromisoformat(text) if form == ISO else datetime.strptime(text, form)
    except ValueError:
        return False
    return 1900 <= found.year <= 2200


def _missing(columns: Sequence[Sequence[str]]) -> tuple[str, ...]:
    found = {cell.strip() for column in columns for cell in column if cell.strip().casefold() in MISSING}
    return tuple(sorted(found))


@dataclass
class Column:
    """What the first values of one column look like."""

    header: str
    values: list[str] = field(default_factory=list)

    @property
    def distinct(self) -> int:
        """How many different values there are."""
        return len(set(self.values))


def columns_of(found: Found) -> list[Column]:
    """Return the columns with their values, without empty ones and those that mean "not known"."""
    missing = set(found.missing)
    return [
        Column(header, [row[n].strip() for row in found.rows if n < len(row) and row[n].strip() not in missing | {""}])
        for n, header in enumerate(found.headers)
    ]
