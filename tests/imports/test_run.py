import csv
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from embudo.core.event import DAY, SECOND
from embudo.imports import command, report
from embudo.imports.mapping import BadMap, parse
from embudo.imports.reading import BadFile
from embudo.imports.run import Import
from embudo.leads.erasure import erase
from embudo.leads.models import Attribute, Identifier, ImportRow, ImportRun, Merge, Person, StageChange
from tests.cast import ada
from tests.imports.importing import ANA, LUIS, Importing, outcomes
from tests.leads.conftest import Following, moves_of


def test_rows_become_people_with_attributes_touch_and_outcomes_at_their_own_time(importing: Importing) -> None:
    assert outcomes(importing(ANA + LUIS)) == [("accepted", "")] * 2

    ana, luis = Person.objects.get(mail="ana@norte.mx"), Person.objects.get(mail="luis@sur.mx")
    assert (ana.name, ana.phone, ana.stage, ana.source) == ("Ana Ruiz", "+525512345678", "lead", "fair")
    assert ana.attributes["company_size"] == 120
    assert ana.attributes["origin"] == "fair"
    assert "company_size" not in luis.attributes
    assert moves_of(luis) == [("", "visitor"), ("visitor", "lead"), ("lead", "customer")]
    assert luis.stage_since_at - luis.first_seen_at == 30 * DAY
    assert Attribute.objects.get(name="company_size").kind == "number"


def test_a_second_run_changes_nothing_and_a_newer_file_records_only_what_changed(importing: Importing) -> None:
    importing(ANA + LUIS)
    end = importing.following.log.end()
    assert outcomes(importing(ANA + LUIS)) == [("unchanged", "")] * 2
    assert importing.following.log.end() == end

    assert outcomes(importing(ANA.replace("120", "250") + LUIS)) == [("accepted", ""), ("unchanged", "")]
    assert Person.objects.get(mail="ana@norte.mx").attributes["company_size"] == 250
    assert outcomes(importing(ANA + LUIS)) == [("accepted", ""), ("unchanged", "")]
    assert Person.objects.get(mail="ana@norte.mx").attributes["company_size"] == 120
    assert StageChange.objects.filter(to_stage="customer", superseded_at=None).count() == 1


def test_a_run_that_died_after_the_log_took_its_facts_is_finished_by_the_next(
    importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "write", lambda *_args, **_more: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        importing(ANA + LUIS)
    monkeypatch.undo()

    assert outcomes(importing(ANA + LUIS)) == [("unchanged", "")] * 2
    assert Person.objects.count() == 2


def test_a_run_that_died_before_it_was_remembered_does_not_refuse_the_corrected_row(
    importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_args: object, **_more: object) -> None:
        raise KeyboardInterrupt

    for typed in ("Ana Ruiz", "Ana Ruis"):
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(report, "write", die)
            importing(ANA.replace("Ana Ruiz", typed))
    corrected = ANA.replace("Ana Ruiz", "Ana Ruíz")
    assert outcomes(importing(corrected)) == [("accepted", "")]
    assert Person.objects.get(mail="ana@norte.mx").name == "Ana Ruíz"
    assert outcomes(importing(corrected)) == [("unchanged", "")]
    assert outcomes(importing(ANA)) == [("accepted", "")]
    assert Person.objects.get(mail="ana@norte.mx").name == "Ana Ruiz"


def test_a_dry_run_says_the_same_and_records_nothing(importing: Importing) -> None:
    assert outcomes(importing(ANA + LUIS, dry_run=True)) == [("accepted", "")] * 2
    assert Person.objects.count() == 0
    assert sum(importing.following.log.end().values()) == 0
    assert outcomes(importing(ANA + LUIS)) == [("accepted", "")] * 2


@pytest.mark.parametrize(("row", "outcome"), [
    (",,,2025-03-01,Nobody,,,\n", ("failed", "nobody")),
    ("not an address,,3,2025-03-01,X,,,\n", ("accepted", "bad_mail")),
    ("x@y.mx,12,3,2025-03-01,X,,,\n", ("accepted", "bad_phone")),
    ("x@y.mx,,3,soon,X,,,\n", ("failed", "bad_date")),
    ("x@y.mx,,3,,X,,,\n", ("failed", "bad_date")),
    ("x@y.mx,,3,2999-01-01,X,,,\n", ("failed", "future")),
    ("x@y.mx,,3,2025-03-01,X,many,,\n", ("accepted", "bad_value")),
    ("x@y.mx,,3,2025-03-01,X,,,2025-02-01\n", ("accepted", "before_first")),
    ("x@y.mx,,3\n", ("failed", "too_few_columns")),
])  # fmt: skip
def test_a_row_with_a_problem_is_reported_and_the_rest_goes_on(
    importing: Importing, row: str, outcome: tuple[str, str]
) -> None:
    assert outcomes(importing(ANA + row + LUIS)) == [("accepted", ""), outcome, ("accepted", "")]

    run = ImportRun.objects.get()
    assert (run.rows, run.accepted + run.failed, run.finished_at is not None) == (3, 3, True)
    line = ImportRow.objects.get(row=2)
    assert (line.outcome, line.reason) == outcome
    assert line.words


def test_the_same_key_twice_counts_once(importing: Importing) -> None:
    lines = importing(ANA + ANA + ANA.replace("120", "7"))
    assert outcomes(lines) == [("accepted", ""), ("unchanged", "twice"), ("failed", "twice")]


def test_a_row_finds_the_person_whom_the_site_knows_already(importing: Importing) -> None:
    importing.following.hears(ada.visits("/").submits("contact"))
    importing(f"{ada.mail},,77,2026-03-01,Ada O.,5,fair,\n")

    person = Person.objects.get(merged_into=None)
    assert (person.name, person.events) == ("Ada O.", 3)
    assert Merge.objects.count() == 1


def test_strangers_are_refused_where_the_map_says_so(importing: Importing) -> None:
    importing(ANA)
    lines = importing(ANA.replace("120", "5") + LUIS, create=False, name="deals")
    assert outcomes(lines) == [("accepted", ""), ("failed", "unknown_person")]


def test_a_deal_before_the_first_contact_in_an_earlier_file_is_accepted_and_reported(importing: Importing) -> None:
    importing(ANA)
    deal = ANA.replace("2025-03-01", "2025-01-01").replace("fair,\n", "fair,2025-01-01\n")
    assert outcomes(importing(deal, name="deals")) == [("accepted", "before_first")]


def test_rows_without_dates_keep_their_order_and_say_that_the_time_is_unknown(importing: Importing) -> None:
    order = {"order": "Size", "from": date(2020, 1, 1), "unknown": True}
    importing(ANA + LUIS.replace("-,ads", "121,ads"), at=order, facts=[])

    first, second = Person.objects.order_by("first_seen_at")
    assert (first.name, second.first_seen_at - first.first_seen_at) == ("Ana Ruiz", SECOND)
    events = importing.following.log.history([first.id, second.id])
    assert all(event.context["time"] == "unknown" for event in events if event.source == "import:crm")


def test_facts_alone_join_the_identifiers_of_a_row(importing: Importing) -> None:
    importing(LUIS, kind="facts")

    luis = Person.objects.get()
    assert (luis.mail, luis.stage, luis.name) == ("luis@sur.mx", "customer", "")


def test_a_file_without_a_column_of_the_map_is_refused(importing: Importing) -> None:
    with pytest.raises(BadMap, match="the file has no column Budget"):
        importing(ANA, attributes={"budget": "Budget"})


def test_the_command_writes_the_report_and_tells_by_its_exit_code(
    following: Following, tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: Any
) -> None:
    settings.EMBUDO = following.config
    file, plan, report = tmp_path / "f.csv", tmp_path / "map.yaml", tmp_path / "report.csv"
    file.write_text("Email\nana@norte.mx\nnobody\n")
    plan.write_text("name: tiny\nwho: {mail: Email}\n")
    given = ["people", str(file), "--map", str(plan), "--report", str(report)]

    assert command.main([*given, "--dry-run"]) == command.SOME_FAILED
    assert "1 row carries no date and so counts as of today" in capsys.readouterr().out
    assert command.main(given) == command.SOME_FAILED
    assert "2 rows: 1 accepted, 0 unchanged, 1 failed; 1 facts recorded." in capsys.readouterr().out
    assert [line.split(",")[:3] for line in report.read_text().splitlines()] == [
        ["row", "outcome", "reason"], ["2", "accepted", ""], ["3", "failed", "nobody"],
    ]  # fmt: skip
    assert Person.objects.get().mail == "ana@norte.mx"
    assert command.main(["people", str(file), "--map", "missing.yaml"]) == command.CANNOT


def test_a_figure_that_is_none_is_told_with_its_row_and_the_rest_of_the_row_is_kept(importing: Importing) -> None:
    (line,) = importing(ANA.replace(",120,", ",abc,"), attributes={"name": "Name", "company_size": "Size"})
    assert (line.outcome, line.reason, line.words) == ("accepted", "bad_value", "Size: “abc” is not a number")
    person = Person.objects.get()
    assert (person.name, person.attributes.get("company_size")) == ("Ana Ruiz", None)


def test_a_deal_counts_without_an_amount_that_is_none(importing: Importing) -> None:
    fact = {
        "kind": "opportunity_won",
        "props": {"amount": {"column": "Size", "kind": "number"}, "currency": {"value": "EURO"}},
    }
    (line,) = importing(ANA.replace(",120,", ",-120,"), facts=[fact])
    assert (line.outcome, line.reason) == ("accepted", "bad_value")
    assert "Size: “-120” is not an amount of money" in line.words
    (won,) = [
        event for event in importing.following.log.history([Person.objects.get().id]) if event.kind == "opportunity_won"
    ]
    assert won.props == {}


def test_the_command_says_what_was_left_out_and_why_nothing_could_be_read(
    following: Following, tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: Any
) -> None:
    settings.EMBUDO = following.config
    file, plan = tmp_path / "f.csv", tmp_path / "map.yaml"
    file.write_text("Email,Budget,Shoe size,Hat\nana@norte.mx,abc,39,M\n")
    plan.write_text("name: tiny\nwho: {mail: Email}\nattributes: {budget: Budget}\n")

    assert command.main(["people", str(file), "--map", str(plan)]) == 0
    out = capsys.readouterr().out
    assert "row 2: Budget: “abc” is not an amount of money" in out
    assert "The map does not mention these columns, so they were left out: Shoe size, Hat" in out

    assert command.main(["people", str(tmp_path / "gone.csv"), "--map", str(plan)]) == command.CANNOT
    assert "gone.csv cannot be used: there is no such file; nothing was imported" in capsys.readouterr().err
    assert command.main(["people", str(tmp_path), "--map", str(plan)]) == command.CANNOT
    assert "it is a folder, not a file; nothing was imported" in capsys.readouterr().err
    (tmp_path / "empty.csv").touch()
    assert command.main(["people", str(tmp_path / "empty.csv"), "--map", str(plan)]) == command.CANNOT
    assert "the file is empty: its first line names no column" in capsys.readouterr().err
    nowhere = str(tmp_path / "no" / "r.csv")
    assert command.main(["people", str(file), "--map", str(plan), "--report", nowhere]) == command.CANNOT
    assert "r.csv cannot be used: there is no such file or folder" in capsys.readouterr().err
    assert command.main(["people", str(file), "--map", str(file)]) == command.CANNOT
    error = capsys.readouterr().err
    assert "f.csv is no map" in error and "39" not in error


@pytest.mark.parametrize("rows", [1, 60_000])  # the second, in a later portion of what is looked through
def test_a_file_that_is_not_in_its_encoding_is_refused_whole_and_read_once_the_map_says_it(
    following: Following, tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: Any, rows: int
) -> None:
    settings.EMBUDO = following.config
    file, plan = tmp_path / "f.csv", tmp_path / "map.yaml"
    before = "Email,Name\n" + "ana@norte.mx,Ana Ruiz Santos\n" * rows
    file.write_bytes((before + "maria@sur.mx,María Peña\n").encode("latin-1"))
    plan.write_text("name: tiny\nwho: {mail: Email}\nattributes: {name: Name, rank: {column: Name}}\n")
    given, end = ["people", str(file), "--map", str(plan)], following.log.end()

    assert command.main(given) == command.CANNOT
    error = capsys.readouterr().err
    assert f"line {rows + 2} of f.csv is not UTF-8, so nothing was imported" in error
    assert "`file: {encoding: cp1252}`" in error
    assert following.log.end() == end
    assert not Person.objects.exists() and not ImportRun.objects.exists()
    assert not Attribute.objects.filter(pk="rank").exists()

    if rows == 1:
        for said in ("cp1252", "latin-1"):
            plan.write_text(
                f"name: tiny\nfile: {{encoding: {said}}}\nwho: {{mail: Email}}\nattributes: {{name: Name}}\n"
            )
            assert command.main(given) == 0
            assert sorted(Person.objects.values_list("name", flat=True)) == ["Ana Ruiz Santos", "María Peña"]


def test_a_utf_8_file_is_read_with_and_without_its_mark_and_any_other_encoding_by_its_name(
    following: Following, tmp_path: Path
) -> None:
    file = tmp_path / "f.csv"
    for written, said in (("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("utf-16", "utf-16")):
        file.write_bytes("Email,Name\nmaria@sur.mx,María Peña\n".encode(written))
        document = {"name": said, "file": {"encoding": said}, "who": {"mail": "Email"}, "attributes": {"name": "Name"}}
        work = Import(following.log, parse(document), "people", dry_run=True)
        assert [line.outcome for some in work.run(file) for line in some] == ["accepted"]
    file.write_text("Email,Name\nana@norte.mx,Ana\n")
    document["file"] = {"encoding": "utf-16"}
    with pytest.raises(BadFile, match=r"line 1 of f\.csv is not UTF-16"):
        list(Import(following.log, parse(document), "people").run(file))


def test_an_old_file_brings_nobody_back_who_was_erased_and_a_newer_row_does(importing: Importing) -> None:
    importing(ANA + LUIS)
    ana = Person.objects.get(mail="ana@norte.mx")
    erase(ana.id, by="Luis", why="asked to", log=importing.following.log)
    importing.following.follower.forget()
    importing.following.follower.catch_up()

    assert outcomes(importing(ANA)) == [("failed", "erased")]
    changed = ANA.replace("Ana Ruiz", "Ana Núñez")
    assert outcomes(importing(changed)) == [("failed", "erased")]
    assert outcomes(importing(changed, at=None)) == [("failed", "erased")]
    assert not Person.objects.filter(mail="ana@norte.mx").exists()

    later = changed.replace("2025-03-01", date.today().isoformat())
    assert outcomes(importing(later)) == [("failed", "erased")]  # the day began before the erasure
    assert Person.objects.filter(mail="luis@sur.mx").exists()


def test_a_stage_that_there_is_not_fails_its_row(importing: Importing) -> None:
    facts = [{"kind": "stage_set", "when": "Source", "props": {"stage": "Source"}}]
    (line,) = importing(ANA, facts=facts)
    assert (line.outcome, str(line.reason)) == ("failed", "unknown_stage")
    assert "“fair” is no stage" in line.words


def test_a_failed_row_names_nobody_and_its_words_go_with_whom_it_was_about(importing: Importing) -> None:
    importing(ANA + LUIS)
    ahead = ANA.replace("2025-03-01", "2999-01-01")
    assert outcomes(importing(ahead + LUIS)) == [("failed", "future"), ("unchanged", "")]
    stranger = "zoe@sur.mx,12,7,2025-03-01,Zoe,,,\n"
    assert outcomes(importing(stranger + "ana norte.mx,,,2025-03-01,Ana,,,\n", create=False, name="deals")) == [
        ("failed", "unknown_person"), ("failed", "nobody"),
    ]  # fmt: skip
    told = " ".join(ImportRow.objects.values_list("words", flat=True))
    assert "Email" in told and "zoe@" not in told and "norte.mx" not in told and "“12”" not in told

    ana = Person.objects.get(mail="ana@norte.mx")
    about = ImportRow.objects.get(reason="future").person
    assert ImportRow.objects.get(reason="future").said is not None
    assert Identifier.objects.get(subject=about).person_id == ana.id
    assert ImportRow.objects.get(reason="unknown_person").person is not None
    erase(ana.id, by="Luis", why="asked to", log=importing.following.log)
    importing.following.follower.forget()
    importing.following.follower.catch_up()
    row = ImportRow.objects.get(reason="future")
    assert (row.words, row.said, row.person) == ("", None, None)


def test_the_report_of_the_command_holds_no_formula(following: Following, tmp_path: Path, settings: Any) -> None:
    settings.EMBUDO = following.config
    file, plan, report = tmp_path / "f.csv", tmp_path / "map.yaml", tmp_path / "report.csv"
    file.write_text("Email,=1+1\nana@norte.mx,x\n")
    plan.write_text("name: tiny\nwho: {mail: Email}\nattributes: {budget: '=1+1'}\n")
    command.main(["people", str(file), "--map", str(plan), "--report", str(report)])
    (_head, row) = list(csv.reader(report.open(encoding="utf-8")))
    assert row[2] == "bad_value" and row[3].startswith("'=1+1: ")


# -- what exists keeps its kind ------------------------------------------------------------------------------
