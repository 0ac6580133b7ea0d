"""Where the real data sets are: beside the checkout, never in it. Tests that need one skip where it is absent."""

import csv
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT.parent / "shared" / "data"


def file_of(*parts: str) -> Path:
    """Return the path of a data file; the test is skipped when it is not on this machine."""
    path = FOLDER.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"the real data set is not on this machine: {path} (docs/{parts[0]}.md says where to get it)")
    return path


def rows_of(path: Path) -> list[Mapping[str, str]]:
    """Return the rows of a CSV file as the standard library reads them."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
