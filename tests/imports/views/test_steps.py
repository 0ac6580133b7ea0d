"""The way of a file through the screens, for each export shape, and back."""

import re
import threading
from pathlib import Path

import pytest

from embudo.imports.models import Mapping, Upload
from embudo.imports.row import hashed
from embudo.imports.sniffing import ENCODINGS
from embudo.leads.models import Attribute, Company, Identifier, ImportRow, ImportRun, Person
from embudo.leads.opportunities import opportunities
from embudo.leads.story import history_of
from embudo.work import run as worker
from embudo.work.kinds import Refused
from embudo.work.models import Job
from tests.imports.exports import EXPORTS, Export
from tests.imports.test_hostile import book
from tests.imports.test_undo import shown
from tests.imports.views.conftest import Marketer, form_of, works


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
    told = ImportRow.objects.filter(run=run).exclude(reason__in=["", "deleted", "footer"])
    assert list(told.values_list("reason", "words")) == []
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


def test_a_trial_writes_dates_as_its_reader_does(marketer: Marketer) -> None:
    upload = marketer.tries(marketer.brings("one.csv", b"Email,Birthday,Since\na@b.mx,31/03/1980,30/04/2026\n"))
    page = marketer.client.get(f"/imports/{upload.pk}/trial/").content.decode()
    assert "March 31, 1980" in page and "April 30, 2026" in page and "1980-03-31" not in page


# -- what is confirmed stands still ------------------------------------------------------------------------

NUMBERS = b"Email,Budget\na@b.mx,1.5\n"


def test_a_trial_counts_for_what_it_tried_and_not_for_what_was_changed_since(marketer: Marketer) -> None:
    upload = marketer.tries(marketer.brings("n.csv", NUMBERS))
    old = upload.check_job_id
    address = f"/imports/{upload.pk}/file/"
    assert marketer.client.post(address, marketer.shown(address) | {"decimal": ","}).status_code == 302
    marketer.client.post(f"/imports/{upload.pk}/start/", {"trial": old})
    assert Upload.objects.get(pk=upload.pk).run_job is None
    upload = marketer.tries(Upload.objects.get(pk=upload.pk))
    marketer.client.post(f"/imports/{upload.pk}/start/", {"trial": old})  # a page that was open all the time
    assert Upload.objects.get(pk=upload.pk).run_job is None
    run = marketer.starts(upload)
    assert ImportRow.objects.get(run=run).reason == "bad_value"
    assert Person.objects.get().attributes.get("budget") is None


def test_while_columns_that_were_changed_are_tried_out_the_page_shows_how_far_it_is(marketer: Marketer) -> None:
    upload = marketer.tries(marketer.brings("n.csv", b"Email,Town\na@b.mx,Lima\n"))
    trial, columns = f"/imports/{upload.pk}/trial/", f"/imports/{upload.pk}/columns/"
    old = marketer.client.get(trial).content.decode()
    assert "<dt>Town</dt>" in old and "Bring it in now" in old
    sent = marketer.shown(columns) | {"target-1": "attr:city"}
    page = marketer.client.post(columns, sent, follow=True).content.decode()
    assert 'id="_state"' in page and f"/imports/{upload.pk}/state/" in page
    assert "Lima" not in page and "Town" not in page and "Bring it in now" not in page
    marketer.client.post(f"/imports/{upload.pk}/start/", {"trial": form_of(old)["trial"]})
    assert Upload.objects.get(pk=upload.pk).run_job is None
    assert Job.claim("test") is not None
    assert "Bring it in now" not in marketer.client.get(trial).content.decode()
    worker.do(Job.objects.latest("id"), threading.Event())
    done = marketer.client.get(trial).content.decode()
    assert "<dt>city</dt>" in done and "Town" not in done and "Bring it in now" in done


def test_formats_and_encodings_are_told_by_example_and_by_name(marketer: Marketer) -> None:
    upload = marketer.brings("n.csv", NUMBERS)
    page = marketer.client.get(f"/imports/{upload.pk}/file/").content.decode()
    shown_as = dict(re.findall(r'<option value="([^"]*)"[^>]*>([^<]*)</option>', page))
    assert shown_as["%Y/%m/%d %H:%M:%S"] == "2026/01/31 13:45:00" and shown_as["%b %d, %Y"] == "Jan 31, 2026"
    assert shown_as["iso"] == "2026-01-31" and not [each for each in shown_as.values() if "%" in each]
    assert shown_as["mac_roman"] == "Mac, western (mac_roman)" and shown_as["utf-16-le"] == "Unicode (UTF-16 LE)"
    assert all("(" in shown_as[each] for each in ENCODINGS)


def test_columns_that_cannot_be_tried_out_end_the_trial_too(marketer: Marketer) -> None:
    upload = marketer.tries(marketer.brings("n.csv", NUMBERS))
    address, old = f"/imports/{upload.pk}/columns/", upload.check_job_id
    assert marketer.client.post(address, marketer.shown(address) | {"target-0": ""}).status_code == 422
    marketer.client.post(f"/imports/{upload.pk}/start/", {"trial": old})
    assert Upload.objects.get(pk=upload.pk).run_job is None


def test_once_its_run_is_asked_for_nothing_changes_how_a_file_is_read(marketer: Marketer, tmp_path: Path) -> None:
    made = book(tmp_path / "b.xlsx", [["Email", "City"], ["a@b.mx", "Lima"]], Other=[["Email", "City"], ["x", "y"]])
    upload = marketer.brings("b.xlsx", made.read_bytes())
    file, columns = f"/imports/{upload.pk}/file/", f"/imports/{upload.pk}/columns/"
    sheet, other = marketer.shown(file) | {"sheet": "Other"}, marketer.shown(columns) | {"target-1": ""}
    upload = marketer.tries(upload)
    marketer.asks(upload)
    before = Upload.objects.filter(pk=upload.pk).values().get()
    text = upload.text.read_bytes()
    for address, form in ((file, sheet), (columns, other)):
        assert marketer.client.post(address, form).headers["Location"] == f"/imports/{upload.pk}/trial/"
        assert marketer.client.get(address).headers["Location"] == f"/imports/{upload.pk}/trial/"
    assert Upload.objects.filter(pk=upload.pk).values().get() == before
    assert upload.text.read_bytes() == text
    assert not Upload.objects.get(pk=upload.pk).change(plan={})
    works()
    assert Person.objects.get().city == "Lima"


def test_a_trial_of_a_file_that_was_changed_meanwhile_notes_nothing(marketer: Marketer) -> None:
    upload = marketer.brings("n.csv", NUMBERS)
    address = f"/imports/{upload.pk}/columns/"
    marketer.client.post(address, marketer.shown(address))
    job = Job.claim("slow")
    assert job is not None
    assert Upload.objects.get(pk=upload.pk).change(plan=Upload.objects.get(pk=upload.pk).plan)
    with pytest.raises(Refused, match="changed meanwhile"):
        list(worker.kind_of(job.kind).run(job))
    assert not ImportRun.objects.exists()


# -- statuses of opportunities -----------------------------------------------------------------------------


def deals(*statuses: str) -> bytes:
    """A file of opportunities in these statuses, each of somebody else."""
    rows = (f"D{n},p{n}@b.mx,Deal {n},{status}\n" for n, status in enumerate(statuses))
    return ("Opportunity ID,Email,Opportunity name,Status\n" + "".join(rows)).encode()


def test_a_status_behind_the_first_rows_is_taken_as_it_reads_and_its_row_says_so(marketer: Marketer) -> None:
    upload = marketer.brings("deals.csv", deals(*["Abierta"] * 405, "Ganada", "Perdida"), "opportunities")
    upload = marketer.tries(upload)
    said = dict(ImportRow.objects.filter(run=upload.check_run, reason="new_status").values_list("row", "words"))
    assert set(said) == {406, 407} and "“Ganada”" in said[406] and "won" in said[406]
    form = marketer.shown(f"/imports/{upload.pk}/columns/")
    asked = {value: f"status-{hashed(['Status', value])}" for value in ("Abierta", "Ganada", "Perdida")}
    assert [form[name] for name in asked.values()] == ["open", "won", "lost"]
    marketer.starts(upload)
    kinds = {event.kind for event in history_of(Person.objects.get(mail="p405@b.mx").id)}
    assert {"opportunity_opened", "opportunity_won"} <= kinds
    assert "opportunity_lost" in {event.kind for event in history_of(Person.objects.get(mail="p406@b.mx").id)}


def test_what_was_said_of_a_status_behind_the_first_rows_counts(marketer: Marketer) -> None:
    upload = marketer.brings("deals.csv", deals(*["Abierta"] * 405, "Rara"), "opportunities")
    upload = marketer.tries(marketer.tries(upload), **{f"status-{hashed(['Status', 'Rara'])}": "lost"})
    marketer.starts(upload)
    assert "opportunity_lost" in {event.kind for event in history_of(Person.objects.get(mail="p405@b.mx").id)}
    assert not ImportRow.objects.filter(reason="new_status").exists()


def test_more_statuses_than_are_asked_about_lose_no_deal(marketer: Marketer) -> None:
    upload = marketer.brings("deals.csv", deals(*[f"Etapa {n:02}" for n in range(60)]), "opportunities")
    run = marketer.starts(marketer.tries(upload))
    found = [each for person in Person.objects.all() for each in opportunities(history_of(person.id))]
    assert len(found) == 60
    assert ImportRow.objects.filter(run=run, reason="new_status").count() == 20


def test_a_meaning_goes_with_its_value_and_a_list_that_changed_is_shown_again(marketer: Marketer) -> None:
    content = b"Opportunity ID,Email,Status,Phase\nD1,a@b.mx,lost,first\nD2,c@d.mx,won,second\n"
    upload = marketer.brings("deals.csv", content, "opportunities")
    address = f"/imports/{upload.pk}/columns/"
    form = marketer.shown(address) | {"target-2": "", "target-3": "deal:status"}
    answer = marketer.client.post(address, form)
    assert answer.status_code == 422 and "Look at what each status means" in answer.content.decode()
    again = form_of(answer.content.decode())
    assert {value: again[f"status-{hashed(['Phase', value])}"] for value in ("first", "second")} == {
        "first": "open", "second": "open",
    }  # fmt: skip
    assert marketer.client.post(address, again).status_code == 302
    assert Upload.objects.get(pk=upload.pk).plan["statuses"] == {"first": "open", "second": "open"}


def test_numbers_that_can_be_read_in_two_ways_are_pointed_out(marketer: Marketer) -> None:
    upload = marketer.brings("n.csv", b"Email;Budget;City\na@b.mx;1.500;Lima\n")
    assert "can mean one and a half" in marketer.client.get(f"/imports/{upload.pk}/file/").content.decode()
    assert marketer.shown(f"/imports/{upload.pk}/file/")["decimal"] == ","


# -- what exists keeps its kind, and what is left out is told ------------------------------------------------


def test_what_goes_to_an_attribute_that_is_there_has_its_kind_and_no_other_can_be_chosen(marketer: Marketer) -> None:
    Attribute.objects.create(name="renewal", label="Renewal", kind="date")
    upload = marketer.brings("one.csv", b"Email,A,B,C\na@b.mx,Hermanos; Paz,1200,31/12/2025\n")
    address = f"/imports/{upload.pk}/columns/"
    chosen = {"target-1": "attr:company", "target-2": "attr:company_size", "target-3": "attr:renewal"}
    said = marketer.shown(address) | chosen | {f"kind-{number}": "choices" for number in range(4)}
    fragment = marketer.client.post(f"{address}meanings/", said).content.decode()
    kinds = re.findall(r'id="own-(\d)" hx-swap-oob="true">(.*?)</span>', fragment)
    assert kinds == [("0", ""), ("1", "text"), ("2", "number"), ("3", "date")]
    upload = marketer.tries(upload, **chosen, **{f"kind-{number}": "choices" for number in range(4)})
    assert [each["kind"] for each in upload.how_mapped().columns.values()] == ["text", "text", "number", "date"]
    page = marketer.client.get(address).content.decode()
    assert '<span class="import-own muted" id="own-2">number</span>' in page
    marketer.starts(upload)
    known = Person.objects.get().attributes
    assert (known["company"], known["company_size"], known["renewal"]) == ("Hermanos; Paz", 1200, "2025-12-31")


def test_a_new_attribute_called_like_one_that_is_there_is_that_one(marketer: Marketer) -> None:
    upload = marketer.brings("one.csv", b"Email;A\na@b.mx;12\n")
    upload = marketer.tries(upload, **{"target-1": "new", "label-1": "Company size", "kind-1": "text"})
    said = upload.plan["columns"]["A"]
    assert (said["target"], said["kind"]) == ("attr:company_size", "number")


def test_a_kept_mapping_brings_no_other_kind(marketer: Marketer) -> None:
    first = marketer.tries(marketer.brings("one.csv", b"Email,Shoe\na@b.mx,big\n"), remember="Ours")
    assert first.plan["columns"]["Shoe"]["kind"] == "text"
    Attribute.objects.create(name="shoe", kind="number")
    upload = marketer.brings("two.csv", b"Email,Shoe\na@b.mx,39\n")
    shown_now = marketer.shown(f"/imports/{upload.pk}/columns/?mapping={Mapping.objects.get().pk}")
    assert (shown_now["target-1"], shown_now["kind-1"]) == ("attr:shoe", "number")


def test_a_footer_is_told_on_the_page_of_the_trial_and_of_the_import_and_in_the_report(marketer: Marketer) -> None:
    content = b"Email,Name,City\na@b.mx,Ana,Lima\n\nCopyright 2026\nMade by Eva\n"
    upload = marketer.tries(marketer.brings("one.csv", content))
    words = "lines below the rows, left out as a footer: 2; the first: \u201cCopyright 2026\u201d"
    assert words in marketer.client.get(f"/imports/{upload.pk}/trial/").content.decode()
    run = marketer.starts(upload)
    assert words in marketer.client.get(f"/imports/runs/{run.pk}/").content.decode()
    report = b"".join(marketer.client.get(f"/imports/runs/{run.pk}/report.csv").streaming_content).decode()
    assert words in report


def test_companies_known_by_name_alone_come_in_behind_an_empty_line(marketer: Marketer) -> None:
    content = b"Empresa;Dominio;Sector\nSur;sur.example;Retail\n;;\nSin dominio;;\n"
    marketer.starts(marketer.tries(marketer.brings("firms.csv", content, "companies")))
    assert sorted(Company.objects.values_list("name", flat=True)) == ["Sin dominio", "Sur"]
