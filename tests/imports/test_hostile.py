"""Files that mean harm, or are broken: each is refused in words, or read without harm."""

import codecs
import csv
import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from embudo.imports import workbook
from embudo.imports.forms import file_name
from embudo.imports.models import Upload
from embudo.imports.reading import BadFile, Reading, rows_of
from embudo.imports.sniffing import look
from embudo.imports.values import Conventions
from embudo.leads.models import ImportRow, Person
from tests.imports.views.conftest import Marketer, here, marketer, problems_of, signed_in

__all__ = ["here", "marketer", "signed_in"]
SCRIPT = "<script>alert(1)</script>"
NOISE = random.Random(7).randbytes(50_000)


def book(path: Path, rows: list[list[Any]], **sheets: list[list[Any]]) -> Path:
    """Write a workbook."""
    made = xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"})
    for name, lines in ({"Data": rows} | sheets).items():
        sheet = made.add_worksheet(name)
        for number, line in enumerate(lines):
            sheet.write_row(number, 0, line)
    made.close()
    return path


def repacked(path: Path, part: str, content: bytes) -> Path:
    """Put another content into a part of a workbook."""
    with zipfile.ZipFile(path) as archive:
        parts = {each: archive.read(each) for each in archive.namelist()}
    parts[part] = content
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, each in parts.items():
            archive.writestr(name, each)
    return path


def test_a_workbook_is_read_as_people_see_it(tmp_path: Path) -> None:
    from datetime import datetime

    made = book(tmp_path / "a.xlsx", [["Email", "When", "Count", "Yes"], ["a@b.mx", datetime(2026, 1, 31), 12, True]])
    workbook.to_text(made, tmp_path / "a.csv")
    assert list(rows_of(tmp_path / "a.csv", Reading()))[1] == ["a@b.mx", "2026-01-31", "12", "true"]


@pytest.mark.parametrize("cells", [[1234.5, 1.234, "1.234,5", "12,50"], ["1.234,5", "12,50", 1.234, 2.345, 3.456]])
def test_numbers_of_a_workbook_are_written_with_the_decimal_sign_of_its_texts(tmp_path: Path, cells: list[Any]) -> None:
    made = book(tmp_path / "a.xlsx", [["Name", "Amount"], *([f"n{n}", cell] for n, cell in enumerate(cells))])
    read = Conventions(decimal=workbook.to_text(made, tmp_path / "a.csv"))
    assert read.decimal == ","
    found = [read.number(row[1]) for row in list(rows_of(tmp_path / "a.csv", Reading()))[1:]]
    assert found == [{"1.234,5": 1234.5, "12,50": 12.5}.get(str(cell), cell) for cell in cells]


@pytest.mark.parametrize("decimal", [".", ","])
def test_a_number_of_a_workbook_is_what_it_is_whatever_the_decimal_sign(
    marketer: Marketer, tmp_path: Path, decimal: str
) -> None:
    numbers = [1234.5, 1.234, 7, -0.25, 1e-7]
    rows = [["Email", "Ratio"], *([f"n{n}@b.mx", number] for n, number in enumerate(numbers))]
    upload = marketer.brings("n.xlsx", book(tmp_path / "n.xlsx", rows).read_bytes())
    address = f"/imports/{upload.pk}/file/"
    said = marketer.shown(address) | {"decimal": decimal}
    shown = marketer.client.post(f"{address}preview/", said).content.decode()
    assert f"1234{decimal}5" in shown
    assert marketer.client.post(address, said).status_code == 302
    run = marketer.starts(marketer.tries(Upload.objects.get(pk=upload.pk), **{"kind-1": "number"}))
    assert not ImportRow.objects.filter(run=run).exclude(reason="").exists()
    assert [each.attributes["ratio"] for each in Person.objects.order_by("mail")] == numbers


def test_a_workbook_that_unpacks_to_very_much_is_refused(tmp_path: Path) -> None:
    bomb = repacked(book(tmp_path / "b.xlsx", [["Email"]]), "xl/worksheets/sheet1.xml", b" " * 60_000_000)
    assert bomb.stat().st_size < 200_000
    with pytest.raises(BadFile, match="unpacks to more"):
        workbook.to_text(bomb, tmp_path / "b.csv")


def test_a_sheet_with_a_cell_at_its_far_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    xml = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
        "</sheetData></worksheet>"
    )
    far = repacked(book(tmp_path / "c.xlsx", [["Email"]]), "xl/worksheets/sheet1.xml", xml.encode())
    with pytest.raises(BadFile):
        workbook.to_text(far, tmp_path / "c.csv")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04 and nothing else", "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old kind"),
        (b"", "empty"),
        (b"Email\n", "No row was found"),
        (b"\x00" * 500, "This is no text"),
        (NOISE, "This is no text"),
        (codecs.BOM_UTF16_LE + NOISE, "This is no text"),
        ((",".join(f"c{n}" for n in range(10_000)) + "\n" + "x," * 9_999 + "x\n").encode(), "10000 columns"),
    ],
    ids=["zip", "xls", "empty", "headers only", "zeros", "noise", "marked noise", "10,000 columns"],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_words(marketer: Marketer, content: bytes, words: str) -> None:
    answer = marketer.client.post("/imports/new/", {"file": SimpleUploadedFile("f.csv", content), "kind": "people"})
    assert answer.status_code == 422
    assert words in " ".join(problems_of(answer)), problems_of(answer)
    assert Upload.objects.count() == 0


@pytest.mark.parametrize("content", [NOISE, b"Email,Name\na@b.mx,Ana\n"], ids=["noise", "text"])
def test_what_is_called_a_workbook_and_is_none_is_refused(marketer: Marketer, content: bytes) -> None:
    given = {"file": SimpleUploadedFile("Fake.XLSX", content), "kind": "people"}
    answer = marketer.client.post("/imports/new/", given)
    assert answer.status_code == 422 and "This is not an Excel file" in str(problems_of(answer))
    assert not Upload.objects.exists()


def test_an_archive_of_several_files_says_to_unpack_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        archive.writestr("subscribed.csv", "Email\na@b.mx\n")
    with pytest.raises(BadFile, match="Unpack it"):
        workbook.is_workbook(tmp_path / "m.zip")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"), ("..\\..\\boot.ini", "boot.ini"), ("/abs/a.csv", "a.csv"),
        ("a\x00b\n.csv", "ab.csv"),
        ("...", "file"), ("", "file"), ("x" * 400 + ".csv", "x" * 200),
    ],
)  # fmt: skip
def test_a_file_name_is_only_a_name(given: str, kept: str) -> None:
    assert file_name(given) == kept


def test_a_path_in_the_name_of_an_upload_leads_nowhere(marketer: Marketer, here: Any) -> None:
    upload = marketer.brings("../../../evil.csv", b"Email,Name\na@b.mx,Ana\n")
    assert upload.file == "evil.csv"
    assert upload.original.resolve().is_relative_to((here.data / "imports").resolve())
    assert not list(here.data.parent.rglob("evil.csv"))


def test_nul_bytes_are_left_out_and_the_row_comes_in(marketer: Marketer) -> None:
    run = marketer.starts(marketer.tries(marketer.brings("n.csv", b"Email,Name\na@b.mx,A\x00na\n")))
    assert (run.accepted, Person.objects.get().name) == (1, "Ana")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"])
def test_the_encoding_is_found(tmp_path: Path, encoding: str) -> None:
    text = "Correo;Nombre;Ciudad\n" + "jose@sur.example;José Núñez Peña;Bogotá\nze@sul.example;João Ção;São Paulo\n" * 5
    (tmp_path / "e.csv").write_bytes(text.encode(encoding))
    found = look(tmp_path / "e.csv")
    assert (found.headers, found.rows[0][1], found.rows[1][2]) == (
        ["Correo", "Nombre", "Ciudad"],
        "José Núñez Peña",
        "São Paulo",
    )


def test_an_encoding_that_does_not_fit_is_refused_and_what_was_chosen_stays(marketer: Marketer) -> None:
    upload = marketer.brings("w.csv", "Email,Name\na@b.mx,José\n".encode("cp1252"))
    address = f"/imports/{upload.pk}/file/"
    answer = marketer.client.post(
        address, marketer.shown(address) | {"encoding": "utf-8-sig", "zone": "America/Bogota"}
    )
    assert answer.status_code == 422
    assert "Choose another encoding" in " ".join(problems_of(answer))
    assert 'value="America/Bogota"' in answer.content.decode()


def test_scripts_in_headers_and_cells_are_shown_as_text_on_every_page(marketer: Marketer) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([["Email", SCRIPT, "Name"], ["a@b.mx", SCRIPT, SCRIPT], ["x", SCRIPT, "no mail"]])
    upload = marketer.brings(f"{SCRIPT}.csv", text.getvalue().encode())
    upload = marketer.tries(upload, remember=SCRIPT, name=SCRIPT)
    pages = [f"/imports/{upload.pk}/{step}/" for step in ("file", "columns", "trial")]
    pages += ["/imports/", f"/imports/{upload.pk}/trial/?rows=failed"]
    seen = [marketer.client.get(page).content.decode() for page in pages]
    run = marketer.starts(upload)
    pages = [
        f"/imports/runs/{run.pk}/",
        f"/imports/runs/{run.pk}/?rows=failed",
        f"/people/{Person.objects.get().pk}/",
        "/work/",
    ]
    seen += [marketer.client.get(page).content.decode() for page in pages]
    assert not any("<script>alert" in page for page in seen)
    assert sum("&lt;script&gt;alert" in page for page in seen) >= 6


def test_the_report_is_safe_and_complete(marketer: Marketer) -> None:
    run = marketer.starts(marketer.tries(marketer.brings("r.csv", b'Email,Name\na@b.mx," =HYPERLINK(1)"\nnobody,x\n')))
    answer = marketer.client.get(f"/imports/runs/{run.pk}/report.csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    lines = list(csv.reader(io.StringIO(text)))
    assert len(lines) == 3
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for line in lines for cell in line)
    assert answer["Content-Disposition"] == f'attachment; filename="import-{run.pk}.csv"'


def test_somebody_elses_file_is_not_there(marketer: Marketer, signed_in: Callable[[str], Client]) -> None:
    upload = marketer.tries(marketer.brings("mine.csv", b"Email\na@b.mx\n"))
    other = signed_in("admin")
    for step in ("file", "columns", "trial", "state"):
        assert other.get(f"/imports/{upload.pk}/{step}/").status_code == 404
    for step in ("file/preview", "start", "discard"):
        assert other.post(f"/imports/{upload.pk}/{step}/").status_code == 404
    assert Upload.objects.filter(pk=upload.pk, run_job=None).exists()


def test_sales_sees_no_import_and_runs_none(marketer: Marketer, signed_in: Callable[[str], Client]) -> None:
    run = marketer.starts(marketer.tries(marketer.brings("m.csv", b"Email\na@b.mx\n")))
    sales = signed_in("sales")
    for page in ("/imports/", "/imports/new/", f"/imports/runs/{run.pk}/", f"/imports/runs/{run.pk}/report.csv"):
        assert sales.get(page).status_code == 403
    assert sales.post(f"/imports/runs/{run.pk}/undo/").status_code == 403
    assert not hasattr(type(run).objects.get(pk=run.pk), "undo")
    manager = signed_in("manager")
    assert manager.get(f"/imports/runs/{run.pk}/").status_code == 200
    assert Client().get("/imports/").status_code == 302


def test_looking_changes_nothing(marketer: Marketer) -> None:
    upload = marketer.tries(marketer.brings("g.csv", b"Email\na@b.mx\n"))
    for step in ("start", "discard", "file/preview"):
        assert marketer.client.get(f"/imports/{upload.pk}/{step}/").status_code == 405
    run = marketer.starts(upload)
    assert marketer.client.get(f"/imports/runs/{run.pk}/undo/").status_code == 405


def test_a_double_click_is_one_import_and_one_undo(marketer: Marketer) -> None:
    from embudo.work.models import Job

    upload = marketer.tries(marketer.brings("d.csv", b"Email\na@b.mx\n"))
    for _click in range(2):
        marketer.asks(upload)
    assert Job.objects.filter(kind="import_run").count() == 1
    run = marketer.starts(upload)
    for _click in range(2):
        marketer.client.post(f"/imports/runs/{run.pk}/undo/")
    assert Job.objects.filter(kind="import_undo").count() == 1


def test_who_is_erased_leaves_nothing_in_reports(marketer: Marketer, here: Any) -> None:
    from embudo.eventlog import open_log
    from embudo.leads.erasure import erase
    from embudo.leads.follow import Follower

    run = marketer.starts(marketer.tries(marketer.brings("e.csv", b"Email,Name\nana@b.mx,Ana Secret\n")))
    erase(Person.objects.get().pk, by="Eva", why="she asked", log=open_log(here))
    Follower(here, open_log(here)).catch_up()
    row = ImportRow.objects.get(run=run)
    assert (row.words, row.changes, row.person) == ("", {}, None)
    assert "Ana Secret" not in marketer.client.get(f"/imports/runs/{run.pk}/").content.decode()
