from pathlib import Path
from typing import Any

import pytest

from embudo.imports import command
from embudo.imports.mapping import BadMap
from embudo.leads.models import Attribute, Identifier, ImportRun, Person
from tests.imports.importing import ANA, LUIS, Importing, outcomes
from tests.imports.test_hostile import book
from tests.leads.conftest import Following


def test_an_attribute_that_is_there_keeps_its_kind_whatever_comes_in(importing: Importing) -> None:
    Attribute.objects.create(name="renewal", kind="date")
    rows = ANA.replace("Ana Ruiz", "Hermanos; Paz").replace(",120,", ',"1,200",')
    (line,) = importing(rows, attributes={"company": "Name", "company_size": "Size", "renewal": "Created"})
    assert (line.outcome, line.reason) == ("accepted", "")
    known = Person.objects.get().attributes
    assert (known["company"], known["company_size"], known["renewal"]) == ("Hermanos; Paz", 1200, "2025-03-01")


@pytest.mark.parametrize(
    ("name", "cell", "words"),
    [
        ("company", {"column": "Name", "kind": "choices"}, "of kind text, and `kind` is choices"),
        ("company_size", {"column": "Size", "kind": "text"}, "of kind number, and `kind` is text"),
        ("renewal", {"column": "Created", "kind": "text"}, "of kind date, and `kind` is text"),
        ("company_size", {"column": "Size", "values": {"120": "many"}}, "the map gives it a text"),
        ("company_size", {"value": "many"}, "the map gives it a text"),
    ],
)
def test_a_map_that_says_another_kind_is_refused_before_anything_is_recorded(
    importing: Importing, name: str, cell: dict[str, Any], words: str
) -> None:
    Attribute.objects.create(name="renewal", kind="date")
    with pytest.raises(BadMap, match=f"attributes.{name}: there is an attribute of this name.*{words}"):
        importing(ANA, attributes={name: cell})
    assert not Person.objects.exists() and not ImportRun.objects.exists()


def test_kinds_with_the_same_values_are_taken_for_each_other(importing: Importing) -> None:
    cells = {"country": {"column": "Name", "kind": "text"}, "budget": {"column": "Size", "kind": "number"}}
    importing(ANA, attributes=cells)
    assert [Attribute.objects.get(pk=name).kind for name in cells] == ["choice", "money"]


@pytest.mark.parametrize("size", ["12.5", "-3", "20000000"])
def test_a_number_that_its_attribute_cannot_have_is_left_out_with_a_remark(importing: Importing, size: str) -> None:
    (line,) = importing(ANA.replace(",120,", f",{size},"))
    assert (line.outcome, line.reason) == ("accepted", "bad_value")
    assert line.words.startswith("Size: “") and "was left out. Write a" in line.words
    assert "company_size" not in Person.objects.get().attributes


# -- nothing is left out without a word ----------------------------------------------------------------------


def test_a_footer_is_told_in_the_report(importing: Importing) -> None:
    lines = importing(ANA + "\nCopyright (c) 2026\nMade by Ana\n")
    assert outcomes(lines) == [("accepted", ""), ("unchanged", "footer")]
    assert lines[1].words == "lines below the rows, left out as a footer: 2; the first: “Copyright (c) 2026”"


def test_a_row_with_nothing_but_a_mail_behind_an_empty_line_comes_in(importing: Importing) -> None:
    assert len(importing(ANA + ",,,,,,,\nd@sur.mx,,,2025-03-03,,,,\n\ne@sur.mx,,,2025-03-03,,,,\n")) == 3
    assert Identifier.objects.filter(identifier__in=["mail:d@sur.mx", "mail:e@sur.mx"]).count() == 2


def test_cells_beyond_the_last_header_are_told_where_they_hold_something(importing: Importing) -> None:
    first, second = importing(ANA.replace("\n", ",x, ,y\n") + LUIS.replace("\n", ",,\n"))
    assert (first.outcome, first.reason, second.reason) == ("accepted", "too_many_columns", "")
    assert first.words == "filled cells beyond the last header, left out: 2; “x”, “y”"


def test_a_long_text_is_cut_with_a_remark(importing: Importing) -> None:
    (line,) = importing(ANA.replace("Ana Ruiz", "A" * 10_000))
    assert (line.reason, line.words) == ("too_long", "Name: longer than 1000 letters; the rest was left out")
    assert Person.objects.get().attributes["name"] == "A" * 1000


def test_a_nul_in_a_row_is_told(importing: Importing) -> None:
    (line,) = importing(ANA.replace("Ana Ruiz", "Na\0me"))
    assert (line.outcome, line.reason, Person.objects.get().name) == ("accepted", "control", "Name")


def test_what_is_wrong_names_its_column_and_quotes_the_file(importing: Importing) -> None:
    (line,) = importing(ANA.replace("2025-03-01", "2999-03-01"))
    assert line.words == "Created: it is dated later than now"
    deal = {"kind": "opportunity_won", "props": {"amount": {"column": "Size", "kind": "money"}}}
    for text in ("999999999999999999999", "(120)"):
        (line,) = importing(ANA.replace(",120,", f",{text},"), facts=[deal], attributes={"name": "Name"})
        assert line.words == f"Size: “{text}” is not an amount of money"


@pytest.mark.parametrize("decimal", [".", ","])
def test_the_command_reads_numbers_of_a_workbook_whatever_the_decimal_sign(
    following: Following, tmp_path: Path, settings: Any, decimal: str
) -> None:
    settings.EMBUDO = following.config
    file, plan = tmp_path / "f.xlsx", tmp_path / "map.yaml"
    book(file, [["Email", "Budget"], ["ana@norte.mx", 1.234]])
    plan.write_text(f"name: tiny\ndecimal: '{decimal}'\nwho: {{mail: Email}}\nattributes: {{budget: Budget}}\n")
    assert command.main(["people", str(file), "--map", str(plan)]) == 0
    assert Person.objects.get().attributes["budget"] == 1.234
