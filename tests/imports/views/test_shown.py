"""What a trial and a report tell of a row: where it stands, what was said of it, what it recorded."""

import csv
import io
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import translation

from embudo.imports.following import followed
from embudo.imports.models import Upload
from embudo.leads.erasure import erase
from embudo.leads.models import Company, ImportRow, ImportRun, Person
from embudo.leads.record import the_log
from tests.imports.test_hostile import book
from tests.imports.views.conftest import Marketer

DEALS = (
    b"Opportunity ID,Opportunity name,Email,Amount,Currency,Status,Opened,Closed,Floor\n"
    b"D1,Forklift,a@b.mx,1200.5,USD,won,2026-01-02,2026-02-03,third\n"
    b"D2,Crane,c@d.mx,99,USD,open,2026-03-04,,\n"
)
PEOPLE = b"Email,Name,Company size\na@b.mx,Ana,120\n"
PARTS = {
    "Name of the opportunity": "Forklift", "Amount": "1,200.50 USD", "Status: open, won or lost": "won",
    "Opened on": "Jan. 2, 2026", "Closed on": "Feb. 3, 2026",
}  # fmt: skip


def diffs(page: str) -> list[dict[str, str]]:
    """What each row of a page changes: what it is called, and the value now."""
    rows = re.findall(r"<tr>\s*<td class=\"num\">.*?</tr>", page, re.S)
    return [dict(re.findall(r"<dt>(.*?)</dt><dd>.*?<ins>(.*?)</ins>", row, re.S)) for row in rows]


def places(page: str) -> list[str]:
    """Where the rows of a page stand in the file."""
    return re.findall(r"<tr>\s*<td class=\"num\">(.*?)</td>", page, re.S)


def trial(marketer: Marketer, upload: Upload, rows: str = "") -> str:
    return marketer.client.get(f"/imports/{upload.pk}/trial/?rows={rows}").content.decode()


def shown(marketer: Marketer, run: ImportRun, rows: str = "", language: str = "en") -> str:
    page = marketer.client.get(f"/imports/runs/{run.pk}/?rows={rows}", headers={"accept-language": language})
    return page.content.decode()


def report(marketer: Marketer, run: ImportRun) -> list[dict[str, str]]:
    answer = marketer.client.get(f"/imports/runs/{run.pk}/report.csv")
    with translation.override("en"):
        text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text)))


def test_an_opportunity_is_told_in_its_trial_and_by_what_it_recorded(marketer: Marketer) -> None:
    upload = marketer.tries(marketer.brings("deals.csv", DEALS, "opportunities"))
    (first, second) = diffs(trial(marketer, upload))
    assert first.items() >= PARTS.items()
    assert (second["Name of the opportunity"], second["Status: open, won or lost"]) == ("Crane", "open")
    assert "Closed on" not in second and "carry no date" not in trial(marketer, upload)
    run = marketer.starts(upload)
    assert ImportRow.objects.filter(run=run).exclude(changes={}).count() == 0  # it is read from the log
    (first, second) = diffs(shown(marketer, run))
    assert first.items() >= PARTS.items() and second["Amount"] == "99 USD"
    (told, _other) = report(marketer, run)
    assert (told["Line"], told["outcome"]) == ("2", "New")
    assert "Name of the opportunity: Forklift; Amount: 1,200.50 USD; Status: open, won or lost: won" in told["changes"]


def test_new_people_and_companies_show_what_was_recorded_until_it_is_gone(marketer: Marketer) -> None:
    run = marketer.starts(marketer.tries(marketer.brings("p.csv", PEOPLE)))
    assert ImportRow.objects.get(run=run).changes == {}
    (told,) = diffs(shown(marketer, run))
    assert told.items() >= {"name": "Ana", "company size": "120"}.items()
    (line,) = report(marketer, run)
    assert line["outcome"] == "New" and "company size: 120" in line["changes"]
    marketer.starts(marketer.tries(marketer.brings("p.csv", PEOPLE.replace(b"120", b"150"))))
    changed = ImportRun.objects.latest("id")
    page = shown(marketer, changed, "changed")
    assert "<del>120</del>" in page and [*diffs(page)[0]] == ["company size"]
    (line,) = report(marketer, changed)
    assert (line["outcome"], line["changes"]) == ("Changed", "company size: 120 → 150")

    erase(Person.objects.get().id, by="Luis", why="she asked", log=the_log())
    assert diffs(shown(marketer, run)) == [{}]
    list(followed(the_log()))
    assert "Ana" not in shown(marketer, run)
    assert report(marketer, run)[0]["changes"] == ""

    firms = b"Company,Web site,Sector\nSur SA,sur.example,Retail\n"
    run = marketer.starts(marketer.tries(marketer.brings("firms.csv", firms, "companies")))
    (told,) = diffs(shown(marketer, run))
    assert Company.objects.get().name == "Sur SA" and "Retail" in told.values()
    assert "Retail" in report(marketer, run)[0]["changes"]


def test_a_row_is_called_by_its_line_in_the_file(marketer: Marketer) -> None:
    content = b'Export of today\n\nEmail,Note\na@b.mx,"two\nlines"\n\nc@d.mx,x\nnobody,x\n'
    upload = marketer.brings("lines.csv", content)
    assert upload.reading["skip_lines"] == 2
    upload = marketer.tries(upload)
    assert places(trial(marketer, upload)) == ["4", "7"]
    run = marketer.starts(upload)
    assert places(shown(marketer, run)) == ["4", "7"] and places(shown(marketer, run, "failed")) == ["8"]
    assert [line["Line"] for line in report(marketer, run)] == ["4", "7", "8"]
    assert list(ImportRow.objects.filter(run=run).order_by("row").values_list("row", "line")) == [
        (1, 4),
        (2, 7),
        (3, 8),
    ]
    ImportRow.objects.filter(run=run).update(line=None)  # of before lines were noted
    assert [line["Row"] for line in report(marketer, run)] == ["1", "2", "3"]


def test_a_row_of_a_workbook_is_called_as_its_sheet_does(marketer: Marketer, tmp_path: Path) -> None:
    rows = [["Export\nof today"], [], ["Email", "Note"], ["a@b.mx", "two\nlines"], [], ["c@d.mx", "x"]]
    upload = marketer.brings("sheet.xlsx", book(tmp_path / "s.xlsx", rows).read_bytes())
    page = trial(marketer, marketer.tries(upload))
    assert places(page) == ["4", "6"] and ">Row<" in page


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Email: no mail address"),
        ("es", "Email: no es una dirección de correo"),
        ("pt-br", "Email: não é um endereço de e-mail"),
    ],
)
def test_reasons_are_in_the_language_of_whoever_reads_them(marketer: Marketer, language: str, words: str) -> None:
    run = marketer.starts(marketer.tries(marketer.brings("bad.csv", b"Email,Name\na@b.mx,Ana\nnobody,x\n")))
    row = ImportRow.objects.get(run=run, outcome="failed")
    assert words in shown(marketer, run, "failed", language)
    ImportRow.objects.filter(pk=row.pk).update(said=None)  # of before its parts were kept
    assert row.words in shown(marketer, run, "failed", language)


def test_a_trial_says_how_many_rows_count_as_of_today(marketer: Marketer) -> None:
    dated = b"Email,Name,Created\na@b.mx,Ana,2026-01-02\nc@d.mx,Eva,\n"
    page = trial(marketer, marketer.tries(marketer.brings("some.csv", dated), **{"target-2": "at"}))
    assert "1 row carries no date and so counts as of today" in page and "“When the contact began”" in page
    page = trial(marketer, marketer.tries(marketer.brings("p.csv", PEOPLE)))
    assert "1 row carries no date" in page
    marketer.starts(Upload.objects.latest("id"))
    again = trial(marketer, marketer.tries(marketer.brings("p.csv", PEOPLE.replace(b"120", b"150"))))
    assert "no date" not in again  # whoever is known already begins nothing today
    deals = DEALS.replace(b"2026-03-04", b"")
    page = trial(marketer, marketer.tries(marketer.brings("deals.csv", deals, "opportunities")))
    assert "1 row carries no date" in page and "“Opened on”" in page
    firms = b"Company,Web site\nSur SA,sur.example\n"
    assert "no date" not in trial(marketer, marketer.tries(marketer.brings("f.csv", firms, "companies")))


def test_trials_of_the_same_name_are_told_apart_by_time(marketer: Marketer) -> None:
    for _again in range(2):
        marketer.tries(marketer.brings("p.csv", PEOPLE))
    first = Upload.objects.earliest("id")
    Upload.objects.filter(pk=first.pk).update(created_at=first.created_at - timedelta(hours=3))
    page = marketer.client.get("/imports/").content.decode()
    times = re.findall(r"People · (.*?)</div>", page)
    assert len(times) == len(set(times)) == 2
