"""Imports need a log and tables that follow it, like the tests of leads."""

from pathlib import Path

import pytest

from tests.imports.importing import Importing
from tests.leads.conftest import Following, following, log

__all__ = ["following", "log"]


@pytest.fixture
def importing(following: Following, tmp_path: Path) -> Importing:
    return Importing(following, tmp_path)
