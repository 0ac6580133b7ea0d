"""The way of a file through the screens, for each export shape, and back."""

from pathlib import Path

import pytest

from embudo.imports.models import Mapping, Upload
from embudo.leads.models import Company, Identifier, ImportRow, Person
from embudo.leads.statements import opportunities
from embudo.leads.story import history_of
from tests.imports.exports import EXPORTS, Export
from tests.imports.test_hostile import book
from tests.imports.test_undo import shown
from tests.imports.views.conftest import Marketer, form_of


@pytest.mark.parametrize("export", EXPORTS, ids=lambda each: each.name)
def test_each_export_is_recognised_comes_in_and_leaves_no_trace_after_its_undo(
    marketer: Marketer, export: Export
) -> None:
    before = shown()
    upload = marketer.brings(export.file_name, export.content(), export.kind)
    assert upload.preset, upload.plan
    upload = marketer.tries(upload, consents_from="as they told that product")
    assert Person.objects.count() == 0
    run = marketer.starts(upload)
    failed = list(ImportRow.objects.filter(run=run, outcome="failed").values_list("row", "reason", "words"))
    assert failed == []
    assert (
        list(ImportRow.objects.filter(run=run).exclude(reason__in=["", "deleted"]).values_list("reason", "words")) == []
    )
    if export.kind == "people":
        there = {f"mail:{each}" if "@" in each else each for each in export.expected}
        assert there <= set(Identifier.objects.values_list("identifier", flat=True))
        assert Person.objects.filter(merged_into=None, known=True).count() == len(export.expected)
    else:
        found = [each for person in Person.objects.all() for each in opportunities(history_of(person.id))]
        assert {each.name for each in found} == set(export.expected)
    marketer.undoes(run)
    assert shown() == before
    page = marketer.client.get(f"/imports/runs/{run.pk}/").content.decode()
    assert "This import was taken back" in page and "no longer there" in page
    assert Upload.objects.get(pk=upload.pk).run.undone_at is not None


def test_companies_come_in_by_name_and_a_workbook_by_the_sheet_that_is_chosen(
    marketer: Marketer, tmp_path: Path
) -> None:
    made = book(
        tmp_path / "firms.xlsx",
        [["nothing", "here"], ["x", "y"]],
        Firms=[["Company", "Web site", "Sector", "Founded"], ["Sur SA", "https://www.sur.example/x", "Retail", 1999]],
    )
    upload = marketer.brings("firms.xlsx", made.read_bytes(), "companies")
    address = f"/imports/{upload.pk}/file/"
    preview = marketer.client.post(f"{address}preview/", marketer.shown(address) | {"sheet": "Firms"}).content.decode()
    assert "Sur SA" in preview
    assert "Sur SA" not in marketer.client.get(address).content.decode()
    marketer.client.post(address, marketer.shown(address) | {"sheet": "Firms"})
    run = marketer.starts(marketer.tries(Upload.objects.get(pk=upload.pk)))
    company = Company.objects.get()
    assert (company.name, company.domain) == ("Sur SA", "sur.example")
    assert (company.attributes["industry"], company.attributes["founded"]) == ("Retail", 1999)
    assert "Sur SA" in marketer.client.get(f"/imports/runs/{run.pk}/").content.decode()
    marketer.undoes(run)
    assert not Company.objects.exists()


def test_what_is_known_is_not_overwritten_where_only_gaps_are_filled(marketer: Marketer) -> None:
    marketer.starts(marketer.tries(marketer.brings("one.csv", b"Email,Name\na@b.mx,Ana\n")))
    upload = marketer.brings("two.csv", b"Email,Name,City\na@b.mx,Other,Lima\n")
    run = marketer.starts(marketer.tries(upload, only_empty="on"))
    person = Person.objects.get()
    assert (person.name, person.city) == ("Ana", "Lima")
    marketer.undoes(run)
    assert Person.objects.get().city == ""


def test_a_kept_mapping_is_used_for_the_next_file(marketer: Marketer) -> None:
    first = marketer.brings("one.csv", b"Who,Town\na@b.mx,Lima\n")
    columns = marketer.shown(f"/imports/{first.pk}/columns/")
    assert columns["target-0"] == "mail"
    marketer.tries(first, **{"target-1": "attr:city", "remember": "Ours"})
    kept = Mapping.objects.get()
    second = marketer.brings("two.csv", b"Town,Who,More\nQuito,c@d.mx,x\n")
    shown_now = marketer.shown(f"/imports/{second.pk}/columns/?mapping={kept.pk}")
    assert (shown_now["target-0"], shown_now["target-1"], shown_now["target-2"]) == ("attr:city", "mail", "")


def test_columns_that_name_nobody_are_refused_and_nothing_chosen_is_lost(marketer: Marketer) -> None:
    upload = marketer.brings("one.csv", b"Email,Town\na@b.mx,Lima\n")
    address = f"/imports/{upload.pk}/columns/"
    changed = marketer.shown(address) | {"target-0": "", "target-1": "attr:city"}
    answer = marketer.client.post(address, changed)
    assert answer.status_code == 422
    assert "nobody is named" in answer.content.decode()
    assert form_of(answer.content.decode())["target-1"] == "attr:city"
