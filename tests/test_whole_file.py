"""A file is found whole or not at all."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from embudo import whole_file


def test_of_many_who_make_a_file_one_wins_with_all_of_its_text(tmp_path: Path) -> None:
    file, texts = tmp_path / "key", [str(number) * 1000 for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda text: whole_file.make(file, text), texts))
    assert sum(made) == 1
    assert file.read_text() == texts[made.index(True)]
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_is_replaced_when_the_block_ends_well_and_else_stays(tmp_path: Path) -> None:
    file = tmp_path / "sites.json"
    file.write_text("old")
    with pytest.raises(ZeroDivisionError), whole_file.replaced(file) as out:
        out.write(b"half")
        raise ZeroDivisionError
    assert file.read_text() == "old"
    with whole_file.replaced(file) as out:
        out.write(b"new")
        assert file.read_text() == "old"
    assert file.read_text() == "new"
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]
