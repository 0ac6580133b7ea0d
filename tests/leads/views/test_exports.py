"""The list as a file: CSV and XLSX, safe from formulas, in the trail, and gone when somebody is erased."""

import csv
import io
import threading
from typing import Any

import pytest
from django.test import Client
from python_calamine import CalamineWorkbook

from embudo.accounts.models import AuditEntry
from embudo.leads import exported, tags
from embudo.leads.erasure import erase
from embudo.leads.views import exports
from embudo.work import run
from embudo.work.models import Job
from tests.cast import Someone, ada, bruno
from tests.leads.conftest import Following
from tests.leads.views.conftest import SignIn, named, text

GO_ON = threading.Event()  # never set
FORMULAS = ["=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1+1", "\r=1+1", "  =cmd|'/c calc'!A1", "\n=1", "\u00a0=1", "＝1+1"]


@pytest.fixture(autouse=True)
def story(site: Following) -> None:
    site.hears(ada.visits("/pricing").says(company_size=180).submits("contact"), bruno.submits("contact"))


def export(client: Client, kind: str = "csv", **fields: Any) -> Any:
    answer = client.post("/people/export/", {"format": kind, "column": ["stage", "phone", "events"], **fields})
    assert answer.status_code == 200, answer
    assert answer["Content-Disposition"].startswith("attachment; ")
    return answer.getvalue()


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_a_csv_holds_whom_the_list_shows_in_its_order(sign_in: SignIn) -> None:
    rows = read(export(sign_in(), query="sort=-name", sort="-name"))
    assert rows[0] == ["Name", "E-mail", "Stage", "Phone", "Facts"]
    assert [row[0] for row in rows[1:]] == [bruno.name, ada.name]
    assert rows[2][1:] == [ada.mail, "Lead", f"'{ada.phone}", "3"]
    assert [row[0] for row in read(export(sign_in(), query="q=ada"))[1:]] == [ada.name]


def test_an_xlsx_holds_texts_as_texts_and_numbers_as_numbers(sign_in: SignIn) -> None:
    book = CalamineWorkbook.from_filelike(io.BytesIO(export(sign_in(), "xlsx", query="q=ada", extent="all")))
    head, row = book.get_sheet_by_index(0).to_python()
    told = dict(zip(head, row, strict=True))
    assert (told["Name"], told["Phone"], told["Facts"]) == (ada.name, ada.phone, 3)
    assert 180 in told.values()


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_is_a_formula(site: Following, sign_in: SignIn, formula: str) -> None:
    evil = Someone(formula, "evil@norte.example", company=formula, browser="evil")
    site.hears(evil.says(note=formula).submits("contact"))
    tag = tags.tag_of(f"x{formula}", make=True)
    assert tag is not None
    tags.put([named(evil).id], tag, by=None)
    for row in read(export(sign_in(), query="q=evil", extent="all")):
        for cell in row:
            assert not cell.lstrip(" \t\r\n\u00a0").startswith(("=", "+", "-", "@", "＝")), cell
    content = export(sign_in(), "xlsx", query="q=evil", extent="all")
    import zipfile

    sheet = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet


def test_who_exported_what_is_in_the_trail(sign_in: SignIn) -> None:
    export(sign_in("sales"), query="q=ada&stage=lead")
    entry = AuditEntry.objects.get(verb="list_exported")
    assert str(entry.by) == "sales"
    assert "“ada”" in entry.about and "stage is Lead" in entry.about


def test_a_long_list_is_long_work_and_only_who_asked_fetches_it(
    site: Following, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "AT_ONCE", 1)
    client = sign_in("sales")
    for kind in ("csv", "xlsx"):
        client.post("/people/export/", {"format": kind, "sort": "name", "column": ["stage"]})
        job = Job.claim("somebody")
        assert job is not None
        run.do(job, GO_ON)
        job.refresh_from_db()
        assert (job.state, job.result["rows"]) == ("done", 2)
    assert f"/people/exports/{job.pk}/" in text(client.get(f"/work/{job.pk}/"))
    page = client.get(f"/work/{job.pk}/", headers={"accept-language": "es"})
    assert ">todos<" in text(page) and "everybody" not in text(page)
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.get(f"/people/exports/{job.pk}/").getvalue()))
    assert [row[0] for row in book.get_sheet_by_index(0).to_python()] == ["Name", ada.name, bruno.name]
    assert sign_in("manager").get(f"/people/exports/{job.pk}/").status_code == 404
    erase(named(ada).id, by="Luis", why="she asked", log=site.log)
    site.follower.forget()
    site.follower.catch_up()
    assert not exported.file_of(job).exists()
    assert client.get(f"/people/exports/{job.pk}/").status_code == 404
    assert "not kept any more" in text(client.get(f"/work/{job.pk}/"))


def test_an_export_is_never_a_get_and_knows_its_kinds(sign_in: SignIn) -> None:
    assert sign_in().get("/people/export/?format=csv").status_code == 405
    assert sign_in().post("/people/export/", {"format": "exe"}).status_code == 400


def test_where_a_filter_cannot_be_read_nobody_is_handed_out(sign_in: SignIn) -> None:
    answer = sign_in().post("/people/export/", {"format": "csv", "column": ["stage"], "query": "a.gone=x"}, follow=True)
    assert "A filter of the list is not there any more: a.gone=x" in text(answer)
    assert not AuditEntry.objects.filter(verb="list_exported").exists()
