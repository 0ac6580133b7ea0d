"""What is wrong in one line of a file stays in that line."""

from pathlib import Path

import pytest

from embudo.imports.reading import MOST_LINES, Reading, rows_of


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
