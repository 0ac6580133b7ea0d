"""What is wrong in one line of a file stays in that line."""

from pathlib import Path

import pytest

from embudo.imports.reading import MOST_FOOTER, MOST_LINES, Reading, rows_of


def read(tmp_path: Path, text: str) -> list[list[str]]:
    file = tmp_path / "file.csv"
    file.write_text(text)
    return list(rows_of(file, Reading()))


@pytest.mark.parametrize("after", [5, 3 * MOST_LINES])
def test_a_quotation_mark_nobody_closes_spoils_one_row(tmp_path: Path, after: int) -> None:
    rest = "".join(f"{number},b{number}\n" for number in range(after))
    headers, good, bad, *others = read(tmp_path, f'a,b\n1,2\n"Bad,3\n{rest}')
    assert (headers, good) == (["a", "b"], ["1", "2"])
    assert len(bad) == 1
    assert others == [[str(number), f"b{number}"] for number in range(after)]


def test_a_quotation_mark_inside_a_cell_is_a_character(tmp_path: Path) -> None:
    assert read(tmp_path, 'a,b\n5" pipe,2\n6" pipe,3\n') == [["a", "b"], ['5" pipe', "2"], ['6" pipe', "3"]]


def test_a_cell_holds_line_breaks_and_a_long_text(tmp_path: Path) -> None:
    long = "x" * 200_000
    rows = read(tmp_path, f'a,b\n"one\ntwo ""three""",{long}\n4,5\n')
    assert rows == [["a", "b"], ['one\ntwo "three"', long], ["4", "5"]]


def test_a_cell_beyond_all_bounds_spoils_its_row_and_no_other(tmp_path: Path) -> None:
    rows = read(tmp_path, f"a,b\n1,{'y' * 3_000_000}\n4,5\n")
    assert rows[-1] == ["4", "5"] and len(rows) == 3


def test_nothing_is_read_from_an_empty_file(tmp_path: Path) -> None:
    assert read(tmp_path, "") == [[]]


def test_a_row_of_one_cell_behind_an_empty_line_is_data_and_a_footer_is_told(tmp_path: Path) -> None:
    file = tmp_path / "file.csv"
    footer: list[list[str]] = []
    file.write_text("email;name;city\na@b.mx;A;Lima\n;;\nc@d.mx;;\ne@f.mx;;\n\nCopyright 2026\nMade by Ana\n\n")
    rows = list(rows_of(file, Reading(delimiter=";"), footer=footer))
    assert [row[0] for row in rows] == ["email", "a@b.mx", "c@d.mx", "e@f.mx"]
    assert footer == [["Copyright 2026"], ["Made by Ana"]]


def test_many_lines_of_one_cell_are_no_footer(tmp_path: Path) -> None:
    file = tmp_path / "file.csv"
    footer: list[list[str]] = []
    file.write_text("a,b,c\n1,2,3\n\n" + "".join(f"{number}\n" for number in range(MOST_FOOTER + 5)))
    rows = list(rows_of(file, Reading(), footer=footer))
    assert (len(rows) - 2, footer) == (MOST_FOOTER + 5, [])


def test_a_record_that_held_a_nul_says_so(tmp_path: Path) -> None:
    rows = read(tmp_path, 'a,b\n1,"Na\0me\nmore"\n2,Ana\n')
    assert rows[1:] == [["1", "Name\nmore"], ["2", "Ana"]]
    assert [getattr(row, "cleaned", False) for row in rows] == [False, True, False]
