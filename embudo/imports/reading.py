"""How a file is read: its encoding, what stands between cells, where the headers are; and its rows.

A workbook (XLSX) becomes a text file first (workbook.py), so that everything behind reads one kind of file.
"""

import codecs
import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

from django.utils.translation import gettext as _

CHUNK = 1 << 20  # bytes looked through at a time
MOST_COLUMNS = 1000
MOST_FOOTER = 20  # lines below the rows
MOST_LINES = 100  # of one record: a cell may hold line breaks
MOST_CHARACTERS = 1_000_000
NULL = "\0"
csv.field_size_limit(2 * MOST_CHARACTERS)


class BadFile(ValueError):
    """A file cannot be used; the message says what is wrong with it and what to do."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is written."""

    encoding: str = "utf-8-sig"
    delimiter: str = ","
    skip_lines: int = 0  # before the headers
    sheet: str = ""  # of a workbook


class Record(list[str]):
    """The cells of a row, which knows in which line of the file it begins; of a workbook, its row of the sheet.

    `cleaned` tells that its lines held NULs, which were left out.
    """

    __slots__ = ("cleaned", "line")
    line: int
    cleaned: bool


def rows_of(
    path: Path, reading: Reading, *, of_sheet: bool = False, footer: list[list[str]] | None = None
) -> Iterator[list[str]]:
    """Yield the headers, each once, and then the rows, each a Record; raises BadFile.

    Empty lines are left out, and a footer, whose records are added to `footer` in the end. `of_sheet`: it is the text
    of a workbook, with a record for each row of the sheet.
    """
    with path.open(encoding=reading.encoding, newline="") as file:
        before = list(islice(file, reading.skip_lines))
        places = count(1 + sum(1 for _row in csv.reader(before))) if of_sheet else None
        lines = _records(file, reading.delimiter, len(before), places)
        headers = distinct(next(lines, []))
        yield headers
        yield from _without_footer(lines, len(headers), [] if footer is None else footer)


def _records(lines: Iterable[str], delimiter: str, before: int, places: "Iterator[int] | None") -> Iterator[list[str]]:
    """The records of a file; a quotation mark that nobody closes spoils the line it stands in, and no other."""
    feed = _Feed(lines, before)
    while not feed.ended:
        reader = csv.reader(feed, delimiter=delimiter)
        while True:
            feed.begin()
            try:
                record = next(reader)
            except StopIteration:
                break
            except csv.Error:
                feed.cut = True
            if feed.cut:
                record = next(csv.reader([feed.give_back()[:MOST_CHARACTERS]], delimiter=delimiter), [])
            found = Record(record)
            found.line, found.cleaned = feed.first if places is None else next(places), feed.cleaned
            yield found
            if feed.cut:
                break


class _Feed:
    """Physical lines, and those of the record being read, which can be given back but the first."""

    def __init__(self, lines: Iterable[str], before: int) -> None:
        self.lines = iter(lines)
        self.line = self.first = before  # how many lines were given, and which of them began the record
        self.waiting: deque[str] = deque()
        self.record: list[str] = []
        self.cut = self.ended = False  # the record ends though its text does not; there is no line any more
        self.cleaned = False  # a line of the record held a NUL

    def begin(self) -> None:
        """The next line is the first of a record."""
        self.record, self.cut, self.cleaned, self.first = [], False, False, self.line + 1

    def give_back(self) -> str:
        """Return the first line of the record; the others come again."""
        self.waiting.extendleft(reversed(self.record[1:]))
        self.line -= len(self.record) - 1
        self.ended = False
        return self.record[0]

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        if len(self.record) >= MOST_LINES or sum(map(len, self.record)) > MOST_CHARACTERS:
            self.cut = True
            raise StopIteration
        line = self.waiting.popleft() if self.waiting else next(self.lines, None)
        if line is None:
            self.cut, self.ended = bool(self.record), True
            raise StopIteration
        self.line += 1
        if NULL in line:
            line, self.cleaned = line.replace(NULL, ""), True
        self.record.append(line)
        return line


def distinct(headers: list[str]) -> list[str]:
    """Return the names of the columns: none empty, none twice. Raises BadFile when there are too many."""
    if len(headers) > MOST_COLUMNS:
        words = _("the file has %(count)s columns; at most %(most)s can be read. Leave out those you do not need.")
        raise BadFile(words % {"count": len(headers), "most": MOST_COLUMNS})
    found: list[str] = []
    taken: set[str] = set()
    while headers and not headers[-1].strip():
        headers = headers[:-1]
    for number, header in enumerate(headers, 1):
        name = " ".join(header.split()) or _("Column %(number)s") % {"number": number}
        again = 2
        while name in taken:
            name, again = f"{name.removesuffix(f' ({again - 1})')} ({again})", again + 1
        taken.add(name)
        found.append(name)
    return found


def _without_footer(lines: Iterator[list[str]], width: int, footer: list[list[str]]) -> Iterator[list[str]]:
    """The rows without the lines that a report ends with: behind an empty one, each of one cell and nothing behind it.

    A row of data has its other cells even where they are empty ("Ana;;"), so none is taken for a footer.
    """
    held: list[list[str]] = []
    after_gap = False
    for line in lines:
        if not any(map(str.strip, line)):
            after_gap = True
            continue
        if after_gap and width > 2 and len(line) == 1 and len(held) < MOST_FOOTER:
            held.append(line)
            continue
        yield from held
        held, after_gap = [], False
        yield line
    footer += held


def check_encoding(path: Path, encoding: str) -> None:
    """Read a file to its end; raises BadFile, naming the line, at the first bytes that are not in its encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    with path.open("rb") as file:
        try:
            while chunk := file.read(CHUNK):
                decoder.decode(chunk)
                line += chunk.count(b"\n")
            decoder.decode(b"", final=True)
        except UnicodeError as error:
            if isinstance(error, UnicodeDecodeError):  # what it was given begins with what the chunk before ended in
                line += error.object[: error.start].count(b"\n")
            named = "utf-8" if encoding == "utf-8-sig" else encoding
            other = {"utf-8": "cp1252", "cp1252": "latin-1"}.get(named, "utf-8")
            words = _("line %(line)s of %(file)s is not %(encoding)s, so nothing was imported")
            hint = _("say in the map how the file is written, such as %(example)s")
            stated = words % {"line": line, "file": path.name, "encoding": named.upper()}
            raise BadFile(f"{stated}; {hint % {'example': f'`file: {{encoding: {other}}}`'}}") from error
