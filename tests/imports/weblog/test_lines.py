import gzip
import itertools
from pathlib import Path

import pytest

from embudo.imports.weblog.line import BadLine, Hit
from embudo.imports.weblog.lines import LONGEST, Nothing, is_access_log, read
from tests.imports.weblog.conftest import line

GOOD = f"{line('/')}\n".encode()


def of(path: Path, content: bytes) -> list[tuple[int, str]]:
    """Number and kind of everything that is read of a file."""
    path.write_bytes(content)
    return [(n, each.value if isinstance(each, Nothing) else type(each).__name__) for n, each in read(path)]


def test_lines_are_numbered_whatever_ends_them(tmp_path: Path) -> None:
    content = GOOD + b"\n" + GOOD.replace(b"\n", b"\r\n") + b"x\n" + GOOD.rstrip()
    found = [(1, "Hit"), (2, "blank"), (3, "Hit"), (4, "BadLine"), (5, "Hit")]
    assert of(tmp_path / "a", content) == found
    assert of(tmp_path / "b", gzip.compress(content)) == found


def test_a_line_that_is_too_long_is_one_damaged_line(tmp_path: Path) -> None:
    found = of(tmp_path / "a", b"x" * (3 * LONGEST) + b"\n" + GOOD)
    assert found == [(1, "BadLine"), (1, "blank"), (1, "blank"), (1, "blank"), (2, "Hit")]


def test_a_compressed_file_that_breaks_off_says_so_at_its_end(tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(f"{line(f'/{n}')}\n".encode() for n in range(3000)))
    found = of(tmp_path / "a", whole[:-500])
    assert found[-1][1] == "broken"
    assert found[0] == (1, "Hit")


@pytest.mark.parametrize("unit", [b"\n", b"\0", b"x"])
def test_a_small_file_that_unpacks_to_very_much_is_looked_at_in_little_steps(tmp_path: Path, unit: bytes) -> None:
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb") as file:
        for _ in range(30):
            file.write(unit * 10_000_000)
    assert path.stat().st_size < 1_000_000
    assert not is_access_log(path)
    some = list(itertools.islice(read(path), 1000))
    assert len(some) == 1000
    assert not any(isinstance(found, Hit) for _number, found in some)


def test_an_access_log_is_known_by_any_of_its_first_lines(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"# a note\n" + GOOD)
    assert is_access_log(path)
    path.write_bytes(gzip.compress(GOOD)[:-4])
    assert is_access_log(path), "what is there of it is one"
    path.write_bytes(b"name,mail\n")
    assert not is_access_log(path)
    assert isinstance(next(read(path))[1], BadLine)
